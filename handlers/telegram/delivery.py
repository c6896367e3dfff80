"""Sends what the outbox holds, at Telegram's pace, until each message has arrived or nobody is there to read it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramRetryAfter,
)
from prometheus_client import Counter

from db.errors import DatabaseUnavailable
from db.tables.outbox import OutboxStatus, Wait
from handlers.telegram import sender as chat
from handlers.telegram.client import is_gone
from handlers.telegram.messages import ChatBusy, Messages
from handlers.telegram.pace import Pace
from handlers.telegram.reach import Reach
from handlers.telegram.reply_target import ReplyTarget, replying_to
from handlers.telegram.screen import Screen
from handlers.telegram.storage import redis_errors
from i18n.translator import Catalogues, Translator
from services.coordination.base import Coordination
from services.files.store import StoreAway
from services.notifications.claims import LEASE
from services.notifications.kinds.news import News
from services.notifications.notification import Notification
from services.notifications.sending import Outbox
from services.users.accounts import Users

log = structlog.get_logger()

POLL_SECONDS = 1.0
OWN_PAUSE = timedelta(seconds=5)  # for parts of ours that are away, and for chats that are busy
AT_ONCE = 50  # notifications under way: at Telegram's pace the last of them waits two seconds
SEND_SECONDS = LEASE.total_seconds() * 0.75  # then another sender may have it
CHAT_SECONDS = LEASE.total_seconds() / 6  # for a chat that is busy; then there is hardly time left to send
HELD_UP_SECONDS = LEASE.total_seconds() / 12  # then a notification without an answer keeps no other waiting
GRACE_SECONDS = 5.0  # at the end, for what is being sent: cut off in between it would arrive twice
BUG_ATTEMPTS = 3  # of a notification that cannot be presented; then it is paid back, or the chat's next ones pass it

FINAL = (*chat.REFUSED, TelegramForbiddenError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What to put into the chat; with `into`, the id of the message that becomes it, where that still can be done.
    `aloud`: it should come as a new message though, for an edit makes no sound. `told`: it was told before, and no new
    message is needed. `album`: more photos, or more files, that come together with that of the screen. `then`: what is
    told next, where this is not all. `alone`: what takes its place where Telegram refuses the album as a whole.
    `instead_of`: the message that goes when this one has come, which it cannot become."""

    screen: Screen
    into: int | None = None
    aloud: bool = False
    told: bool = False
    thread_id: int | None = None
    album: tuple[Screen, ...] = ()
    then: News | None = None
    alone: News | None = None
    instead_of: int | None = None


@dataclass(slots=True, kw_only=True)
class Attempt:
    """How far the sending of a notification is. `begun`: loop time."""

    notification: Notification
    begun: float
    waits: bool = False
    """For its chat, whose messages others change."""
    asked: bool = False
    """Telegram, to take it."""


Present = Callable[[Notification, Translator], Awaitable[Rendered | None]]  # None: there is nothing to tell any more
Settle = Callable[[], Awaitable[OutboxStatus]]  # writes down what became of a notification


class Delivery:
    """`presenters`: who turns the payload of each kind of notification into a screen.

    While Telegram is away, notifications go one by one: what is new at once, and every few seconds the one that has
    waited longest. The first that gets through makes all that wait due. One whose chat is busy stands in nobody's way,
    and one that gets no answer does not for long: it may be this chat alone."""

    def __init__(
        self,
        bot: Bot,
        outbox: Outbox,
        users: Users,
        catalogues: Catalogues,
        presenters: dict[str, Present],
        *,
        coordination: Coordination,
    ) -> None:
        self.came_round: float | None = None  # loop time of the latest look at what is due
        self.messages = Messages(outbox, coordination)
        self._bot = bot
        self._outbox = outbox
        self._users = users
        self._catalogues = catalogues
        self._presenters = presenters
        self._wake = asyncio.Event()
        self._pace = Pace(coordination)
        self._under_way: dict[asyncio.Task[None], Attempt] = {}
        self._now = asyncio.get_running_loop().time
        self._reach = Reach(self._now)
        self.outcomes = Counter("kassandra_letters", "Messages by what became of them", ["outcome"], registry=None)
        for status in (OutboxStatus.SENT, OutboxStatus.SKIPPED, OutboxStatus.FAILED):
            self.outcomes.labels(outcome=status.value)

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            try:
                await self._release(Wait.REPAIR)
                while True:
                    self.came_round = asyncio.get_running_loop().time()
                    self._wake.clear()
                    if not await self.send_due(tasks):
                        await self._sleep()
            except asyncio.CancelledError:
                if self._under_way:
                    await asyncio.wait(self._under_way, timeout=GRACE_SECONDS)
                raise

    async def send_due(self, tasks: asyncio.TaskGroup) -> bool:
        """Start to send what is due; whether there may be more at once."""
        room = self._room()
        claimed = await self._claim(room) if room > 0 else []
        for notification in claimed:
            attempt = Attempt(notification=notification, begun=self._now())
            task = tasks.create_task(self._deliver(attempt), name=f"notification-{notification.id}")
            self._under_way[task] = attempt
            task.add_done_callback(self._ended)
        return bool(claimed) and len(claimed) == room

    def _room(self) -> int:
        """How many more notifications may be tried now."""
        begun = [attempt.begun for attempt in self._under_way.values() if not attempt.waits]
        if not self._reach.away:
            return AT_ONCE - len(begun)
        return 1 - sum(self._now() - each < HELD_UP_SECONDS for each in begun)

    async def _claim(self, room: int) -> list[Notification]:
        in_hand = [attempt.notification.id for attempt in self._under_way.values()]
        try:
            if self._reach.takes_probe():
                return await self._outbox.probe(in_hand=in_hand)
            return await self._outbox.claim(room, in_hand=in_hand)
        except DatabaseUnavailable as error:
            log.warning("delivery_waits_for_database", error=str(error))
            return []

    async def _release(self, wait: Wait) -> bool:
        try:
            await self._outbox.release(wait)
        except DatabaseUnavailable as error:
            log.warning("delivery_waits_for_database", error=str(error))
            return False
        return True

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.pop(task, None)
        self._wake.set()  # there is room, and the chat's next notification may have waited for this one

    async def _deliver(self, attempt: Attempt) -> None:
        notification = attempt.notification
        try:
            async with asyncio.timeout(SEND_SECONDS):
                settle = await self._try(attempt)
        except TimeoutError:
            settle = self._late(attempt)
        try:
            async with asyncio.timeout(LEASE.total_seconds() - SEND_SECONDS):
                await self._record(notification, settle)
        except TimeoutError:  # its lease runs out and it is sent again
            log.error("notification_not_settled", notification_id=notification.id, kind=notification.kind)

    async def _record(self, notification: Notification, settle: Settle) -> None:
        """What was sent and not written down would be sent again: it is worth some patience."""
        while True:
            try:
                outcome = await settle()
                if outcome is not OutboxStatus.PENDING:
                    self.outcomes.labels(outcome=outcome.value).inc()
                return
            except DatabaseUnavailable as error:
                log.warning("notification_waits_for_database", notification_id=notification.id, error=str(error))
                await asyncio.sleep(POLL_SECONDS)

    async def _try(self, attempt: Attempt) -> Settle:
        notification = attempt.notification
        try:
            return await self._send(attempt)
        except AiogramError as error:
            return await self._refused(attempt, error)
        except ChatBusy:
            log.info("notification_waits_for_chat", notification_id=notification.id, kind=notification.kind)
            return partial(self._outbox.retry, notification, "the chat is busy", after=OWN_PAUSE)
        except DatabaseUnavailable as error:
            return partial(self._outbox.retry, notification, str(error), after=timedelta(seconds=POLL_SECONDS))
        except Exception as error:  # a notification that cannot be presented must not stop the others
            if isinstance(error, (OSError, StoreAway, *redis_errors())):
                log.warning(
                    "notification_waits_for_part",
                    notification_id=notification.id,
                    kind=notification.kind,
                    error=_words(error),
                )
                return partial(self._outbox.retry, notification, _words(error), after=OWN_PAUSE)
            log.exception("notification_failed", notification_id=notification.id, kind=notification.kind)
            return self._unpresented(notification, _words(error))

    async def _send(self, attempt: Attempt) -> Settle:
        notification = attempt.notification
        if notification.blocked:
            return partial(self._outbox.skip_blocked, notification, "the user has blocked the bot")
        present = self._presenters.get(notification.kind)
        if present is None:
            log.error("notification_of_unknown_kind", notification_id=notification.id, kind=notification.kind)
            return self._unpresented(notification, f"nobody presents {notification.kind}")
        await self._pace.wait(notification.recipient.chat_id)
        async with self._turn(attempt):
            rendered = await present(notification, self._catalogues[notification.recipient.language])
            if rendered is None:
                return partial(self._outbox.skip, notification, "nothing to tell")
            attempt.asked = True
            with replying_to(ReplyTarget(chat_id=notification.recipient.chat_id, thread_id=rendered.thread_id)):
                if not rendered.album:
                    await chat.in_some_form(partial(self._put, notification, rendered), rendered.screen)
                elif not await self._put_album(notification, rendered):
                    return partial(self._outbox.skip, notification, "the album was refused", then=rendered.alone)
        self._reach.got_through()
        return partial(self._sent, notification, rendered.then)

    async def _sent(self, notification: Notification, then: News | None) -> OutboxStatus:
        await self._find()
        return await self._outbox.sent(notification, then=then)

    async def _put_album(self, notification: Notification, rendered: Rendered) -> bool:
        """False where it was refused, and none of it has arrived."""
        try:
            await chat.send_together(self._bot, notification.recipient.chat_id, (rendered.screen, *rendered.album))
        except chat.REFUSED as error:
            if rendered.alone is None or chat.is_refusal_of_chat(error):
                raise
            log.warning("album_refused", notification_id=notification.id, error=error.message)
            return False
        return True

    @asynccontextmanager
    async def _turn(self, attempt: Attempt) -> AsyncGenerator[None, None]:
        """The chat's messages are this notification's. Raises `ChatBusy`."""
        chat_id = attempt.notification.recipient.chat_id
        if self.messages.is_held(chat_id):
            attempt.waits = True
            self._wake.set()  # there is room
        async with self.messages.hold(chat_id, within=CHAT_SECONDS):
            attempt.waits, attempt.begun = False, self._now()
            yield

    async def _put(self, notification: Notification, rendered: Rendered, screen: Screen) -> None:
        """After a sender that was lost it is an edit: that one may have put it there, and a new message would show it
        twice. What is known to have failed is late news, and makes its sound."""
        chat_id = notification.recipient.chat_id
        into = None if rendered.aloud and not notification.lost else rendered.into
        if into is not None and await chat.edit(self._bot, chat_id, into, screen):
            if (about := notification.about) is not None:
                await self.messages.recheck_if_in_doubt(about, chat_id, into)
            return
        if not rendered.told:
            await chat.send(self._bot, chat_id, screen)
        if rendered.instead_of is not None:
            await chat.delete(self._bot, chat_id, rendered.instead_of)

    async def _refused(self, attempt: Attempt, error: AiogramError) -> Settle:
        """A refusal is an answer, too: Telegram is there."""
        notification = attempt.notification
        if isinstance(error, TelegramRetryAfter):
            return partial(self._outbox.retry, notification, "429", after=timedelta(seconds=error.retry_after))
        if not isinstance(error, FINAL):
            return self._unreached(attempt, _words(error))
        self._reach.got_through()
        await self._find()
        if isinstance(error, TelegramForbiddenError):
            return partial(self._blocked, notification, error.message)
        if isinstance(error, TelegramBadRequest) and is_gone(error):
            return partial(self._outbox.skip, notification, error.message)
        return partial(self._outbox.fail, notification, error.message)

    def _late(self, attempt: Attempt) -> Settle:
        """What Telegram was not asked says nothing of it."""
        if attempt.asked:
            return self._unreached(attempt, "not sent in time")
        log.warning("notification_not_ready", notification_id=attempt.notification.id, kind=attempt.notification.kind)
        return partial(self._outbox.retry, attempt.notification, "not ready in time")

    def _unreached(self, attempt: Attempt, reason: str) -> Settle:
        """Where others got through meanwhile it is this notification alone that does not, and it waits by itself."""
        notification = attempt.notification
        if self._reach.others_got_through(attempt.begun):
            return partial(self._outbox.retry, notification, reason)
        if not self._reach.away:
            log.warning("telegram_away", notification_id=notification.id, error=reason)
            self._reach.lose()
        return partial(self._outbox.retry, notification, reason, wait=Wait.TELEGRAM)

    def _unpresented(self, notification: Notification, reason: str) -> Settle:
        if notification.attempts >= BUG_ATTEMPTS:
            return partial(self._outbox.shelve, notification, reason)
        return partial(self._outbox.retry, notification, reason)

    async def _find(self) -> None:
        if self._reach.away and await self._release(Wait.TELEGRAM):
            self._reach.find()
            log.info("telegram_reached", notifications="those that wait are due")
            self.wake()

    async def _blocked(self, notification: Notification, reason: str) -> OutboxStatus:
        await self._users.mark_blocked(notification.recipient.chat_id, blocked=True)
        return await self._outbox.skip_blocked(notification, reason)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
