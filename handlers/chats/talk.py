"""A message to an assistant: sent once, with what must be known before the answer comes."""

from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import structlog
from aiogram.exceptions import AiogramError

from handlers.chats import screens
from handlers.kit.context import Context
from handlers.kit.conversation import UNSENT, TalkState, keep_unsent, unsent
from handlers.kit.notices import plain_screen
from handlers.telegram import sender
from handlers.telegram.reply_target import reply_target
from services.billing.ledger import InsufficientBalance
from services.chats.limits import AllowanceUsedUp, TooManyMessages
from services.chats.orders import Accepted, MessageOrder, MessageTooLong
from services.chats.service import AssistantView
from services.chats.sessions import ChatSessionView
from services.errors import N_
from services.notifications.message_ref import MessageRef

log = structlog.get_logger()
TOLD_SECONDS = 5.0
ENDED = N_("This conversation is over. Choose whom to ask:")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMessage:
    """What a customer has said; `key` is the same however often the update comes."""

    text: str
    key: str
    pictures: tuple[UUID, ...] = ()
    replaces: UUID | None = None


async def begin(assistant: AssistantView, ctx: Context) -> ChatSessionView:
    """A new conversation is the open one; a form under way waits."""
    session = await ctx.services.chat_sessions.start(
        user_id=ctx.user.id,
        model_slug=assistant.model_slug,
        preset_id=assistant.preset_id,
        thread_id=reply_target().thread_id,
    )
    await ctx.fsm.set_state(TalkState.talking)
    await ctx.fsm.update_data({UNSENT: None})
    return session


async def say(said: UserMessage, ctx: Context) -> None:
    """To the assistant of the open conversation. What could not be sent is kept, where another try may help."""
    session = await ctx.services.chat_sessions.active(ctx.user.id)
    if session is None:
        await show_assistants(ctx, above=ENDED)
        return
    await ctx.fsm.set_state(TalkState.talking)
    order = MessageOrder(
        user_id=ctx.user.id,
        session_id=session.id,
        text=said.text,
        pictures=said.pictures,
        request_key=said.key,
        place=MessageRef(chat_id=ctx.chat_id, thread_id=reply_target().thread_id),
        replaces=said.replaces,
    )
    try:
        accepted = await ctx.services.chats.send(order)
    except (InsufficientBalance, AllowanceUsedUp) as error:
        await keep_unsent(ctx.fsm, said.text, f"{said.key}+", said.pictures)
        await sender.send(ctx.bot, ctx.chat_id, screens.unsent_screen(ctx.tr.error_html(error), ctx.viewer))
        return
    except MessageTooLong:
        if await _is_told(ctx):
            return
        raise
    except TooManyMessages as error:
        if said.pictures or said.replaces is not None:  # only text is kept
            raise
        await _keep_for_later(said, error, ctx)
        return
    await ctx.fsm.update_data({UNSENT: None})
    await tell_accepted(accepted, ctx)


async def _is_told(ctx: Context) -> bool:
    """A long paste comes in many messages: one sentence is enough."""
    key, owner = f"too-long:{ctx.user.id}", uuid4().hex
    return not await ctx.services.coordination.claim(key, owner, seconds=TOLD_SECONDS)


async def _keep_for_later(said: UserMessage, error: TooManyMessages, ctx: Context) -> None:
    """One sentence for all that comes too fast: what follows joins what is kept."""
    kept = await unsent(ctx.fsm)
    if kept is not None and kept[1] != said.key:
        text, key, pictures = kept
        await keep_unsent(ctx.fsm, f"{text}\n{said.text}", key, pictures)
        return
    await keep_unsent(ctx.fsm, said.text, f"{said.key}+" if kept is None else said.key)
    await sender.send(ctx.bot, ctx.chat_id, screens.too_many_screen(ctx.tr.error_html(error), ctx.tr))


async def tell_accepted(accepted: Accepted, ctx: Context) -> None:
    if accepted.repeated:
        return
    if words := screens.before_answer(accepted, ctx.tr):
        await sender.send(ctx.bot, ctx.chat_id, plain_screen(words))
    try:
        await ctx.bot.send_chat_action(ctx.chat_id, "typing")
    except AiogramError as error:  # a nicety; the message is on its way
        log.info("typing_not_shown", error=str(error))


async def show_assistants(ctx: Context, *, above: str | None = None) -> None:
    """Below; nobody is talked to any more."""
    if await ctx.fsm.get_state() == TalkState.talking.state:
        await ctx.fsm.set_state(None)
    screen = screens.assistants_screen(await ctx.services.chats.assistants(), ctx.viewer, open_with=None)
    if above is not None:
        screen = replace(screen, text=f"{ctx.tr.html(above)}\n\n{screen.text}")
    await sender.send(ctx.bot, ctx.chat_id, screen)
