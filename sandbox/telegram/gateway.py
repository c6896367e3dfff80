"""The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`.

A bare ASGI application, because bots and benchmarks push every call through it.
"""

from typing import Protocol
from urllib.parse import parse_qsl, unquote

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from sandbox.telegram.calls import CallLog
from sandbox.telegram.errors import BadRequest, BotApiError
from sandbox.telegram.faults import Fault
from sandbox.telegram.files import MAX_DOWNLOAD_BYTES, MAX_UPLOAD_BYTES, Upload
from sandbox.telegram.methods import BY_LOWER_NAME
from sandbox.telegram.methods.base import Call
from sandbox.telegram.types.base import unknown_fields
from sandbox.telegram.wire import JsonObject, from_json, to_json
from sandbox.telegram.world import World, Worlds


class Wires(Protocol):
    """The connections on which requests come."""

    def is_open(self, scope: Scope) -> bool: ...

    def cut(self, scope: Scope) -> None: ...


MAX_BODY_BYTES = MAX_UPLOAD_BYTES + 1024 * 1024
_NO_BODY = b""
_HTML = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
)
_UNAUTHORIZED = BotApiError(401, "Unauthorized")
_NOT_FOUND = BotApiError(404, "Not Found")


class Dropped(Exception):
    """The connection is to be cut without an answer."""


class Gateway:
    def __init__(self, worlds: Worlds, wires: Wires) -> None:
        self._worlds = worlds
        self._wires = wires

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith("/file/bot"):
            await self._file(path.removeprefix("/file/bot"), send)
            return
        token, _, name = path.removeprefix("/bot").partition("/")
        try:
            status, body, content_type = await self._answer(unquote(token), name, scope, receive)
        except Dropped:
            self._wires.cut(scope)
            return
        except ClientDisconnect:
            return
        await _respond(send, status, body, content_type)

    async def _answer(self, token: str, name: str, scope: Scope, receive: Receive) -> tuple[int, bytes, bytes]:
        try:
            world = self._worlds.by_token(token)
            if world is None:
                raise _UNAUTHORIZED
            raw, uploads = await _read(scope, receive)
            call = Call(world=world, uploads=uploads, is_heard=lambda: self._wires.is_open(scope))
            result = await self._call(call, name, raw, scope)
        except BotApiError as error:
            return error.code, to_json(error.body()), b"application/json"
        except _HtmlAnswer:
            return 502, _HTML, b"text/html"
        return 200, b'{"ok":true,"result":%b}' % to_json(result), b"application/json"

    async def _call(self, call: Call, name: str, raw: JsonObject, scope: Scope) -> object:
        world, uploads, lower = call.world, call.uploads, name.lower()
        entry = world.calls.add(name, raw, at=world.clock.now(), unknown=[])
        if uploads:
            entry["files"] = {key: {"name": each.name, "size": len(each.data)} for key, each in uploads.items()}
        try:
            fault = world.faults.take(lower, raw)
            if fault is not None:
                if fault.kind == "late":
                    self._wires.cut(scope)
                await _before(fault, world)
            method = BY_LOWER_NAME.get(lower)
            if method is None:
                raise _NOT_FOUND
            params = method.read(raw)
            if params.model_extra or params.model_fields_set:
                unknown = list(unknown_fields(params))
                if unknown:
                    entry["unknown"] = unknown
            result = await method.handler(call, params)
            if fault is not None and fault.kind in ("cut_after", "late"):
                raise Dropped
        except BotApiError as error:
            CallLog.close(entry, error)
            raise
        except (Dropped, _HtmlAnswer) as error:
            CallLog.close(
                entry, BotApiError(0 if isinstance(error, Dropped) else 502, f"fault: {type(error).__name__}")
            )
            raise
        CallLog.close(entry)
        return result

    async def _file(self, rest: str, send: Send) -> None:
        token, _, path = rest.partition("/")
        world = self._worlds.by_token(unquote(token))
        stored = world.files.by_path(path) if world and world.files.folder is None else None
        if stored is None or len(stored.data) > MAX_DOWNLOAD_BYTES:
            error = _NOT_FOUND if world else _UNAUTHORIZED
            await _respond(send, error.code, to_json(error.body()), b"application/json")
            return
        await _respond(send, 200, stored.data, b"application/octet-stream")


class _HtmlAnswer(Exception):
    """A proxy between the bot and Telegram answers for it."""


async def _before(fault: Fault, world: World) -> None:
    error = fault.error()
    if error is not None:
        raise error
    if fault.kind == "cut":
        raise Dropped
    if fault.kind == "html":
        raise _HtmlAnswer
    if fault.kind in ("slow", "late"):
        await world.clock.sleep(fault.seconds)


async def _read(scope: Scope, receive: Receive) -> tuple[JsonObject, dict[str, Upload]]:
    """Parameters from the query and the body, whatever of the three ways the body is written in."""
    raw: JsonObject = {}
    if scope["query_string"]:
        raw.update(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
    headers = dict(scope["headers"])
    content_type = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if content_type == "multipart/form-data":
        uploads = await _read_multipart(Request(scope, receive), raw)
        return raw, uploads
    body = await _read_body(receive)
    if not body:
        return raw, {}
    if content_type == "application/json":
        try:
            values = from_json(body)
        except ValueError as error:
            raise BadRequest("can't parse JSON object") from error
        if not isinstance(values, dict):
            raise BadRequest("JSON object expected")
        raw.update((key, _text(value)) for key, value in values.items())
    elif content_type == "application/x-www-form-urlencoded":
        raw.update(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return raw, {}


def _text(value: object) -> str:
    """A parameter is a text. Of one that is none Telegram takes its JSON: null is the text "null"."""
    return value if isinstance(value, str) else to_json(value).decode()


async def _read_body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", _NO_BODY)
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", _NO_BODY)
        if len(body) > MAX_BODY_BYTES:
            raise BotApiError(413, "Request Entity Too Large")
    return body


async def _read_multipart(request: Request, raw: JsonObject) -> dict[str, Upload]:
    uploads: dict[str, Upload] = {}
    length = request.headers.get("content-length", "0")
    if length.isdigit() and int(length) > MAX_BODY_BYTES:
        raise BotApiError(413, "Request Entity Too Large")
    try:
        async with request.form(max_part_size=MAX_BODY_BYTES) as form:
            for key, value in form.multi_items():
                if isinstance(value, UploadFile):
                    data = await value.read()
                    uploads[key] = Upload(data=data, name=value.filename, mime_type=value.content_type)
                    raw.setdefault(key, f"attach://{key}")
                else:
                    raw[key] = value
    except MultiPartException as error:
        raise BadRequest("can't parse multipart form data") from error
    for key in uploads:
        # A file under a name of its own is meant by an attach:// elsewhere and is no parameter.
        if not _is_parameter(key, raw):
            del raw[key]
    return uploads


def _is_parameter(key: str, raw: JsonObject) -> bool:
    return raw[key] != f"attach://{key}" or not any(
        f"attach://{key}" in value for name, value in raw.items() if name != key and isinstance(value, str)
    )


async def _respond(send: Send, status: int, body: bytes, content_type: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
