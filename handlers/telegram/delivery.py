"""Sends what the outbox holds, at Telegram's pace, until each message has arrived or nobody is there to read it."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar

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
AT_ONCE = 50  # letters under way: at Telegram's pace the last of them waits two seconds
SEND_SECONDS = LEASE.total_seconds() * 0.75  # then another sender may have it
CHAT_SECONDS = LEASE.total_seconds() / 6  # for a chat that is busy; then there is hardly time left to send
HELD_UP_SECONDS = LEASE.total_seconds() / 12  # without an answer for so long, a letter keeps no other from being tried
GRACE_SECONDS = 5.0  # at the end, for what is being sent: cut off in between it would arrive twice
BUG_ATTEMPTS = 3  # of a letter that cannot be presented; then it is paid back, or the chat's next ones pass it

FINAL = (*chat.REFUSED, TelegramForbiddenError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What to put into the chat; with `into`, the id of the message that becomes it, where that still can be done.
    `aloud`: it should come as a new message though, for an edit makes no sound. `told`: it was told before, and no new
    message is needed. `album`: more photos, or more files, that come together with that of the screen. `then`: what is
    told next, where this is not all. `alone`: what takes its place where Telegram refuses the album as a whole."""

    screen: Screen
    into: int | None = None
    aloud: bool = False
    told: bool = False
    thread_id: int | None = None
    album: tuple[Screen, ...] = ()
    then: News | None = None
    alone: News | None = None


@dataclass(slots=True, kw_only=True)
class Attempt:
    """How far the sending of a letter is. `begun`: loop time."""

    letter: Notification
    begun: float
    waits: bool = False
    """For its chat, whose messages others change."""
    asked: bool = False
    """Telegram, to take it."""


Present = Callable[[Notification, Translator], Awaitable[Rendered | None]]  # None: there is nothing to tell any more
Verdict = Callable[[], Awaitable[OutboxStatus]]  # writes down what became of a letter
Told = TypeVar("Told", bound=News)


def presenting(
    kind: type[Told], present: Callable[[Told, Notification, Translator], Awaitable[Rendered | None]]
) -> dict[str, Present]:
    """Who presents news of this `kind`, as the outbox holds them; unreadable ones raise."""

    async def read(letter: Notification, tr: Translator) -> Rendered | None:
        return await present(kind.load(letter.payload), letter, tr)

    return {kind.kind: read}


class Delivery:
    """`presenters`: who turns the payload of each kind of letter into a screen.

    While Telegram is away, letters go one by one: what is new at once, and every few seconds the one that has waited
    longest. The first that gets through makes all that wait due. One whose chat is busy stands in nobody's way, and one
    that gets no answer does not for long: it may be this chat alone."""

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
        async with asyncio.TaskGroup() as letters:
            try:
                await self._release(Wait.REPAIR)
                while True:
                    self.came_round = asyncio.get_running_loop().time()
                    self._wake.clear()
                    if not await self.send_due(letters):
                        await self._sleep()
            except asyncio.CancelledError:
                if self._under_way:
                    await asyncio.wait(self._under_way, timeout=GRACE_SECONDS)
                raise

    async def send_due(self, letters: asyncio.TaskGroup) -> bool:
        """Start to send what is due; whether there may be more at once."""
        room = self._room()
        claimed = await self._claim(room) if room > 0 else []
        for letter in claimed:
            attempt = Attempt(letter=letter, begun=self._now())
            task = letters.create_task(self._deliver(attempt), name=f"letter-{letter.id}")
            self._under_way[task] = attempt
            task.add_done_callback(self._ended)
        return bool(claimed) and len(claimed) == room

    def _room(self) -> int:
        """How many more letters may be tried now."""
        begun = [attempt.begun for attempt in self._under_way.values() if not attempt.waits]
        if not self._reach.away:
            return AT_ONCE - len(begun)
        return 1 - sum(self._now() - each < HELD_UP_SECONDS for each in begun)

    async def _claim(self, room: int) -> list[Notification]:
        in_hand = [attempt.letter.id for attempt in self._under_way.values()]
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
        self._wake.set()  # there is room, and the chat's next letter may have waited for this one

    async def _deliver(self, attempt: Attempt) -> None:
        letter = attempt.letter
        try:
            async with asyncio.timeout(SEND_SECONDS):
                verdict = await self._try(attempt)
        except TimeoutError:
            verdict = self._late(attempt)
        try:
            async with asyncio.timeout(LEASE.total_seconds() - SEND_SECONDS):
                await self._record(letter, verdict)
        except TimeoutError:  # its lease runs out and it is sent again
            log.error("letter_not_settled", letter_id=letter.id, kind=letter.kind)

    async def _record(self, letter: Notification, verdict: Verdict) -> None:
        """What was sent and not written down would be sent again: it is worth some patience."""
        while True:
            try:
                outcome = await verdict()
                if outcome is not OutboxStatus.PENDING:
                    self.outcomes.labels(outcome=outcome.value).inc()
                return
            except DatabaseUnavailable as error:
                log.warning("letter_waits_for_database", letter_id=letter.id, error=str(error))
                await asyncio.sleep(POLL_SECONDS)

    async def _try(self, attempt: Attempt) -> Verdict:
        letter = attempt.letter
        try:
            return await self._send(attempt)
        except AiogramError as error:
            return await self._refused(attempt, error)
        except ChatBusy:
            log.info("letter_waits_for_chat", letter_id=letter.id, kind=letter.kind)
            return partial(self._outbox.retry, letter, "the chat is busy", after=OWN_PAUSE)
        except DatabaseUnavailable as error:
            return partial(self._outbox.retry, letter, str(error), after=timedelta(seconds=POLL_SECONDS))
        except Exception as error:  # a letter that cannot be presented must not stop the others
            if isinstance(error, (OSError, StoreAway, *redis_errors())):
                log.warning("letter_waits_for_part", letter_id=letter.id, kind=letter.kind, error=_words(error))
                return partial(self._outbox.retry, letter, _words(error), after=OWN_PAUSE)
            log.exception("letter_failed", letter_id=letter.id, kind=letter.kind)
            return self._unpresented(letter, _words(error))

    async def _send(self, attempt: Attempt) -> Verdict:
        letter = attempt.letter
        if letter.blocked:
            return partial(self._outbox.skip, letter, "the user has blocked the bot")
        present = self._presenters.get(letter.kind)
        if present is None:
            log.error("letter_of_unknown_kind", letter_id=letter.id, kind=letter.kind)
            return self._unpresented(letter, f"nobody presents {letter.kind}")
        await self._pace.wait(letter.recipient.chat_id)
        async with self._turn(attempt):
            parcel = await present(letter, self._catalogues[letter.recipient.language])
            if parcel is None:
                return partial(self._outbox.skip, letter, "nothing to tell")
            attempt.asked = True
            with replying_to(ReplyTarget(chat_id=letter.recipient.chat_id, thread_id=parcel.thread_id)):
                if not parcel.album:
                    await chat.in_some_form(partial(self._put, letter, parcel), parcel.screen)
                elif not await self._put_album(letter, parcel):
                    return partial(self._outbox.skip, letter, "the album was refused", then=parcel.alone)
        self._reach.got_through()
        return partial(self._sent, letter, parcel.then)

    async def _sent(self, letter: Notification, then: News | None) -> OutboxStatus:
        await self._find()
        return await self._outbox.sent(letter, then=then)

    async def _put_album(self, letter: Notification, parcel: Rendered) -> bool:
        """False where it was refused, and none of it has arrived."""
        try:
            await chat.send_together(self._bot, letter.recipient.chat_id, (parcel.screen, *parcel.album))
        except chat.REFUSED as error:
            if parcel.alone is None or chat.is_refusal_of_chat(error):
                raise
            log.warning("album_refused", letter_id=letter.id, error=error.message)
            return False
        return True

    @asynccontextmanager
    async def _turn(self, attempt: Attempt) -> AsyncGenerator[None, None]:
        """The chat's messages are this letter's. Raises `ChatBusy`."""
        chat_id = attempt.letter.recipient.chat_id
        if self.messages.is_held(chat_id):
            attempt.waits = True
            self._wake.set()  # there is room
        async with self.messages.hold(chat_id, within=CHAT_SECONDS):
            attempt.waits, attempt.begun = False, self._now()
            yield

    async def _put(self, letter: Notification, parcel: Rendered, screen: Screen) -> None:
        """After a sender that was lost it is an edit: that one may have put it there, and a new message would show it
        twice. What is known to have failed is late news, and makes its sound."""
        chat_id = letter.recipient.chat_id
        into = None if parcel.aloud and not letter.lost else parcel.into
        if into is not None and await chat.edit(self._bot, chat_id, into, screen):
            if (about := letter.about) is not None:
                await self.messages.recheck_if_in_doubt(about, chat_id, into)
            return
        if not parcel.told:
            await chat.send(self._bot, chat_id, screen)

    async def _refused(self, attempt: Attempt, error: AiogramError) -> Verdict:
        """A refusal is an answer, too: Telegram is there."""
        letter = attempt.letter
        if isinstance(error, TelegramRetryAfter):
            return partial(self._outbox.retry, letter, "429", after=timedelta(seconds=error.retry_after))
        if not isinstance(error, FINAL):
            return self._unreached(attempt, _words(error))
        self._reach.got_through()
        await self._find()
        if isinstance(error, TelegramForbiddenError):
            return partial(self._blocked, letter, error.message)
        if isinstance(error, TelegramBadRequest) and is_gone(error):
            return partial(self._outbox.skip, letter, error.message)
        return partial(self._outbox.fail, letter, error.message)

    def _late(self, attempt: Attempt) -> Verdict:
        """What Telegram was not asked says nothing of it."""
        if attempt.asked:
            return self._unreached(attempt, "not sent in time")
        log.warning("letter_not_ready", letter_id=attempt.letter.id, kind=attempt.letter.kind)
        return partial(self._outbox.retry, attempt.letter, "not ready in time")

    def _unreached(self, attempt: Attempt, reason: str) -> Verdict:
        """Where others got through meanwhile it is this letter alone that does not, and it waits by itself."""
        letter = attempt.letter
        if self._reach.others_got_through(attempt.begun):
            return partial(self._outbox.retry, letter, reason)
        if not self._reach.away:
            log.warning("telegram_away", letter_id=letter.id, error=reason)
            self._reach.lose()
        return partial(self._outbox.retry, letter, reason, wait=Wait.TELEGRAM)

    def _unpresented(self, letter: Notification, reason: str) -> Verdict:
        if letter.attempts >= BUG_ATTEMPTS:
            return partial(self._outbox.shelve, letter, reason)
        return partial(self._outbox.retry, letter, reason)

    async def _find(self) -> None:
        if self._reach.away and await self._release(Wait.TELEGRAM):
            self._reach.find()
            log.info("telegram_reached", letters="those that wait are due")
            self.wake()

    async def _blocked(self, letter: Notification, reason: str) -> OutboxStatus:
        await self._users.mark_blocked(letter.recipient.chat_id, blocked=True)
        return await self._outbox.skip(letter, reason)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
