"""The protocol over HTTP: `/inference/<bot>/v2/…`. A bare ASGI application: pictures come and go as raw bytes."""

import re
from dataclasses import dataclass, replace
from typing import Final, Protocol

from starlette.types import Message, Receive, Scope, Send

from sandbox.inference.answers import PAGE, ServerAnswer, refusal
from sandbox.inference.faults import ServerFault
from sandbox.inference.operations import OPERATIONS, ServerCall
from sandbox.inference.server import InferenceServer, InferenceServers
from sandbox.inference.wire import Refused

PREFIX: Final = "/inference/"
MAX_BODY_BYTES: Final = 256 * 1024 * 1024
JSON_BYTES: Final = b"inference-header-content-length"
_TEXTS: Final = {
    "401": b"Unauthorized",
    "413": b"<html><body><h1>413 Request Entity Too Large</h1></body></html>",
    "429": b'{"error":"too many requests"}',
    "500": b'{"error":"internal: the device is out of memory"}',
    "503": b"upstream connect error or disconnect/reset before headers",
}
_PATHS: Final = (
    ("health", re.compile("v2/health/(?P<model>live|ready)")),
    ("index", re.compile("v2/repository/index")),
    ("", re.compile("v2/repository/models/(?P<model>[^/]+)/(?P<call>load|unload)")),
    ("", re.compile("v2/models/(?P<model>[^/]+)(/versions/(?P<version>[^/]+))?(/(?P<call>ready|config|infer))?")),
)
_NOTHING: Final = ServerAnswer(status=404, body=b'{"error":"Not Found"}')
_KILLED: Final = b'{"error":"Worker process stopped unexpectedly with exit code 9."}'


class Lines(Protocol):
    """The connections on which requests come."""

    def cut(self, scope: Scope) -> None: ...


class CutOff(Exception):
    """The connection is to be cut without an answer, or is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a path names: `call` is one of faults.CALLS."""

    call: str
    model: str = ""
    version: str = ""


class InferenceGateway:
    def __init__(self, servers: InferenceServers, lines: Lines) -> None:
        self._servers, self._lines = servers, lines

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        bot, _, path = scope["path"].removeprefix(PREFIX).partition("/")
        try:
            answer = await self._answer(int(bot), path, scope, receive) if bot.isdigit() else _NOTHING
        except CutOff:
            self._lines.cut(scope)
            await receive()  # the disconnect: a server complains about answers that never began
            return
        headers = [
            (b"content-type", answer.content_type.encode()),
            (b"content-length", b"%d" % len(answer.body)),
        ]
        if answer.json_bytes is not None:
            headers.append((JSON_BYTES, b"%d" % answer.json_bytes))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, bot: int, path: str, scope: Scope, receive: Receive) -> ServerAnswer:
        server, headers = self._servers.of(bot), dict(scope["headers"])
        place = find_place(path, slash=server.dialect.slash)
        raw = await _read(receive, server)
        if raw is None:
            return ServerAnswer(status=413, body=_TEXTS["413"], content_type="text/html")
        binary = headers.get(JSON_BYTES)
        entry = server.log(place.call if place else "?", path, size=len(raw), binary=binary is not None)
        try:
            if not _has_header(server, headers):
                answer = ServerAnswer(status=401, body=_TEXTS["401"], content_type="text/plain")
            elif place is None or OPERATIONS[place.call][0] != scope["method"] or not _spoken(server, place.call):
                answer = _NOTHING
            else:
                call = ServerCall(
                    server=server,
                    name=place.call,
                    model=place.model,
                    version=place.version,
                    raw=raw,
                    json_bytes=None if binary is None else int(binary),
                    entry=entry,
                    fault=server.faults.take(place.call),
                )
                answer = await _done(call)
        except CutOff:
            entry["status"] = 0
            raise
        entry["status"] = answer.status
        return answer


def find_place(path: str, *, slash: bool) -> Place | None:
    """`slash`: `/v2/` is `/v2` too."""
    if path == "v2" or (slash and path == "v2/"):
        return Place(call="server")
    for name, pattern in _PATHS:
        if found := pattern.fullmatch(path):
            named = {"call": name or "metadata"} | {key: each for key, each in found.groupdict().items() if each}
            return Place(**named)
    return None


def _spoken(server: InferenceServer, call: str) -> bool:
    if call in {"index", "load", "unload"}:
        return call in server.dialect.repository
    return call != "config" or server.dialect.config


def _has_header(server: InferenceServer, headers: dict[bytes, bytes]) -> bool:
    if server.settings.header is None:
        return True
    name, _, value = server.settings.header.partition(": ")
    return headers.get(name.lower().encode()) == value.encode()


async def _done(call: ServerCall) -> ServerAnswer:
    """Do what is asked, with whatever fault is armed before it or in the answer."""
    server, dialect = call.server, call.server.dialect
    if server.worker_is_dead and call.name == "infer":
        server.worker_is_dead = False
        return ServerAnswer(status=500, body=b"Internal Server Error", content_type="text/plain")
    if call.fault is not None and (struck := await _strike(call.fault, server)) is not None:
        return struck
    try:
        answer = await OPERATIONS[call.name][1](call)
    except Refused as error:
        return refusal(dialect, error.wrong, error.text)
    if call.fault is not None and call.fault.kind == "broken":
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    return answer


async def _strike(fault: ServerFault, server: InferenceServer) -> ServerAnswer | None:
    """None where the call goes on. Raises CutOff."""
    kind = fault.kind
    if kind in _TEXTS:
        return ServerAnswer(status=int(kind), body=_TEXTS[kind], content_type="text/plain")
    if kind == "html":
        return ServerAnswer(body=PAGE, content_type="text/html")
    if kind == "worker":
        server.worker_is_dead = True
        return ServerAnswer(status=500, body=_KILLED)
    if kind in {"hang", "slow"}:
        await server.closing.wait(server.clock, fault.seconds)
    if kind in {"hang", "cut"}:
        raise CutOff
    return None


async def _read(receive: Receive, server: InferenceServer) -> bytes | None:
    """The body; None where it is too long for a server that says so. Raises CutOff."""
    chunks: list[bytes] = []
    size, most = 0, server.max_bytes or MAX_BODY_BYTES
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise CutOff
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > most and server.settings.cuts:
            raise CutOff
        chunks.append(chunk if size <= most else b"")
        if not message.get("more_body", False):
            return b"".join(chunks) if size <= most else None
