"""/chat, /new, /stop and the buttons of a conversation."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery

from handlers.chats import screens
from handlers.chats.talk import (
    UserMessage,
    assistants_of,
    begin,
    choose,
    coming_cost,
    covered,
    partner_of,
    say,
    tell_accepted,
)
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.conversation import CHAT, CHAT_CONTINUE, CHATS, TalkState
from handlers.kit.dialog import Event, leave_question, put
from handlers.kit.filters import Pressed
from handlers.telegram import sender
from handlers.telegram.reply_target import reply_target
from i18n.chats import GO_ON
from services.billing.ledger import InsufficientBalance
from services.chats.answers import AnswerView
from services.chats.limits import AllowanceUsedUp, TokensUsedUp
from services.chats.orders import MessageOrder
from services.errors import N_
from services.models.offers import ModelResting
from services.notifications.message_ref import MessageRef

NOTHING_RUNS = N_("Nothing is being answered right now.")
NOT_RUNNING = N_("This answer has ended already.")
STOPPING = N_("Stopping…")
NOT_THE_LAST = N_("Only the last answer can be given anew.")


def router() -> Router:
    router = Router(name="chats")
    router.message.register(show_assistants, Command("chat", ignore_case=True))
    router.message.register(begin_anew, Command("new", ignore_case=True))
    router.message.register(stop, Command("stop", ignore_case=True))
    router.callback_query.register(show_assistants, Pressed(CHATS))
    router.callback_query.register(begin_with, Pressed(CHAT))
    router.callback_query.register(begin_anew, Pressed(screens.NEW))
    router.callback_query.register(resume, Pressed(CHAT_CONTINUE))
    router.callback_query.register(send_example, Pressed(screens.EXAMPLE))
    router.callback_query.register(stop, Pressed(screens.STOP))
    router.callback_query.register(answer_again, Pressed(screens.AGAIN))
    router.callback_query.register(go_on, Pressed(screens.MORE))
    return router


async def show_assistants(event: Event, *, ctx: Context, argument: str = "") -> None:
    """Whom there is to talk with; where a conversation is open, a way back to it."""
    session = await ctx.services.chat_sessions.active(ctx.user.id)
    title = None if session is None else session.title
    screen = screens.assistants_screen(await assistants_of(ctx), ctx.viewer, open_with=title)
    await ctx.respond(event, screen)


async def begin_with(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    assistant = await covered(await ctx.services.chats.assistant(argument), ctx)
    session = await begin(assistant, ctx)
    await sender.show(query, screens.begun_screen(assistant, await coming_cost(session.id, ctx), ctx.viewer))


async def begin_anew(event: Event, *, ctx: Context, argument: str = "") -> None:
    """With whom the customer talks now; else the list."""
    assistant = await partner_of(await ctx.services.chat_sessions.active(ctx.user.id), ctx)
    if assistant is None:
        await choose(event, ctx)
        return
    await leave_question(ctx.fsm)
    session = await begin(assistant, ctx)
    await put(event, screens.begun_screen(assistant, await coming_cost(session.id, ctx), ctx.viewer))


async def resume(query: CallbackQuery, *, ctx: Context) -> None:
    """The open conversation goes on, below."""
    session = await ctx.services.chat_sessions.active(ctx.user.id)
    assistant = await partner_of(session, ctx)
    if session is None or assistant is None:
        await choose(query, ctx)
        return
    await ctx.fsm.set_state(TalkState.talking)
    await sender.acknowledge(query)
    coming = await coming_cost(session.id, ctx)
    await sender.send(ctx.bot, ctx.chat_id, screens.resumed_screen(assistant, session.title, coming, ctx.viewer))


async def send_example(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: `<slug>:<number>`. It is said as if it had been typed, in a conversation with that assistant."""
    slug, _, number = argument.partition(":")
    assistant = await ctx.services.chats.assistant(slug)
    place = buttons.parse_number(number, most=len(assistant.examples) - 1)
    if place is None:
        await sender.acknowledge(query)
        return
    text = ctx.tr.pick(assistant.examples[place])
    session = await ctx.services.chat_sessions.active(ctx.user.id)
    if session is None or (session.model_slug, session.preset_id) != (assistant.model_slug, assistant.preset_id):
        await begin(assistant, ctx)
    await sender.acknowledge(query)
    await sender.send(ctx.bot, ctx.chat_id, screens.said_screen(text, ctx.tr))
    await say(UserMessage(text=text, key=f"example:{query.id}"), ctx)


async def stop(event: Event, *, ctx: Context, argument: str = "") -> None:
    """Whatever the customer waits for, or, by its button, one answer; what has come stays."""
    if isinstance(event, CallbackQuery):
        answer_id = buttons.parse_id(argument)
        stopped = answer_id is not None and await ctx.services.chats.stop(user_id=ctx.user.id, answer_id=answer_id)
        await sender.acknowledge(event, ctx.tr.gettext(STOPPING if stopped else NOT_RUNNING))
    elif not await ctx.services.chats.stop(user_id=ctx.user.id):
        await put(event, screens.plain(ctx.tr.gettext(NOTHING_RUNS)))


async def answer_again(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    if (view := await _last_answer(query, argument, ctx)) is None:
        return
    order = MessageOrder(
        user_id=ctx.user.id,
        session_id=view.session_id,
        text="",
        request_key=f"again:{view.id.hex}",
        place=MessageRef(chat_id=ctx.chat_id, thread_id=reply_target().thread_id),
    )
    try:
        accepted = await ctx.services.chats.again(view.id, order)
    except (InsufficientBalance, AllowanceUsedUp, TokensUsedUp, ModelResting) as error:
        await sender.acknowledge(query)
        await sender.send(ctx.bot, ctx.chat_id, screens.refused_screen(error, ctx.viewer))
        return
    await sender.acknowledge(query)
    if query.message is not None:
        await sender.strip_buttons(ctx.bot, ctx.chat_id, query.message.message_id)
    await ctx.services.chat_sessions.resume(view.session_id, user_id=ctx.user.id)
    await ctx.fsm.set_state(TalkState.talking)
    await tell_accepted(accepted, ctx)


async def go_on(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """An answer that ended before its time is continued by a message that asks for it."""
    if (view := await _last_answer(query, argument, ctx)) is None:
        return
    await ctx.services.chat_sessions.resume(view.session_id, user_id=ctx.user.id)
    await sender.acknowledge(query)
    if query.message is not None:
        await sender.strip_buttons(ctx.bot, ctx.chat_id, query.message.message_id)
    await say(UserMessage(text=ctx.tr.gettext(GO_ON), key=f"more:{view.id.hex}"), ctx)


async def _last_answer(query: CallbackQuery, argument: str, ctx: Context) -> AnswerView | None:
    """The answer of the button; where something was said after it, that is told, there is none, and the buttons go."""
    if (answer_id := buttons.parse_id(argument)) is None:
        await sender.acknowledge(query)
        return None
    view = await ctx.services.chats.answer(answer_id, user_id=ctx.user.id)
    if not view.latest:
        await sender.acknowledge(query, ctx.tr.gettext(NOT_THE_LAST), alert=True)
        if query.message is not None:
            await sender.strip_buttons(ctx.bot, ctx.chat_id, query.message.message_id)
        return None
    return view
