"""Long polling. Unlike aiogram's own loop it confirms updates to Telegram only when they are handled (or have been at
it for a while), so that a crash in between repeats them, and its tasks have an owner."""

import asyncio

import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramAPIError, TelegramConflictError, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.methods import GetUpdates
from aiogram.types import Update

from bot.supervisor import Supervisor
from bot.telegram import PASSING

log = structlog.get_logger()

WAIT = 25  # seconds Telegram may keep a request open
HANDLE_SECONDS = 0.5  # how long the next request waits for the handlers of the last
FIRST_PAUSE = 1.0
MAX_PAUSE = 30.0


class Polling:
    def __init__(self, bot: Bot, dispatcher: Dispatcher, supervisor: Supervisor, allowed_updates: list[str]) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._supervisor = supervisor
        self._request = GetUpdates(timeout=WAIT, allowed_updates=allowed_updates)
        self.last_ok: float | None = None  # loop time of the last answer

    async def run(self) -> None:
        """Until cancelled."""
        pause = FIRST_PAUSE
        while True:
            try:
                timeout = WAIT + int(self._bot.session.timeout or 30)
                updates = await self._bot(self._request, request_timeout=timeout)
            except TelegramUnauthorizedError:
                raise  # the token was taken away: nothing to wait for
            except TelegramConflictError:
                log.error("telegram_conflict", hint="another process polls with this token, or a webhook is set")
                await asyncio.sleep(MAX_PAUSE / 6)
                continue
            except TelegramRetryAfter as error:
                await asyncio.sleep(error.retry_after)
                continue
            except (*PASSING, TelegramAPIError) as error:
                log.warning("telegram_unreachable", error=type(error).__name__, pause=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, MAX_PAUSE)
                continue
            pause = FIRST_PAUSE
            self.last_ok = asyncio.get_running_loop().time()
            await self._handle(updates)

    async def _handle(self, updates: list[Update]) -> None:
        if not updates:
            return
        tasks = [
            self._supervisor.spawn(self._dispatcher.feed_update(self._bot, update), name=f"update-{update.update_id}")
            for update in updates
        ]
        await asyncio.wait(tasks, timeout=HANDLE_SECONDS)
        self._request = self._request.model_copy(update={"offset": updates[-1].update_id + 1})
