"""The HTTP port by itself, and callers who write bytes."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse

from bot.http.limits import Limits
from bot.http.listening import listen
from bot.http.server import HttpServer, make_server
from web.kit.bodies import read_at_most

HEAD = b"GET /healthz HTTP/1.1\r\nHost: x\r\n"
POST = b"POST /body HTTP/1.1\r\nHost: x\r\n"
BIG = b"x" * 4_000_000


def small_app() -> FastAPI:
    app = FastAPI()

    @app.get("/healthz")
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok")

    @app.get("/big")
    async def big() -> PlainTextResponse:
        return PlainTextResponse(BIG)

    @app.post("/body")
    async def body(request: Request) -> PlainTextResponse:
        read = await read_at_most(request, 1000)
        return PlainTextResponse(read) if isinstance(read, bytes) else read

    @app.post("/slow")
    async def slow() -> PlainTextResponse:
        """Answers after a while, and does not look at the body."""
        await asyncio.sleep(0.8)
        return PlainTextResponse("done")

    return app


class Port:
    """A listening port and those who call it."""

    def __init__(self, number: int, server: HttpServer) -> None:
        self.number = number
        self._server = server
        self.lines: list[Line] = []

    async def open(self, *, receive: int | None = None) -> "Line":
        """A connection; `receive`: bytes that the system takes for one who does not read."""
        made = socket.socket()
        if receive is not None:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        made.setblocking(False)
        await asyncio.get_running_loop().sock_connect(made, ("127.0.0.1", self.number))
        line = Line(*await asyncio.open_connection(sock=made))
        self.lines.append(line)
        return line

    async def has_callers(self) -> bool:
        return bool(self._server.server_state.connections)

    async def is_empty(self) -> bool:
        return not self._server.server_state.connections

    async def answers(self, *parts: bytes) -> list[int | None]:
        """The statuses of all that is answered to `parts` until the connection ends, which is None."""
        line = await self.open()
        line.says(*parts)
        statuses: list[int | None] = []
        while not statuses or statuses[-1] is not None:
            statuses.append(await line.hears())
        return statuses


@asynccontextmanager
async def port(**limits: float) -> AsyncIterator[Port]:
    listening = listen("127.0.0.1", 0)
    server = make_server(small_app(), limits=Limits(**limits))  # type: ignore[arg-type]  # some are whole numbers
    task = asyncio.get_running_loop().create_task(server.serve_on(listening))
    opened = Port(listening.getsockname()[1], server)
    try:
        yield opened
    finally:
        for line in opened.lines:
            line.hangs_up()
        task.cancel()
        await asyncio.wait([task])
        listening.close()


class Line:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def says(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)

    async def hears(self) -> int | None:
        """The status of one answer, which is read whole; None where the connection ended."""
        try:
            head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)).lower()
            length = re.search(rb"\ncontent-length: *([0-9]+)", head)
            await asyncio.wait_for(self.reader.readexactly(int(length[1])) if length else self.reader.read(), 5)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        return int(head.split()[1])

    async def ends(self) -> bool:
        """Whether nothing more comes."""
        try:
            await asyncio.wait_for(self.reader.read(), 5)
        except ConnectionError:
            return True
        return self.reader.at_eof()

    def hangs_up(self) -> None:
        self.writer.close()
