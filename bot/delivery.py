"""Sends what the outbox holds, at Telegram's pace, until each message has arrived or nobody is there to read it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter

from bot import chat
from bot.i18n import Catalogues, Translator
from bot.locks import KeyedLocks
from bot.pace import Pace
from bot.screens import Screen
from bot.telegram import is_gone
from db.errors import DatabaseUnavailable
from services.outbox import LEASE, Letter, Outbox
from services.users import Users

log = structlog.get_logger()

POLL_SECONDS = 1.0
AT_ONCE = 50  # letters under way: at Telegram's pace the last of them waits two seconds
SEND_SECONDS = LEASE.total_seconds() * 0.75  # then another sender may have it
GRACE_SECONDS = 5.0  # at the end, for what is being sent: cut off in between it would arrive twice
BUG_ATTEMPTS = 3  # of a letter that cannot be presented; the chat's next ones wait behind it


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What to put into the chat; with `into`, the id of the message that becomes it, where that still can be done.
    `aloud`: it should come as a new message though, for an edit makes no sound."""

    screen: Screen
    into: int | None = None
    aloud: bool = False


Present = Callable[[Letter, Translator], Awaitable[Parcel | None]]  # None: there is nothing to tell any more
Verdict = Callable[[], Awaitable[None]]  # writes down what became of a letter


class Delivery:
    """`presenters`: who turns the payload of each kind of letter into a screen."""

    def __init__(
        self, bot: Bot, outbox: Outbox, users: Users, catalogues: Catalogues, presenters: dict[str, Present]
    ) -> None:
        self.messages: KeyedLocks[tuple[int, int]] = KeyedLocks()  # who turns a message into something, by chat and id
        self._bot = bot
        self._outbox = outbox
        self._users = users
        self._catalogues = catalogues
        self._presenters = presenters
        self._wake = asyncio.Event()
        self._pace = Pace(asyncio.get_running_loop().time)
        self._under_way: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as letters:
            try:
                while True:
                    self._wake.clear()
                    if not await self.send_due(letters):
                        await self._sleep()
            except asyncio.CancelledError:
                if self._under_way:
                    await asyncio.wait(self._under_way, timeout=GRACE_SECONDS)
                raise

    async def send_due(self, letters: asyncio.TaskGroup) -> bool:
        """Start to send what is due; whether there may be more at once."""
        room = AT_ONCE - len(self._under_way)
        claimed = await self._claim(room) if room else []
        for letter in claimed:
            task = letters.create_task(self._deliver(letter), name=f"letter-{letter.id}")
            self._under_way.add(task)
            task.add_done_callback(self._ended)
        return bool(claimed) and len(claimed) == room

    async def _claim(self, room: int) -> list[Letter]:
        try:
            return await self._outbox.claim(room)
        except DatabaseUnavailable as error:
            log.warning("delivery_waits_for_database", error=str(error))
            return []

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        self._wake.set()  # there is room, and the chat's next letter may have waited for this one

    async def _deliver(self, letter: Letter) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                verdict = await self._try(letter)
        except TimeoutError:
            verdict = partial(self._outbox.retry, letter, "not sent in time")
        try:
            async with asyncio.timeout(LEASE.total_seconds() - SEND_SECONDS):
                await self._record(letter, verdict)
        except TimeoutError:  # its lease runs out and it is sent again
            log.error("letter_not_settled", letter_id=letter.id, kind=letter.kind)

    async def _record(self, letter: Letter, verdict: Verdict) -> None:
        """What was sent and not written down would be sent again: it is worth some patience."""
        while True:
            try:
                await verdict()
                return
            except DatabaseUnavailable as error:
                log.warning("letter_waits_for_database", letter_id=letter.id, error=str(error))
                await asyncio.sleep(POLL_SECONDS)

    async def _try(self, letter: Letter) -> Verdict:
        try:
            return await self._send(letter)
        except AiogramError as error:
            return self._refused(letter, error)
        except DatabaseUnavailable as error:
            return partial(self._outbox.retry, letter, str(error), after=timedelta(seconds=POLL_SECONDS))
        except Exception as error:  # a letter that cannot be presented must not stop the others
            log.exception("letter_failed", letter_id=letter.id, kind=letter.kind)
            return partial(self._outbox.retry, letter, _words(error), attempts=BUG_ATTEMPTS)

    async def _send(self, letter: Letter) -> Verdict:
        if letter.blocked:
            return partial(self._outbox.skip, letter, "the user has blocked the bot")
        present = self._presenters.get(letter.kind)
        if present is None:
            return partial(self._outbox.fail, letter, f"nobody presents {letter.kind}")
        parcel = await present(letter, self._catalogues[letter.language])
        if parcel is None:
            return partial(self._outbox.skip, letter, "nothing to tell")
        await self._pace.wait(letter.telegram_id)
        await self._put(letter, parcel)
        return partial(self._outbox.sent, letter)

    async def _put(self, letter: Letter, parcel: Parcel) -> None:
        """A repeat is an edit: the first try may have arrived as one, and a new message would show it twice."""
        chat_id = letter.telegram_id
        if parcel.into is not None and not (parcel.aloud and letter.attempts == 1):
            async with self.messages.hold((chat_id, parcel.into)):
                if await chat.edit(self._bot, chat_id, parcel.into, parcel.screen):
                    return
        await chat.send(self._bot, chat_id, parcel.screen)

    def _refused(self, letter: Letter, error: AiogramError) -> Verdict:
        if isinstance(error, TelegramRetryAfter):
            return partial(self._outbox.retry, letter, "429", after=timedelta(seconds=error.retry_after))
        if isinstance(error, TelegramForbiddenError):
            return partial(self._blocked, letter, error.message)
        if not isinstance(error, TelegramBadRequest):
            return partial(self._outbox.retry, letter, _words(error))
        if is_gone(error):
            return partial(self._outbox.skip, letter, error.message)
        log.error("letter_refused", letter_id=letter.id, kind=letter.kind, error=error.message)
        return partial(self._outbox.fail, letter, error.message)

    async def _blocked(self, letter: Letter, reason: str) -> None:
        await self._users.mark_blocked(letter.telegram_id, blocked=True)
        await self._outbox.skip(letter, reason)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
