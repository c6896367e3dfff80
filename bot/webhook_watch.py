"""Whether updates come by the webhook: Telegram is asked now and then whether it has some that it cannot hand over."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError
from aiogram.types import WebhookInfo

from bot.probes import OK

log = structlog.get_logger()

FIRST_SECONDS = 30.0
LOOK_SECONDS = 300.0


class WebhookWatch:
    """`mend` sets the webhook anew where Telegram has been turned away, as with an older secret. `time`: seconds of a
    clock that is never set."""

    def __init__(self, bot: Bot, url: str, mend: Callable[[], Awaitable[None]], time: Callable[[], float]) -> None:
        self.state = OK
        self._bot = bot
        self._url = url
        self._mend = mend
        self._time = time
        self._heard = time()

    def hear(self) -> None:
        """An update came."""
        self._heard = self._time()
        self.state = OK

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            try:
                await self.look()
            except AiogramError as error:
                log.warning("webhook_not_looked_at", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Ask once. Raises AiogramError."""
        info = await self._bot.get_webhook_info()
        if info.url == self._url and info.pending_update_count and "403" in (info.last_error_message or ""):
            await self._mend()
        self.state = self._judge(info)
        if self.state != OK:
            log.error("webhook_silent", state=self.state)

    def _judge(self, info: WebhookInfo) -> str:
        if info.url != self._url:
            return f"Telegram sends updates to {info.url or 'nobody'}, not to {self._url}"
        silent = self._time() - self._heard
        if not info.pending_update_count or silent < LOOK_SECONDS:
            return OK
        why = f": {info.last_error_message}" if info.last_error_message else ""
        return f"Telegram has {info.pending_update_count} updates waiting, and none came for {silent / 60:.0f} min{why}"
