"""Uvicorn inside the shop's own event loop."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator, Sequence

import uvicorn
from fastapi import FastAPI

from bot.http.limits import Limits
from bot.http.protocol import GuardedConfig, GuardedProtocol
from web.kit.senders import Network

GRACE_SECONDS = 5  # for requests under way when the process stops


class HttpServer(uvicorn.Server):
    """Leaves signals to the process that runs it."""

    config: GuardedConfig

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def serve_on(self, listening: socket.socket) -> None:
        """Until cancelled; requests under way are answered first. uvicorn itself leaves its socket in the event loop
        when it is cancelled, to break the next one with the same number."""
        try:
            await self.serve(sockets=[listening])
        except asyncio.CancelledError:
            if self.started:
                await self.shutdown(sockets=[listening])
            raise

    async def on_tick(self, counter: int) -> bool:
        """uvicorn calls it ten times a second."""
        now = asyncio.get_running_loop().time()
        for connection in list(self.server_state.connections):
            assert isinstance(connection, GuardedProtocol)
            connection.look(now)
        self.config.refusals.tell(now)
        return await super().on_tick(counter)


def make_server(app: FastAPI, *, trusted: Sequence[Network] = (), limits: Limits | None = None) -> HttpServer:
    """`trusted`: proxies, whose connections do not count among those of strangers."""
    return HttpServer(GuardedConfig(app, limits=limits or Limits(), trusted=trusted, grace=GRACE_SECONDS))
