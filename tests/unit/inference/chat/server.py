"""A server of the chat completions API that says whatever a test wants, byte by byte."""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass
class Asked:
    """A request, as it came."""

    line: str
    headers: dict[str, str]
    body: Json
    raw: bytes


@dataclass
class Reply:
    """`pieces` are sent one after another; `hold`: then the connection stays open until the client leaves. `cut`: no
    end of the body is told."""

    pieces: list[bytes] = field(default_factory=list)
    status: int = 200
    kind: str = "text/event-stream"
    headers: dict[str, str] = field(default_factory=dict)
    hold: bool = False
    cut: bool = False
    endless: bytes = b""


def data(chunk: Json | str) -> bytes:
    return b"data: " + (chunk if isinstance(chunk, str) else json.dumps(chunk, ensure_ascii=False)).encode() + b"\n\n"


def delta(text: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    return data({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}], **more})


def counted(prompt: Any = 12, completion: Any = 3, **more: Any) -> bytes:
    told = {"prompt_tokens": prompt, "completion_tokens": completion, **more}
    return data({"id": "g-1", "model": "sage-1", "choices": [], "usage": told})


DONE = data("[DONE]")
HELLO = [delta("Hel"), delta("lo"), delta(finish="stop"), counted(), DONE]


def refusal(status: int, body: Any, **headers: str) -> Reply:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kind = "text/html" if isinstance(body, str) else "application/json"
    return Reply([raw], status=status, kind=kind, headers=named)


class ChatServer:
    """`replies`: for one POST after another, the last for all that follow; `models`: for GET /models. `left`: set
    when a client closed its connection before the answer's end."""

    def __init__(self) -> None:
        self.replies = [Reply(list(HELLO))]
        self.models = Reply([b'{"data": [{"id": "sage-1", "max_model_len": 4096}]}'], kind="application/json")
        self.asked: list[Asked] = []
        self.left = asyncio.Event()
        self.open = self.most = 0
        self.url = ""

    @property
    def posts(self) -> list[Asked]:
        return [each for each in self.asked if each.line.startswith("POST")]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                asked = await _read(head.decode(), reader)
                self.asked.append(asked)
                self.open += 1
                self.most = max(self.most, self.open)
                try:
                    if not await self._answer(asked, reader, writer):
                        return
                except ConnectionError:  # whatever it was doing when they left
                    self.left.set()
                    raise
                finally:
                    self.open -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Whether the connection goes on."""
        reply = self.models
        if asked.line.startswith("POST"):
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        told = {"Content-Type": reply.kind, "Transfer-Encoding": "chunked", **reply.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
        writer.write(f"HTTP/1.1 {reply.status} X\r\n{head}\r\n".encode())
        for piece in reply.pieces:
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
            await asyncio.sleep(0)
        while reply.endless:
            writer.write(b"%x\r\n%b\r\n" % (len(reply.endless), reply.endless))
            await writer.drain()
        if reply.hold:
            await reader.read()
            self.left.set()
        if reply.hold or reply.cut:
            return False
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


async def _read(head: str, reader: asyncio.StreamReader) -> Asked:
    line, *rest = head.strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in rest)}
    raw = await reader.readexactly(int(headers.get("content-length", "0")))
    form = headers.get("content-type", "").startswith("multipart/")
    return Asked(line=line, headers=headers, body=json.loads(raw) if raw and not form else {}, raw=raw)


Handler: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler, secure: ssl.SSLContext | None = None) -> AsyncGenerator[int, None]:
    """The port."""
    tasks: set[asyncio.Task[None]] = set()

    async def held(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await handler(reader, writer)
        except asyncio.CancelledError:
            writer.close()
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(held, "127.0.0.1", 0, ssl=secure, limit=2**24)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(list(tasks))


@asynccontextmanager
async def chat_server() -> AsyncGenerator[ChatServer, None]:
    server = ChatServer()
    async with listening(server.serve) as port:
        server.url = f"http://127.0.0.1:{port}/v1"
        yield server
