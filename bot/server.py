"""Uvicorn inside the shop's own event loop."""

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

GRACE_SECONDS = 5  # for requests under way when the process stops


class Server(uvicorn.Server):
    """Leaves signals to the process that runs it."""

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


def make_server(app: FastAPI) -> Server:
    config = uvicorn.Config(
        app,
        log_config=None,
        lifespan="off",
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,  # longer than a proxy keeps an idle connection: it must not find it closed
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return Server(config)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError where the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle's 40 ms on
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    listening.listen(128)
    listening.setblocking(False)
    return listening
