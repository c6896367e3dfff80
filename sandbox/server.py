"""Runs the sandbox: as a process of its own or inside a test's event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn

from sandbox.app import Sandbox
from sandbox.clock import Clock
from sandbox.settings import Settings

GRACE_SECONDS = 2


class Server(uvicorn.Server):
    def __init__(self, sandbox: Sandbox, listener: socket.socket) -> None:
        config = uvicorn.Config(
            sandbox,
            http=sandbox.connections.protocol(),
            ws="none",
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        super().__init__(config)
        self._sandbox = sandbox
        self._listener = listener
        host, port = listener.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._sandbox.close()
        await super().shutdown(sockets)

    async def listen(self) -> None:
        await self.serve(sockets=[self._listener])


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's delay off only for sockets that name their protocol; without it each answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    return listener


@asynccontextmanager
async def running(settings: Settings | None = None, clock: Clock | None = None) -> AsyncIterator[tuple[Sandbox, str]]:
    """A sandbox in this event loop on a free port, and its address."""
    sandbox = Sandbox(settings or Settings(port=0), clock)
    server = Server(sandbox, bind(sandbox.settings.host, sandbox.settings.port))
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(server.listen())
        try:
            while not server.started and not serving.done():
                await asyncio.sleep(0.002)
            yield sandbox, server.url
        finally:
            server.should_exit = True
