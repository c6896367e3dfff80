"""How every endpoint of the API is reached: `make_router` instead of `APIRouter`.

Before an endpoint is asked: its caller is found, the request is counted, its body is looked at, and a POST that bears
an `Idempotency-Key` is done once, if it ends well. What an endpoint sells it sells by the key `SaleKey`, so that even a
record that was lost sells nothing twice."""

import asyncio
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any, ClassVar, Final
from uuid import uuid4

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.params import Form
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse

from db.errors import DatabaseUnavailable
from services import idempotency
from services.errors import N_, ShopError
from services.idempotency import MAX_BODY, RENEW_SECONDS, Idempotency, KeptAnswer, fingerprint
from services.identity.throttles import network_of
from web.api.callers import Caller, caller
from web.context import WebContext
from web.kit.bodies import SECONDS
from web.kit.json_bodies import parse_json
from web.kit.limits import Policy, take
from web.kit.senders import caller as sender
from web.kit.viewer import site_of

log = structlog.get_logger()

MAX_JSON: Final = 2_000_000  # bytes of a body; an endpoint that takes files names its own limit
STRANGERS: Final = 10  # of them together, from one address, this part of what one caller may
REPLAYED: Final = "idempotent-replayed"
_NOT_KEPT: Final = frozenset({"content-length", "date", "server", "set-cookie", "ratelimit", "ratelimit-policy"})
_KEY: Final = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"|([!#-~]+)')

Handler = Callable[[Request], Coroutine[Any, Any, Response]]  # Any: FastAPI's own


class NotSupported(ShopError):
    message = N_("This content type is not taken here: {wanted} is.")


class BodyTooLarge(ShopError):
    message = N_("The body is too large.")


class BodyCutOff(ShopError):
    message = N_("The body did not come to its end.")


class BadIdempotencyKey(ShopError):
    message = N_("An Idempotency-Key has 1 to 255 printable characters.")


class ApiRoute(APIRoute):
    """`APIRoute` with what all endpoints of the API share. `reads_body`: else the endpoint does, up to a limit of its
    own, and sells nothing. `most`: bytes of a body, of a caller who is known."""

    reads_body: ClassVar[bool] = True
    most: ClassVar[int] = MAX_JSON

    def get_route_handler(self) -> Handler:
        work = super().get_route_handler()

        async def handle(request: Request) -> Response:
            who = await _counted(request)
            if not self.reads_body:
                return await work(request)
            await read_body(request, MAX_JSON if who is None else self.most)
            await self._look_at_body(request)
            key = _key(request)
            if who is None or key is None or request.method != "POST":
                return await work(request)
            asked = idempotency.Request(
                scope=who.name,
                key=key,
                fingerprint=fingerprint(request.method, request.url.path, await self.same_body(request)),
                user_id=who.user.id,
            )
            return await _once(who.site.services.idempotency, asked, lambda: work(request))

        return handle

    async def same_body(self, request: Request) -> bytes:
        """What is the same whenever it is sent again."""
        return await request.body()

    async def _look_at_body(self, request: Request) -> None:
        """JSON is read here: `Request.json` finds it read."""
        if self.body_field is None or _is_form(self) or not (body := await request.body()):
            return
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json" and not re.fullmatch(r"application/[\w.-]+\+json", kind):
            raise NotSupported(wanted="application/json")
        request._json = parse_json(body)


def make_router(tag: str) -> APIRouter:
    return APIRouter(tags=[tag], route_class=ApiRoute)


async def read_body(request: Request, most: int) -> None:
    """So that `Request.body` has it. Raises `BodyTooLarge`, `BodyCutOff`."""
    told = request.headers.get("content-length", "0")
    if told.isdigit() and int(told) > most:
        raise BodyTooLarge()
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > most:
                    raise BodyTooLarge()
    except (ClientDisconnect, TimeoutError) as error:
        raise BodyCutOff() from error
    request._body = bytes(body)


async def sale_key(request: Request, who: Annotated[Caller, Depends(caller)]) -> str:
    """Of what this request sells: the same whenever it is sent again with its `Idempotency-Key`."""
    key = _key(request)
    return uuid4().hex if key is None else idempotency.sale_key(who.name, key)


SaleKey = Annotated[str, Depends(sale_key)]


def _is_form(route: APIRoute) -> bool:
    return any(isinstance(field.field_info, Form) for field in route.dependant.body_params)


async def _counted(request: Request) -> Caller | None:
    """None for who is not known; the endpoint says whether it matters. Raises `TooManyRequests`."""
    web: WebContext = request.app.state.web
    site = site_of(web)
    try:
        who = await caller(request)
    except ShopError:
        address = sender(request, web.proxies).address
        strangers = Policy(name="strangers", times=max(1, site.api_requests_a_minute // STRANGERS))
        await take(request, site.services.coordination, strangers, network_of(str(address)))
        return None
    policy = Policy(name="default", times=site.api_requests_a_minute)
    await take(request, site.services.coordination, policy, who.name)
    return who


def _key(request: Request) -> str | None:
    """As the draft writes it, in quotes, or bare, as most do. Raises `BadIdempotencyKey`."""
    if (told := request.headers.get("idempotency-key")) is None:
        return None
    found = _KEY.fullmatch(told.strip())
    key = "" if found is None else re.sub(r"\\(.)", r"\1", found[1]) if found[2] is None else found[2]
    if not 0 < len(key) <= 255:
        raise BadIdempotencyKey()
    return key


async def _once(kept: Idempotency, asked: idempotency.Request, work: Callable[[], Awaitable[Response]]) -> Response:
    if (before := await kept.begin(asked)) is not None:
        return Response(before.body, before.status, {**before.headers, REPLAYED: "true"})
    response = None
    try:
        async with _alive(kept, asked):
            response = await work()
    finally:
        if response is None:
            await kept.forget(asked)
    if not 200 <= response.status_code < 300 or isinstance(response, StreamingResponse):
        await kept.forget(asked)
        return response
    await _keep(kept, asked, response)
    return response


async def _keep(kept: Idempotency, asked: idempotency.Request, response: Response) -> None:
    """Where that fails the work is done all the same; a repetition meets the sale's own key. What nobody may store
    (`no-store`) is not kept here either: a key that is shown once."""
    body, secret = bytes(response.body), response.headers.get("cache-control") == "no-store"
    headers = {name: value for name, value in response.headers.items() if name not in _NOT_KEPT}
    with suppress(DatabaseUnavailable):
        if secret or len(body) > MAX_BODY:
            await kept.forget(asked)
        else:
            await kept.keep(asked, KeptAnswer(status=response.status_code, headers=headers, body=body))


@asynccontextmanager
async def _alive(kept: Idempotency, asked: idempotency.Request) -> AsyncGenerator[None, None]:
    """The claim stays ours meanwhile."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                await kept.renew(asked)
            except DatabaseUnavailable as error:
                log.warning("claim_not_renewed", error=str(error))

    task = asyncio.get_running_loop().create_task(renew(), name="idempotent-request")
    try:
        yield
    finally:
        task.cancel()
