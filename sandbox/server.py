"""Runs the sandbox: as a process of its own or inside a test's event loop."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn

from sandbox.app import Sandbox
from sandbox.clock import Clock
from sandbox.settings import Settings
from sandbox.sockets import bind

GRACE_SECONDS = 2.0
TICK_SECONDS = 0.005


class Server(uvicorn.Server):
    """uvicorn that ends at once: it is started and stopped for single tests."""

    def __init__(self, sandbox: Sandbox, listener: socket.socket, *, signals: bool) -> None:
        config = uvicorn.Config(
            sandbox,
            http=sandbox.connections.protocol(),
            ws="wsproto",
            timeout_keep_alive=75,  # longer than clients keep an idle connection: they must not find it closed
            lifespan="on",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            date_header=False,
        )
        super().__init__(config)
        self._sandbox = sandbox
        self._listener = listener
        self._signals = signals
        self._stop = asyncio.Event()
        self.ready = asyncio.Event()
        host, port = listener.getsockname()[:2]
        self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def listen(self) -> None:
        await self.serve(sockets=[self._listener])

    def stop(self) -> None:
        self.should_exit = True
        self._stop.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()

    async def main_loop(self) -> None:
        while not self.should_exit:
            # A signal only sets the flag, hence the look at it from time to time.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), 0.1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._sandbox.close()
        for server in self.servers:
            server.close()
        deadline = asyncio.get_running_loop().time() + GRACE_SECONDS
        state = self.server_state
        while state.connections or state.tasks:
            for connection in list(state.connections):
                connection.shutdown()
            if asyncio.get_running_loop().time() > deadline:
                for task in state.tasks:
                    task.cancel()
                break
            await asyncio.sleep(TICK_SECONDS)
        await self.lifespan.shutdown()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if self._signals:
            with super().capture_signals():
                yield
        else:
            yield


@asynccontextmanager
async def running(settings: Settings | None = None, clock: Clock | None = None) -> AsyncIterator[tuple[Sandbox, str]]:
    """A sandbox in this event loop on a free port, and its address."""
    settings = settings or Settings(port=0)
    listener = bind(settings.host, settings.port)
    sandbox = Sandbox(settings, clock)
    server = Server(sandbox, listener, signals=False)
    async with asyncio.TaskGroup() as group:
        group.create_task(server.listen())
        await server.ready.wait()
        try:
            yield sandbox, server.url
        finally:
            server.stop()
