"""Long polling. Unlike aiogram's own loop it confirms updates to Telegram only when they are handled (or have been at
it for a while), so that a crash in between repeats them, reads each by itself, and its tasks have an owner."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates, TelegramMethod

from bot.supervisor import Supervisor
from handlers.telegram.client import AnswerNotUnderstood
from handlers.telegram.inbox import Inbox, UpdateOutcome, comes_only_once, id_of

log = structlog.get_logger()

WAIT = 25  # seconds Telegram may keep a request open
LIMIT = 100  # updates in an answer, and so how many can be seen behind one that is not confirmed
HANDLE_SECONDS = 0.5  # how long the next request waits for the handlers of the last
HOLD_SECONDS = 1.0  # between requests while an update may not be confirmed
TRIES = 5  # of an update whose handler has a bug, if it stands in the way
FIRST_PAUSE = 1.0
MAX_PAUSE = 30.0

SILENCE_SECONDS = 90.0  # without an answer from Telegram before the bot counts as cut off
CONFLICT_SECONDS = 60.0

CONFLICT: Final = "another process takes this bot's updates, or a webhook is set"
SILENT: Final = "no answer from Telegram"
GARBLED: Final = "what answers in Telegram's place is not Telegram"


class RawUpdates(TelegramMethod[list[Any]]):
    """getUpdates as JSON: one that the types refuse does not take the others with it."""

    __returning__ = list[Any]
    __api_method__ = GetUpdates.__api_method__

    offset: int | None = None
    limit: int = LIMIT
    timeout: int = WAIT
    allowed_updates: list[str]


@dataclass(slots=True)
class Work:
    """The handling of an update that is not confirmed yet. One that `must_end_well` and did not is begun again from
    `again_at` on (loop time)."""

    number: int | None
    must_end_well: bool
    task: asyncio.Task[UpdateOutcome]
    again_at: float
    tries: int

    @property
    def outcome(self) -> UpdateOutcome | None:
        """None while it is at it."""
        if not self.task.done():
            return None
        return UpdateOutcome.FAILED if self.task.cancelled() or self.task.exception() else self.task.result()

    @property
    def is_due(self) -> bool:
        """Whether it is time to begin it again."""
        failed = self.outcome in {UpdateOutcome.LATER, UpdateOutcome.FAILED}
        return self.must_end_well and failed and _now() >= self.again_at


class Polling:
    def __init__(self, bot: Bot, inbox: Inbox, supervisor: Supervisor, allowed_updates: list[str]) -> None:
        self._bot = bot
        self._inbox = inbox
        self._supervisor = supervisor
        self._request = RawUpdates(allowed_updates=allowed_updates)
        self._work: dict[int | str, Work] = {}  # of what will be seen again, by the update's id
        self.last_ok: float | None = None  # loop time of the last answer
        self._conflict_at: float | None = None
        self.trouble = SILENT  # what is wrong where there is none

    @property
    def state(self) -> str | None:
        """What is wrong, if anything is. Two who poll are answered by turns: a conflict counts for a while."""
        now = _now()
        if self._conflict_at is not None and now - self._conflict_at < CONFLICT_SECONDS:
            return CONFLICT
        return None if self.last_ok is not None and now - self.last_ok < SILENCE_SECONDS else self.trouble

    async def run(self) -> None:
        """Until cancelled."""
        pause = FIRST_PAUSE
        timeout = WAIT + int(self._bot.session.timeout or 30)
        while True:
            try:
                batch = await self._bot(self._request, request_timeout=timeout)
            except (TelegramUnauthorizedError, TelegramForbiddenError, TelegramNotFound):
                raise  # the token was taken away: nothing to wait for
            except TelegramConflictError as error:
                self._conflict_at = _now()
                log.error("telegram_conflict", hint=CONFLICT, error=error.message)
                await asyncio.sleep(MAX_PAUSE / 6)
            except TelegramRetryAfter as error:
                await asyncio.sleep(error.retry_after)
            except (ClientDecodeError, TelegramAPIError) as error:
                self._note(error, pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, MAX_PAUSE)
            else:
                pause = FIRST_PAUSE
                self.last_ok, self.trouble = _now(), SILENT
                await self._handle(batch)

    def _note(self, error: Exception, pause: float) -> None:
        garbled = isinstance(error, ClientDecodeError | AnswerNotUnderstood)
        self.trouble = GARBLED if garbled else SILENT
        event = "telegram_not_understood" if garbled else "telegram_unreachable"
        log.warning(event, error=type(error).__name__, pause=pause)

    async def _handle(self, batch: list[Any]) -> None:  # Any: JSON
        if not batch:
            return
        self._work = {_key(raw): self._begun(raw) for raw in batch}
        await asyncio.wait([work.task for work in self._work.values()], timeout=HANDLE_SECONDS)
        held = [work for work in self._work.values() if self._holds(work, len(batch))]
        end = self._end(batch)
        if end is not None:
            offset = min([end, *(work.number for work in held if work.number is not None)])
            self._request = self._request.model_copy(update={"offset": offset})
        if held or end is None:
            await _linger(held)
        else:
            self._work.clear()  # all is confirmed: what comes again, comes anew

    def _begun(self, raw: Any) -> Work:  # Any: JSON
        """Its handling: a new one for an update that is new, or must end well and did not a while ago."""
        known = self._work.get(_key(raw))
        if known is not None and not known.is_due:
            return known
        tries = 1 if known is None else known.tries + 1
        number = id_of(raw)
        return Work(
            number=number,
            must_end_well=comes_only_once(raw),
            task=self._supervisor.spawn(self._inbox.take(raw), name=f"update-{number}"),
            again_at=_now() + min(FIRST_PAUSE * 2.0 ** min(tries - 1, 8), MAX_PAUSE),
            tries=tries,
        )

    def _holds(self, work: Work, seen: int) -> bool:
        """Whether it may not be confirmed yet. A bug gives way where nobody else could be seen behind it."""
        if not work.must_end_well or work.outcome is UpdateOutcome.DONE:
            return False
        if work.outcome is UpdateOutcome.FAILED and work.tries >= TRIES and seen >= LIMIT:
            log.error("update_given_up", update_id=work.number, tries=work.tries)
            return False
        return True

    def _end(self, batch: list[Any]) -> int | None:  # Any: JSON
        """The offset past the whole batch. An update without a number has the one after its neighbour's."""
        end = self._request.offset
        for raw in batch:
            number = id_of(raw)
            end = number + 1 if number is not None else end and end + 1
        return end


async def _linger(held: Collection[Work]) -> None:
    """Telegram would give what is not confirmed again at once: until some of it is done, or a moment passed."""
    under_way = [work.task for work in held if work.outcome is None]
    if under_way:
        await asyncio.wait(under_way, timeout=HOLD_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    else:
        await asyncio.sleep(HOLD_SECONDS)


def _key(raw: Any) -> int | str:  # Any: JSON
    number = id_of(raw)
    return repr(raw) if number is None else number


def _now() -> float:
    return asyncio.get_running_loop().time()
