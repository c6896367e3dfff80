"""/sessions: conversations to go on with, name, take along and delete."""

from aiogram import Router
from aiogram.filters import Command, StateFilter
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, Message

from handlers.chats import session_screens as view
from handlers.chats.screens import SESSIONS, resumed_screen
from handlers.chats.talk import coming_cost, covered, partner_of
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.conversation import TalkState, forget_unsent
from handlers.kit.dialog import ChatQuestion, Event, leave_question, pause, put
from handlers.kit.filters import Pressed
from handlers.telegram import sender
from handlers.telegram.screen import Document, Screen
from i18n.chats import export_words
from i18n.titles import title_of
from services.chats.export import ExportWords
from services.chats.sessions import BadTitle, ChatSessionNotFound, ChatSessionView
from services.errors import N_
from services.models.offers import ModelNotOnSale

ASKED = "chat_renamed"  # hex id of the conversation whose name is asked for


class ChatSessionQuestion(ChatQuestion):
    left = N_("The question is left; the conversation keeps its name.")
    title = State("title", "ChatSessionQuestion")


def router() -> Router:
    router = Router(name="chat_sessions")
    router.message.register(show_sessions, Command("sessions", ignore_case=True))
    router.callback_query.register(show_sessions, Pressed(SESSIONS))
    router.callback_query.register(show_session, Pressed(view.OPEN))
    router.callback_query.register(go_on, Pressed(view.GO_ON))
    router.callback_query.register(ask_title, Pressed(view.RENAME))
    router.callback_query.register(export, Pressed(view.EXPORT))
    router.callback_query.register(ask_whether, Pressed(view.DELETE))
    router.callback_query.register(delete, Pressed(view.DELETE_SURE))
    return router


def answers_router() -> Router:
    router = Router(name="chat_session_answers")
    router.message.register(take_title, StateFilter(ChatSessionQuestion))
    return router


async def show_sessions(event: Event, *, ctx: Context, argument: str = "") -> None:
    page = await ctx.services.chat_sessions.page(ctx.user.id, buttons.parse_page(argument))
    await ctx.respond(event, view.sessions_screen(page, ctx.tr))


async def show_session(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    await ctx.respond(query, await _screen(await _session(argument, ctx), ctx))


async def go_on(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    session = await _session(argument, ctx)
    assistant = await covered(await ctx.services.chats.of_session(session.model_slug, session.preset_id), ctx)
    session = await ctx.services.chat_sessions.resume(session.id, user_id=ctx.user.id)
    await leave_question(ctx.fsm)
    await ctx.fsm.set_state(TalkState.talking)
    await sender.show(query, resumed_screen(assistant, session.title, await coming_cost(session.id, ctx), ctx.viewer))


async def ask_title(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    session = await _session(argument, ctx)
    await ctx.fsm.set_state(ChatSessionQuestion.title)
    await ctx.fsm.update_data({ASKED: session.id.hex})
    await sender.show(query, view.title_question(session, ctx.tr))


async def take_title(message: Message, *, ctx: Context) -> None:
    asked = (await ctx.fsm.get_data()).get(ASKED)
    session = await _session(asked if isinstance(asked, str) else "", ctx)
    try:
        renamed = await ctx.services.chat_sessions.rename(session.id, message.text or "", user_id=ctx.user.id)
    except BadTitle as problem:
        await put(message, view.title_question(session, ctx.tr, problem=ctx.tr.error_html(problem)))
        return
    await pause(ctx.fsm)
    await put(message, await _screen(renamed, ctx))


async def export(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    """`argument`: `<hex id>:<md|json>`."""
    which, _, form = argument.partition(":")
    session = await _session(which, ctx)
    content = await ctx.services.chat_sessions.export(
        session.id, form, await _export_words(session, ctx), user_id=ctx.user.id
    )
    await sender.acknowledge(query)
    name = f"chat-{session.started_at:%Y-%m-%d}-{session.id.hex[:6]}.{'json' if form == 'json' else 'md'}"
    await sender.send(ctx.bot, ctx.chat_id, Screen(text="", document=Document(name=name, content=content)))


async def _export_words(session: ChatSessionView, ctx: Context) -> ExportWords:
    tr, assistant = ctx.tr, await partner_of(session, ctx)
    who = ctx.viewer.titles.of(session.model_slug) if assistant is None else title_of(assistant, tr)
    return export_words(who.text, tr)


async def ask_whether(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    await sender.show(query, view.sure_screen(await _session(argument, ctx), ctx.tr))


async def delete(query: CallbackQuery, *, ctx: Context, argument: str) -> None:
    session = await _session(argument, ctx)
    await ctx.services.chat_sessions.delete(session.id, user_id=ctx.user.id)
    await forget_unsent(ctx.fsm, session.id)
    page = await ctx.services.chat_sessions.page(ctx.user.id, 0)
    await ctx.respond(query, view.sessions_screen(page, ctx.tr))


async def _session(argument: str, ctx: Context) -> ChatSessionView:
    session_id = buttons.parse_id(argument)
    if session_id is None:
        raise ChatSessionNotFound
    return await ctx.services.chat_sessions.get(session_id, user_id=ctx.user.id)


async def _screen(session: ChatSessionView, ctx: Context) -> Screen:
    try:
        assistant = await ctx.services.chats.of_session(session.model_slug, session.preset_id)
    except ModelNotOnSale:
        return view.session_screen(session, None, ctx.viewer)
    return view.session_screen(session, assistant, ctx.viewer)
