"""ComfyUI over HTTP and websocket: `/comfyui/<bot>/…`, a server for each world."""

import re
from collections.abc import Mapping
from typing import Final, Protocol
from urllib.parse import urlsplit
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from sandbox.comfyui.calls import CALLS, Handler
from sandbox.comfyui.faults import CALL_FAULTS, ComfyUIFault
from sandbox.comfyui.server import ComfyUI, Servers
from sandbox.comfyui.wire import JsonObject, Trouble, as_json, empty, trouble

PREFIX: Final = "/comfyui/"
_WHERE: Final = re.compile(r"/comfyui/(\d+)(/.*)?")
_HTML: Final = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"


class Wires(Protocol):
    """The connections on which requests come."""

    def cut(self, scope: Scope) -> None: ...


class Dropped(Exception):
    """The connection is to be cut without an answer."""


class Gateway:
    def __init__(self, servers: Servers, wires: Wires) -> None:
        self._servers = servers
        self._wires = wires
        self._routes = [
            (method, compile_path(path)[0], name, handler) for (method, path), (name, handler) in CALLS.items()
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = _WHERE.fullmatch(scope["path"])
        server = self._servers.by_bot(int(found[1])) if found else None
        path = (found[2] or "/") if found else ""
        if scope["type"] == "websocket":
            await _socket(server, path, WebSocket(scope, receive, send))
        elif server is None:
            await empty(404)(scope, receive, send)
        else:
            await self._http(server, path, scope, receive, send)

    async def _http(self, server: ComfyUI, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        name, handler = self._find(request, path)
        entry = server.calls.add(name, path, query=request.url.query, at=server.clock.now())
        try:
            response = await _answer(server, request, name, handler)
        except ClientDisconnect:
            return
        except Dropped:
            entry["status"] = 0
            self._wires.cut(scope)
            while (await receive())["type"] != "http.disconnect":  # a server complains about answers that never began
                pass
            return
        entry["status"] = response.status_code
        await response(scope, receive, send)

    def _find(self, request: Request, path: str) -> tuple[str, Handler]:
        """Puts what the path holds into the request."""
        bare = path if path.startswith("/api/jobs") else path.removeprefix("/api")
        allowed = False
        for method, pattern, name, handler in self._routes:
            if (match := pattern.match(bare)) is not None:
                allowed = True
                if method == request.method:
                    request.scope["path_params"] = match.groupdict()
                    return name, handler
        return "unknown", _wrong_method if allowed else _unknown


async def _wrong_method(_server: ComfyUI, _request: Request) -> Response:
    return PlainTextResponse("405: Method Not Allowed", 405)


async def _unknown(_server: ComfyUI, _request: Request) -> Response:
    return PlainTextResponse("404: Not Found", 404)


async def _answer(server: ComfyUI, request: Request, name: str, handler: Handler) -> Response:
    """With whatever fault is armed before, after or in it."""
    if (refused := _refused(server, request.headers)) is not None:
        return refused
    fault = server.faults.take(name, CALL_FAULTS)
    if fault is not None and not fault.kind.endswith("_after"):
        if (struck := await _strike(fault, server)) is not None:
            return struck
        if fault.kind == "another":
            return _another(server, request.path_params)
    try:
        response = await handler(server, request)
    except Trouble:
        response = trouble()
    if fault is not None and fault.kind.endswith("_after"):
        return await _strike(fault, server) or response
    return response


def _refused(server: ComfyUI, headers: Headers) -> Response | None:
    """A proxy's word, or ComfyUI's own against pages of other sites."""
    wanted = server.switches.authorization
    if wanted is not None and headers.get("authorization") != wanted:
        return PlainTextResponse("401: Unauthorized", 401, {"WWW-Authenticate": "Basic"})
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host"):
        return empty(403)
    return None


async def _strike(fault: ComfyUIFault, server: ComfyUI) -> Response | None:
    kind = fault.kind.removesuffix("_after")
    if kind in ("slow", "hang"):
        await server.closing.wait(server.clock, fault.seconds)
    if kind in ("cut", "hang"):
        raise Dropped
    return {"500": trouble, "html": lambda: HTMLResponse(_HTML)}.get(kind, lambda: None)()


def _another(server: ComfyUI, given: Mapping[str, str]) -> Response:
    """Another job's entry under the id that was asked for."""
    asked = given.get("id", "")
    other = next((job for job in server.jobs.history.values() if job.id != asked), None)
    return as_json({} if other is None else {asked: other.entry()})


async def _socket(server: ComfyUI | None, path: str, socket: WebSocket) -> None:
    """Messages only go out; the client's own tell what it can show, which changes nothing here."""
    if server is None or path.removeprefix("/api") != "/ws" or _refused(server, socket.headers) is not None:
        await socket.close()
        return
    fault = server.faults.take("ws", CALL_FAULTS)
    if fault is not None and await _ws_struck(fault, server):
        await socket.close()
        return
    client_id = socket.query_params.get("clientId") or uuid4().hex
    await socket.accept()
    server.sockets.add(client_id, socket)
    try:
        await _greet(server, client_id, socket)
        while True:
            await socket.receive_text()
    except (WebSocketDisconnect, RuntimeError, KeyError):  # closed here, closed there, bytes
        pass
    finally:
        server.sockets.remove(client_id, socket)


async def _ws_struck(fault: ComfyUIFault, server: ComfyUI) -> bool:
    try:
        return await _strike(fault, server) is not None
    except Dropped:
        return True


async def _greet(server: ComfyUI, client_id: str, socket: WebSocket) -> None:
    status = {"exec_info": {"queue_remaining": server.jobs.remaining}}
    await socket.send_json({"type": "status", "data": {"status": status, "sid": client_id}})
    running = server.jobs.running
    if running is not None and running.client_id == client_id and server.worker.node is not None:
        about: JsonObject = {"node": server.worker.node}
        await socket.send_json({"type": "executing", "data": about})
