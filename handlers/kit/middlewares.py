"""What every update passes on its way to a handler: once, by a known user, with errors told."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import structlog
from aiogram import BaseMiddleware, Bot
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramRetryAfter,
)
from aiogram.fsm.context import FSMContext
from aiogram.fsm.storage.base import StorageKey
from aiogram.types import CallbackQuery, Chat, ChatMemberUpdated, Message, TelegramObject, Update
from aiogram.types import User as TelegramUser

from db.errors import DatabaseUnavailable
from handlers.kit.context import Context
from handlers.telegram import sender
from handlers.telegram.client import PASSING, is_gone
from handlers.telegram.messages import Messages
from handlers.telegram.screen import Screen
from i18n.failures import BROKEN, BUSY
from i18n.translator import Catalogues, Translator
from services.container import Services
from services.coordination.base import Coordination
from services.errors import N_, ShopError
from services.users.accounts import UserDisabled, Users, UserView, Visitor

log = structlog.get_logger()

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]  # Any: aiogram's own signature

Entered = Callable[[int], Awaitable[None]]  # a Telegram id

NOT_TAKEN = N_(
    "Telegram did not take our answer, so it cannot be shown here. What you paid for and bought is kept: see /history."
)
WAITED_OUT = (TelegramRetryAfter, *PASSING)
REMEMBERED_SECONDS = 6 * 3600.0  # Telegram repeats an update within minutes; a day is the longest it keeps one


class DeduplicateUpdates(BaseMiddleware):
    """An update that Telegram delivers twice, to any process of the shop, acts once, unless the first time failed or
    its process died. Its user's turn is held meanwhile, so nobody else is at it. (What costs credits has keys of its
    own on top.)"""

    def __init__(self, coordination: Coordination) -> None:
        self._coordination = coordination
        self._under_way: set[int] = set()

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Update)
        number = event.update_id
        key = f"update:{number}"
        if number in self._under_way or await self._coordination.seen(key):
            log.info("update_repeated", update_id=number)
            return None
        self._under_way.add(number)
        try:
            result = await handler(event, data)
            await self._remember(key)
        finally:
            self._under_way.discard(number)
        return result

    async def _remember(self, key: str) -> None:
        """What was done is not undone by a memory that is away."""
        try:
            await self._coordination.remember(key, seconds=REMEMBERED_SECONDS)
        except DatabaseUnavailable as error:
            log.warning("update_not_remembered", key=key, error=str(error))


class UserMiddleware(BaseMiddleware):
    """Finds the user behind an update and gives handlers `ctx`, their `Context`. Groups and channels are left alone;
    whom the shop is closed to is let in with what comes only once, and `user.disabled` says so. `on_entered` gets their
    Telegram id, after what they asked for is answered."""

    def __init__(self, services: Services, catalogues: Catalogues, messages: Messages, on_entered: Entered) -> None:
        self._services = services
        self._users = services.users
        self._catalogues = catalogues
        self._messages = messages
        self._on_entered = on_entered

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        person: TelegramUser | None = data.get("event_from_user")
        place: Chat | None = data.get("event_chat")
        only_once: bool = data.get("only_once", False)
        if place is not None and isinstance(event, Update) and _tells_chat_alone(event, person):
            return await self._of_chat(handler, event, data, place)
        if person is None or person.is_bot or (place is not None and place.type != "private"):
            return UNHANDLED if only_once or place is None else None
        assert isinstance(event, Update)
        if event.my_chat_member is not None:
            await self._note_block(event.my_chat_member)
            return None
        visitor = Visitor(
            telegram_id=person.id,
            username=person.username,
            first_name=person.first_name[:64],
            language=self._catalogues.best(person.language_code),
            language_told=bool(person.language_code),
        )
        user = await self._users.enter(visitor)
        data["ctx"] = self._context(user, data)
        if user.disabled and not only_once:  # what they paid is theirs
            raise UserDisabled(user_id=user.id)
        try:
            return await handler(event, data)
        finally:  # the greeting comes first
            await self._on_entered(visitor.telegram_id)

    async def _of_chat(self, handler: Handler, event: Update, data: dict[str, Any], place: Chat) -> Any:
        """A private chat is its person's."""
        user = await self._users.find(place.id)
        if user is None:
            return UNHANDLED
        key = StorageKey(bot_id=data["bot"].id, chat_id=place.id, user_id=place.id)
        data["state"] = FSMContext(storage=data["fsm_storage"], key=key)
        data["ctx"] = self._context(user, data)
        return await handler(event, data)

    def _context(self, user: UserView, data: dict[str, Any]) -> Context:
        return Context(
            user=user,
            tr=self._catalogues[user.language],
            fsm=data["state"],
            bot=data["bot"],
            services=self._services,
            catalogues=self._catalogues,
            messages=self._messages,
        )

    async def _note_block(self, change: ChatMemberUpdated) -> None:
        blocked = change.new_chat_member.status in {"kicked", "left"}
        log.info("user_blocked_bot" if blocked else "user_unblocked_bot", telegram_id=change.from_user.id)
        await self._users.mark_blocked(change.from_user.id, blocked=blocked)


class ErrorMiddleware(BaseMiddleware):
    """Whatever a handler raises becomes one clear sentence for the user, and one line in the log: a refusal of Telegram
    without a stack, a bug with it. An update that comes only once is tried again instead, so nobody is told that it
    failed. Who cannot be written to any more is marked."""

    def __init__(self, users: Users, catalogues: Catalogues) -> None:
        self._users = users
        self._catalogues = catalogues

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        try:
            return await handler(event, data)
        except Exception as error:
            if isinstance(error, WAITED_OUT) and not isinstance(error, sender.REFUSED):
                raise  # it is answered later
            if _is_nobody_there(error):
                await self._forget(data)
                return None
            if data.get("only_once") and not isinstance(error, ShopError):
                raise
            assert isinstance(event, Update)
            await self._tell(event, data, error)
        return None

    async def _tell(self, event: Update, data: dict[str, Any], error: Exception) -> None:
        aloud = isinstance(error, sender.REFUSED)  # the button may have been answered before
        try:
            await _say(data["bot"], event, _sentence(error, event, self._tr(data)), aloud=aloud)
        except (ClientDecodeError, TelegramAPIError) as refusal:  # Telegram itself is away: nobody can be told
            if _is_nobody_there(refusal):
                await self._forget(data)
                return
            log.warning("error_not_told", error=str(refusal))

    def _tr(self, data: dict[str, Any]) -> Translator:
        """The user's language; Telegram's where the user could not be found."""
        known: Context | None = data.get("ctx")
        if known is not None:
            return known.tr
        person: TelegramUser | None = data.get("event_from_user")
        return self._catalogues[self._catalogues.best(None if person is None else person.language_code)]

    async def _forget(self, data: dict[str, Any]) -> None:
        person: TelegramUser | None = data.get("event_from_user")
        if person is not None:
            log.info("user_blocked_bot", telegram_id=person.id)
            await self._users.mark_blocked(person.id, blocked=True)


def _tells_chat_alone(event: Update, person: TelegramUser | None) -> bool:
    """Telegram says in which chat a draft was stopped or Stars went back to their payer, not whose doing it was."""
    if event.stopped_message_generation is not None:
        return True
    message = event.message
    if message is None or message.refunded_payment is None or message.chat.type != "private":
        return False
    return person is None or person.is_bot


def _is_nobody_there(error: Exception) -> bool:
    """The sender has blocked the bot, or there is no such account any more."""
    return isinstance(error, TelegramForbiddenError) or (isinstance(error, TelegramBadRequest) and is_gone(error))


def _sentence(error: Exception, event: Update, tr: Translator) -> str:
    if isinstance(error, ShopError):
        log.info("refused", error=str(error), update_id=event.update_id)
        return tr.error(error)
    if isinstance(error, DatabaseUnavailable):
        log.warning("database_unavailable", error=str(error), update_id=event.update_id)
        return tr.gettext(BUSY)
    if isinstance(error, sender.REFUSED):  # it would be refused again
        refused = error.method.__api_method__
        log.warning("answer_refused", method=refused, error=error.message, update_id=event.update_id)
        return tr.gettext(NOT_TAKEN)
    if isinstance(error, TelegramAPIError):  # of the bot, or of what was asked
        method = error.method.__api_method__
        log.warning("answer_not_sent", method=method, error=type(error).__name__, update_id=event.update_id)
        return tr.gettext(BUSY)
    code = uuid4().hex[:8]
    log.error("handler_failed", code=code, update_id=event.update_id, exc_info=error)
    return tr.gettext(BROKEN, code=code)


async def _say(bot: Bot, event: Update, sentence: str, *, aloud: bool) -> None:
    """`aloud`: as a message, also to who pressed a button."""
    screen = Screen(text=Translator.escape(sentence))
    match event.event:
        case CallbackQuery() as query if aloud:
            await sender.acknowledge(query)
            await sender.send(bot, query.from_user.id, screen)
        case CallbackQuery() as query:
            await sender.acknowledge(query, sentence, alert=True)
        case Message() as message:
            await sender.send(bot, message.chat.id, screen)
