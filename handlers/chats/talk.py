"""A message to an assistant: sent once, with what must be known before the answer comes."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

import structlog
from aiogram.exceptions import AiogramError

from handlers.chats import screens
from handlers.kit.context import Context
from handlers.kit.conversation import TalkState, UnsentMessage, keep_unsent, note_sent, unsent
from handlers.kit.dialog import Event
from handlers.kit.notices import plain_screen
from handlers.telegram import sender
from handlers.telegram.reply_target import reply_target
from services.billing.ledger import InsufficientBalance
from services.chats.limits import AllowanceUsedUp, TokensUsedUp, TooManyMessages
from services.chats.next_cost import NextCost
from services.chats.orders import Accepted, AssistantResting, AssistantStopped, MessageOrder, MessageTooLong
from services.chats.service import AssistantView
from services.chats.sessions import ChatSessionView
from services.chats.voices import SentVoice
from services.errors import N_, ShopError
from services.models.offers import ModelNotOnSale
from services.notifications.message_ref import MessageRef

log = structlog.get_logger()
TOLD_SECONDS = 5.0
TOO_LONG: Final = "chat_too_long"  # in the dialog's data: when the last part of a text was sent that is refused
KEPT: Final = (InsufficientBalance, AllowanceUsedUp, TokensUsedUp, AssistantResting, AssistantStopped)
"""What passes, or is mended: the message can be sent then."""
PASTE_SECONDS: Final = 2  # between parts of a text that an app has cut
JOINED = "+"  # after the key of the message that others joined
NOBODY_YET = N_("You are not talking with anybody yet. Choose whom to ask:")
ENDED = N_("This conversation is over. Choose whom to ask:")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserMessage:
    """What a customer has said; `key` is the same however often the update comes; `sent_at`: where it was typed;
    `album`, `more`: as of an order."""

    text: str
    key: str
    sent_at: datetime | None = None
    pictures: tuple[UUID, ...] = ()
    voice: SentVoice | None = None
    replaces: UUID | None = None
    album: bool = False
    more: bool = False

    @property
    def plain(self) -> bool:
        """Only words, which others can join."""
        return not self.pictures and self.voice is None and self.replaces is None

    def unsent(self, session_id: UUID) -> UnsentMessage:
        return UnsentMessage(
            text=self.text,
            key=self.key,
            session_id=session_id,
            pictures=self.pictures,
            voice=self.voice,
            replaces=self.replaces,
        )


async def begin(assistant: AssistantView, ctx: Context) -> ChatSessionView:
    """A new conversation is the open one; a form under way waits."""
    session = await ctx.services.chat_sessions.start(
        user_id=ctx.user.id,
        model_slug=assistant.model_slug,
        preset_id=assistant.preset_id,
        thread_id=reply_target().thread_id,
    )
    await ctx.fsm.set_state(TalkState.talking)
    return session


async def partner_of(session: ChatSessionView | None, ctx: Context) -> AssistantView | None:
    """Whom the conversation is with, while that is sold."""
    if session is None:
        return None
    try:
        assistant = await ctx.services.chats.of_session(session.model_slug, session.preset_id)
    except ModelNotOnSale:
        return None
    return await covered(assistant, ctx)


async def covered(assistant: AssistantView, ctx: Context) -> AssistantView:
    """With what the customer's plan pays for."""
    return await ctx.services.plan_cover.of_assistant(assistant, ctx.user.id)


async def assistants_of(ctx: Context) -> list[AssistantView]:
    """Whom there is to talk with, as above."""
    return await ctx.services.plan_cover.of_assistants(await ctx.services.chats.assistants(), ctx.user.id)


async def coming_cost(session_id: UUID, ctx: Context) -> NextCost | None:
    """None while its assistant sells nothing."""
    try:
        return await ctx.services.chats.next_cost(session_id, user_id=ctx.user.id)
    except ShopError:
        return None


async def say(said: UserMessage, ctx: Context) -> None:
    """To the assistant of the open conversation. What could not be sent is kept, where another try may help."""
    session = await ctx.services.chat_sessions.active(ctx.user.id)
    if session is None:
        await show_assistants(ctx, above=ENDED)
        return
    await ctx.fsm.set_state(TalkState.talking)
    if await _is_rest_of_refused(said, ctx):
        return
    order = MessageOrder(
        user_id=ctx.user.id,
        session_id=session.id,
        text=said.text,
        pictures=said.pictures,
        voice=said.voice,
        request_key=said.key,
        place=MessageRef(chat_id=ctx.chat_id, thread_id=reply_target().thread_id),
        replaces=said.replaces,
        album=said.album,
        more=said.more,
    )
    try:
        accepted = await ctx.services.chats.send(order)
    except KEPT as error:
        if said.more:
            raise
        await _keep_refused(said, session, error, ctx)
        return
    except MessageTooLong:
        await _note_too_long(said, ctx)
        raise
    except TooManyMessages as error:
        await _keep_for_later(said, session.id, error, ctx)
        return
    await note_sent(ctx.fsm, said.key)
    await tell_accepted(accepted, ctx)


async def _is_told(what: str, ctx: Context) -> bool:
    """A long paste comes in many messages: one sentence is enough."""
    return not await ctx.services.coordination.claim(f"{what}:{ctx.user.id}", uuid4().hex, seconds=TOLD_SECONDS)


async def _keep_refused(said: UserMessage, session: ChatSessionView, error: ShopError, ctx: Context) -> None:
    """It can be sent when the customer has done something, or later. What follows at once is of the same paste."""
    kept, joined = await _keep(said, session.id, ctx, joins=await _is_told("unsent", ctx))
    if not joined:
        assistant = await partner_of(session, ctx)
        screen = screens.unsent_screen(error, kept, ctx.viewer, assistant=assistant)
        await sender.send(ctx.bot, ctx.chat_id, screen)


async def _note_too_long(said: UserMessage, ctx: Context) -> None:
    if said.sent_at is not None:
        await ctx.fsm.update_data({TOO_LONG: int(said.sent_at.timestamp())})


async def _is_rest_of_refused(said: UserMessage, ctx: Context) -> bool:
    """A long text comes in many messages: it is refused once, and none of it is answered."""
    refused = (await ctx.fsm.get_data()).get(TOO_LONG)
    if said.sent_at is None or not isinstance(refused, int):
        return False
    if not 0 <= int(said.sent_at.timestamp()) - refused <= PASTE_SECONDS:
        return False
    await _note_too_long(said, ctx)
    return True


async def _keep_for_later(said: UserMessage, session_id: UUID, error: TooManyMessages, ctx: Context) -> None:
    """What comes too fast goes as one message; that is told now and then, not each time."""
    told = await _is_told("too-many", ctx)
    kept, joined = await _keep(said, session_id, ctx, joins=True)
    if not (joined and told):
        await sender.send(ctx.bot, ctx.chat_id, screens.too_many_screen(ctx.tr.error_html(error), kept, ctx.tr))


async def _keep(said: UserMessage, session_id: UUID, ctx: Context, *, joins: bool) -> tuple[UnsentMessage, bool]:
    """What is kept now, and whether it joined what was. `joins`: words do, if they can. That has a key of its own, for
    it is more than the message that began it."""
    kept, joined = await unsent(ctx.fsm), f"{said.key}{JOINED}"
    known = next((each for each in kept if each.key in (said.key, joined)), None)
    growing = next((each for each in kept if each.grows and each.session_id == session_id), None)
    if joins and known is None and said.plain and growing is not None:
        grown = replace(growing, text=f"{growing.text}\n{said.text}")
        await keep_unsent(ctx.fsm, grown)
        return grown, True
    later = known or said.unsent(session_id)
    if said.plain:
        later = replace(later, key=later.key if known else joined, grows=True)
    await keep_unsent(ctx.fsm, later)
    return later, False


async def tell_accepted(accepted: Accepted, ctx: Context) -> None:
    if accepted.repeated:
        return
    waits = accepted.waits and not accepted.joined and not await _is_told("waits", ctx)
    if accepted.limited and await _is_told("limited", ctx) and accepted.joined:
        accepted = replace(accepted, limited=False)
    if words := screens.before_answer(accepted, ctx.tr, waits=waits):
        await sender.send(ctx.bot, ctx.chat_id, plain_screen(words))
    try:
        await ctx.bot.send_chat_action(ctx.chat_id, "typing")
    except AiogramError as error:  # a nicety; the message is on its way
        log.info("typing_not_shown", error=str(error))


async def show_assistants(ctx: Context, *, above: str | None = None) -> None:
    """Below; nobody is talked to any more."""
    if await ctx.fsm.get_state() == TalkState.talking.state:
        await ctx.fsm.set_state(None)
    screen = screens.assistants_screen(await assistants_of(ctx), ctx.viewer, open_with=None)
    if above is not None:
        screen = replace(screen, text=f"{ctx.tr.html(above)}\n\n{screen.text}")
    await sender.send(ctx.bot, ctx.chat_id, screen)


async def choose(event: Event, ctx: Context) -> None:
    """The list, for who talks with nobody."""
    assistants = await assistants_of(ctx)
    screen = screens.assistants_screen(assistants, ctx.viewer, open_with=None)
    if assistants:
        screen = replace(screen, text=f"{ctx.tr.html(NOBODY_YET)}\n\n{screen.text}")
    await ctx.respond(event, screen)
