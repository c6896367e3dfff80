"""Answers HTTP: webhooks, health, metrics."""

import asyncio
import socket
from typing import Any

from bot.errors import StartError
from bot.parts.chat import Chat
from bot.parts.core import Core
from bot.parts.part import Part
from bot.webhook_watch import WebhookWatch
from handlers.telegram.inbox import UpdateOutcome


class HttpPart(Part):
    """`port`: where it listens, once it does."""

    def __init__(self, core: Core, chat: Chat) -> None:
        self._core = core
        self._inbox, self._connection = chat.inbox, chat.connection
        self._pushed = core.settings.telegram_mode == "webhook"
        self.webhook_watch = WebhookWatch(
            core.bot, core.settings.webhook_url, chat.connection.hook, asyncio.get_running_loop().time
        )
        self._listening: socket.socket | None = None

    @property
    def port(self) -> int | None:
        return None if self._listening is None else int(self._listening.getsockname()[1])

    def open(self) -> None:
        from bot.http.listening import listen

        host, port = self._core.settings.web_host, self._core.settings.web_port
        try:
            self._listening = listen(host, port)
        except OSError as error:
            raise StartError(f"WEB_HOST, WEB_PORT: cannot listen on {host}:{port} ({error.strerror})") from error

    def meet_telegram(self) -> None:
        if self._pushed:
            self._serve()

    def start(self) -> None:
        if not self._pushed:
            self._serve()

    def _serve(self) -> None:
        from bot.wiring.web import open_site, shop_server  # FastAPI and uvicorn: 10 MB and 0.15 s for this part alone

        assert self._listening is not None
        core, listening = self._core, self._listening
        if core.services.payments is not None:
            core.supervisor.keep(core.services.payments.events.run, name="notifications")
        core.supervisor.keep(core.services.prediction_watch.run, name="prediction-watch")
        site = open_site(core, bot_username=lambda: self._connection.username)
        server = shop_server(core.settings, core.services, core.health, self._feed, site)
        core.supervisor.keep(lambda: server.serve_on(listening), name="web")

    def talk(self) -> None:
        if self._pushed:
            self._core.supervisor.keep(self.webhook_watch.run, name="webhook")

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.close()

    def telegram_state(self) -> str:
        return self.webhook_watch.state if self._pushed else "ok"

    async def _feed(self, raw: Any) -> bool:  # Any: Telegram's JSON
        self.webhook_watch.hear()
        return await self._inbox.take(raw) is UpdateOutcome.DONE
