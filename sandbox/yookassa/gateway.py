"""YooKassa's API over HTTP: `/yookassa/v3/…`.

A bare ASGI application, because crash tests and benchmarks push thousands of payments through it.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from sandbox.provider_faults import CALL_FAULTS, ShopFault
from sandbox.provider_http import HTML, Dropped, Gone, HtmlAnswer, Wires, read_body
from sandbox.yookassa.api import OPERATIONS, Call, Operation
from sandbox.yookassa.errors import (
    ApiError,
    Forbidden,
    InternalServerError,
    InvalidCredentials,
    NotFound,
    TooManyRequests,
)
from sandbox.yookassa.shop import Shop, Shops
from sandbox.yookassa.wire import JsonObject, from_json, to_json

PREFIX = "/yookassa/v3/"
CHECKOUT = "/yookassa/checkout/"
MAX_BODY_BYTES = 512 * 1024
_JSON = b"application/json;charset=UTF-8"
_REFUSALS: dict[str, Callable[[], ApiError]] = {
    "500": InternalServerError,
    "500_after": InternalServerError,
    "429": TooManyRequests,
    "401": InvalidCredentials,
    "403": Forbidden,
}


class WrongUse(Exception):
    """Refused by HTTP itself, without an error object: 405, 415."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    scope: Scope
    headers: dict[bytes, bytes]
    raw: bytes

    @property
    def path(self) -> str:
        path: str = self.scope["path"]
        return path.removeprefix(PREFIX)

    @property
    def key(self) -> str | None:
        return self.headers.get(b"idempotence-key", b"").decode("latin-1") or None

    def link_base(self) -> str:
        """Where the checkout is for whoever reached the API under this name."""
        return f"{self.scope['scheme']}://{self.headers.get(b'host', b'').decode('latin-1')}{CHECKOUT}"

    def query(self) -> JsonObject:
        return dict(parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True))

    def body(self) -> JsonObject:
        if not self.raw:
            return {}
        if not self.headers.get(b"content-type", b"").lower().startswith(b"application/json"):
            raise WrongUse(415)
        try:
            given = from_json(self.raw)
        except ValueError as error:
            raise ApiError("Unable to parse the body of the request: it is not JSON") from error
        if not isinstance(given, dict):
            raise ApiError("Unable to parse the body of the request: an object is expected")
        return given


class Gateway:
    def __init__(self, shops: Shops, wires: Wires) -> None:
        self._shops = shops
        self._wires = wires
        self._routes: dict[tuple[str, ...], dict[str, Operation]] = {}
        for operation in OPERATIONS:
            self._routes.setdefault(operation.pattern, {})[operation.method] = operation

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            status, body, content_type = await self._answer(scope, receive)
        except Dropped:
            self._wires.cut(scope)
            await receive()  # the disconnect: a server complains about answers that never began
            return
        except Gone:
            return
        headers = [(b"content-type", content_type), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes, bytes]:
        try:
            request = Request(scope=scope, headers=dict(scope["headers"]), raw=await _read(receive))
            shop = self._authorized(request.headers.get(b"authorization", b""))
            operation, subject = self._find(request)
            body = await self._logged(shop, operation, subject, request)
        except ApiError as error:
            return error.status, to_json(error.body()), _JSON
        except HtmlAnswer:
            return 502, HTML, b"text/html"
        except WrongUse as error:
            return error.status, b"", b"text/plain"
        return 200, body, _JSON

    def _authorized(self, header: bytes) -> Shop:
        kind, _, encoded = header.partition(b" ")
        try:
            shop_id, _, secret_key = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise InvalidCredentials from error
        shop = self._shops.by_id(shop_id)
        if kind.lower() != b"basic" or shop is None or not shop.knows(secret_key):
            raise InvalidCredentials
        return shop

    def _find(self, request: Request) -> tuple[Operation, str]:
        parts = request.path.rstrip("/").split("/")
        subject = parts[1] if len(parts) > 1 else ""
        pattern = (parts[0], "*", *parts[2:]) if subject else (parts[0],)
        by_method = self._routes.get(pattern)
        if by_method is None:
            raise NotFound("Resource not found")
        operation = by_method.get(request.scope["method"])
        if operation is None:
            raise WrongUse(405)
        return operation, subject

    async def _logged(self, shop: Shop, operation: Operation, subject: str, request: Request) -> bytes:
        entry = shop.calls.add(operation.name, request.path, key=request.key, body={}, at=shop.clock.now())
        try:
            entry["body"] = raw = request.body() if operation.method == "POST" else request.query()
            call = Call(shop=shop, subject=subject, raw=raw, link_base=request.link_base())
            answer = await _faulty(operation, call, request.key, request.path)
            if call.unknown:
                entry["unknown"] = call.unknown
        except ApiError as error:
            entry["status"], entry["error"] = error.status, str(error)
            raise
        except WrongUse as error:
            entry["status"] = error.status
            raise
        except (Dropped, HtmlAnswer) as error:
            entry["status"] = 0 if isinstance(error, Dropped) else 502
            raise
        entry["status"] = 200
        return answer


async def _faulty(operation: Operation, call: Call, key: str | None, path: str) -> bytes:
    """Do what is asked, with whatever fault is armed before, after or in the answer."""
    fault = call.shop.faults.take(operation.name, CALL_FAULTS)
    if fault is not None and not fault.kind.endswith("_after"):
        await _strike(fault, call.shop)
    answer = _act(operation, call, key, path)
    if fault is None:
        return answer
    if fault.kind.endswith("_after"):
        await _strike(fault, call.shop)
    if fault.kind == "broken":
        return answer[: len(answer) // 2]
    if fault.kind == "amount":
        told: JsonObject = from_json(answer)
        told["amount"]["value"] = fault.value
        return to_json(told)
    return answer


async def _strike(fault: ShopFault, shop: Shop) -> None:
    kind = fault.kind.removesuffix("_after")
    if kind in _REFUSALS:
        raise _REFUSALS[kind]()
    if kind == "html":
        raise HtmlAnswer
    if kind in ("slow", "hang"):
        await shop.closing.wait(shop.clock, fault.seconds)
    if kind in ("cut", "hang"):
        raise Dropped


def _act(operation: Operation, call: Call, key: str | None, path: str) -> bytes:
    """Nothing here waits, so two calls with one key cannot both be the first."""
    call.shop.expire()
    if operation.method == "GET":
        return to_json(operation.handler(call))
    kept = call.shop.keys.find(key, path, call.raw)
    if kept is not None:
        return kept
    answer = to_json(operation.handler(call))
    assert key is not None
    call.shop.keys.keep(key, path, call.raw, answer)
    return answer


async def _read(receive: Receive) -> bytes:
    try:
        return await read_body(receive, MAX_BODY_BYTES)
    except ValueError as error:
        raise ApiError("Request body is too large") from error
