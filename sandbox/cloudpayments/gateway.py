"""CloudPayments' API over HTTP: `/cloudpayments/api/…`, all by POST, forms or JSON."""

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.types import Receive, Scope, Send

from sandbox.cloudpayments.api import OPERATIONS, Answer, Call
from sandbox.cloudpayments.site import CALLS_AT_ONCE, Site, Sites, Unable
from sandbox.cloudpayments.wire import JsonObject, from_json, to_json
from sandbox.provider_faults import CALL_FAULTS, ShopFault
from sandbox.provider_http import HTML, Dropped, Gone, HtmlAnswer, Wires, read_body

PREFIX = "/cloudpayments/api/"
PAGE = "/cloudpayments/d/"
MAX_BODY_BYTES = 512 * 1024
_JSON = b"application/json; charset=utf-8"


class Refused(Exception):
    """By HTTP itself, without an envelope."""

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
        return path.removeprefix(PREFIX).rstrip("/")

    @property
    def key(self) -> str | None:
        return self.headers.get(b"x-request-id", b"").decode("latin-1") or None

    def link_base(self) -> str:
        """Where the page is for whoever reached the API under this name."""
        return f"{self.scope['scheme']}://{self.headers.get(b'host', b'').decode('latin-1')}{PAGE}"

    def body(self) -> JsonObject:
        if b"json" not in self.headers.get(b"content-type", b"").lower():
            return dict(parse_qsl(self.raw.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            given = from_json(self.raw or b"{}")
        except ValueError as error:
            raise Unable("The request body is not JSON") from error
        if not isinstance(given, dict):
            raise Unable("The request body is not an object")
        return given

    def operation(self) -> tuple[str, str]:
        """Its name and what stands for `*`."""
        if self.path in OPERATIONS:
            return self.path, ""
        parts = self.path.split("/")
        name = "/".join((*parts[:2], "*", *parts[3:]))
        if len(parts) < 4 or name not in OPERATIONS:
            raise Refused(404)
        return name, parts[2]


class CloudPaymentsGateway:
    def __init__(self, sites: Sites, wires: Wires) -> None:
        self._sites, self._wires = sites, wires

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, kind = 200, _JSON
        try:
            body = await self._answer(scope, receive)
        except Dropped:
            self._wires.cut(scope)
            await receive()  # the disconnect: a server complains about answers that never began
            return
        except Gone:
            return
        except HtmlAnswer:
            status, body, kind = 502, HTML, b"text/html"
        except Refused as error:
            status, body, kind = error.status, b"", b"text/plain"
        headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        try:
            raw = await read_body(receive, MAX_BODY_BYTES)
        except ValueError as error:
            raise Refused(413) from error
        request = Request(scope=scope, headers=dict(scope["headers"]), raw=raw)
        site = self._authorized(request.headers.get(b"authorization", b""))
        if scope["method"] != "POST":
            raise Refused(405)
        if site.busy >= CALLS_AT_ONCE[site.settings.test]:
            raise Refused(429)
        site.busy += 1
        try:
            return await _logged(site, request)
        finally:
            site.busy -= 1

    def _authorized(self, header: bytes) -> Site:
        kind, _, encoded = header.partition(b" ")
        try:
            public_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Refused(401) from error
        site = self._sites.by_id(public_id)
        if kind.lower() != b"basic" or site is None or not site.knows(secret):
            raise Refused(401)
        return site


async def _logged(site: Site, request: Request) -> bytes:
    name, subject = request.operation()
    entry = site.calls.add(name, request.path, key=request.key, body={}, at=site.clock.now())
    try:
        answer = await _faulty(site, name, subject, request, entry)
    except Refused as error:
        entry["status"] = error.status
        raise
    except (Dropped, HtmlAnswer) as error:
        entry["status"] = 0 if isinstance(error, Dropped) else 502
        raise
    entry["status"] = 200
    return answer


async def _faulty(site: Site, name: str, subject: str, request: Request, entry: JsonObject) -> bytes:
    """Do what is asked, with whatever fault is armed before, after or in the answer."""
    fault = site.faults.take(name, CALL_FAULTS)
    if fault is not None and not fault.kind.endswith("_after"):
        await _strike(fault, site)

    async def act() -> tuple[bool, bytes]:
        try:
            entry["body"] = raw = request.body()
            call = Call(site=site, raw=raw, link_base=request.link_base(), subject=subject)
            answer = await OPERATIONS[name](call)
            if call.unknown:
                entry["unknown"] = call.unknown
        except Unable as error:
            entry["error"] = str(error)
            answer = Answer(success=False, message=str(error))
        return answer.success, to_json(answer.envelope())

    answer = await site.results.once(request.key, act)
    if fault is None:
        return answer
    if fault.kind.endswith("_after"):
        await _strike(fault, site)
    if fault.kind == "broken":
        return answer[: len(answer) // 2]
    return _with_amount(answer, fault.value) if fault.kind == "amount" else answer


def _with_amount(answer: bytes, value: str) -> bytes:
    told = from_json(answer)
    told["Model"]["Amount"] = from_json(value)
    return to_json(told)


async def _strike(fault: ShopFault, site: Site) -> None:
    kind = fault.kind.removesuffix("_after")
    if kind.isdigit():
        raise Refused(int(kind))
    if kind == "html":
        raise HtmlAnswer
    if kind in ("slow", "hang"):
        await site.closing.wait(site.clock, fault.seconds)
    if kind in ("cut", "hang"):
        raise Dropped
