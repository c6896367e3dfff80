"""The description of the API (OpenAPI 3.1): what FastAPI makes of the endpoints, and what they all share.

An endpoint says what it refuses by `responses=refuses(…)`; what any may refuse is added here: to be known, to have the
right, quotas, bodies, an `Idempotency-Key`."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi

from i18n.failures import BROKEN, BUSY
from services.errors import ShopError
from services.idempotency import KeyReused, StillRunning
from services.identity.api_keys import BadKey
from services.identity.sessions import NotSignedIn, SecondFactorNeeded
from services.users.accounts import UserDisabled
from web.api import callers
from web.api.callers import ScopeMissing, SessionWanted
from web.api.problems import NOT_VALID
from web.api.refusals import ALL
from web.api.routes import REPLAYED, ApiRoute, BadIdempotencyKey, BodyCutOff, BodyTooLarge, NotSupported
from web.kit.cookies import SESSION
from web.kit.json_bodies import BadJson, DuplicateKey, TooDeep
from web.kit.limits import TooManyRequests
from web.kit.origin import CODE as CROSS_SITE
from web.kit.origin import SAFE, SAID

Json = dict[str, Any]  # Any: JSON
Responses = dict[int | str, Json]
PROBLEM: Final = "application/problem+json"
CODES: Final = "x-codes"
MULTIPART: Final = "multipart/form-data"
FILE: Final[Json] = {"schema": {"type": "string", "format": "binary"}}
OWN_VALIDATION: Final = ("HTTPValidationError", "ValidationError")

ABOUT: Final = """\
The same shop as in Telegram, for programs. Amounts of credits are integers of hundredths: `100` is one credit.

**Who calls.** `Authorization: Bearer ksd_…`, a key that is made in the profile on the web or by `POST /keys`, or the
token of a session. A key has scopes; what an operation wants is written beside its lock.

**Problems** are `application/problem+json` (RFC 9457). `code` is for programs and never changes; `detail` is a sentence
in the caller's language.

**Sent again.** A POST with an `Idempotency-Key` is done once: the same answer comes again for two days, with
`Idempotent-Replayed: true`; while it runs, 409; for another body, 422. What was refused may be tried again with the
same key. Take a new random key for each purchase: a key that bought something buys nothing else, ever.

**Quotas.** `RateLimit: "default";r=599;t=60` tells how many requests are left, and in how many seconds there are new
ones.

**Lists** are the newest first; `next_cursor` of one part is the `cursor` of the next.
"""

PROBLEM_SCHEMA: Final[Json] = {
    "title": "Problem",
    "description": "What went wrong.",
    "type": "object",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence in the caller's language."},
        "code": {"type": "string", "description": "For programs; it never changes."},
        "errors": {
            "type": "array",
            "description": "What is wrong with each field.",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
                "required": ["field", "code"],
            },
        },
        "price": {"type": "integer", "description": "Of `price_changed`: what it costs now."},
        "needed": {"type": "integer", "description": "Of `insufficient_balance`."},
        "balance": {"type": "integer", "description": "Of `insufficient_balance`."},
        "violated-policies": {"type": "array", "items": {"type": "string"}},
        "trace": {"type": "string", "description": "Of `internal_error`: tell it to the owner."},
    },
    "required": ["type", "title", "status", "detail", "code"],
}
IDEMPOTENCY_KEY: Final[Json] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "New and random for each purchase; the same when it is sent again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!#-~]+$"},
}
NOTHING: Final[Json] = {"application/json": {"schema": {}}}
REPLAY: Final[Json] = {"description": "`true` where it was answered before.", "schema": {"type": "string"}}
_SENTENCES: Final = {
    "internal_error": BROKEN,
    "busy": BUSY,
    "invalid_request": NOT_VALID,
    CROSS_SITE: SAID,
} | {refusal.code: error.message for error, refusal in ALL.items()}


def file_body(kinds: Iterable[str]) -> Json:
    """Of an endpoint that takes a file: in the field `file` of a form, or as the body itself."""
    form: Json = {"type": "object", "properties": {"file": FILE["schema"]}, "required": ["file"]}
    content = {MULTIPART: {"schema": form}} | dict.fromkeys(kinds, FILE)
    return {"requestBody": {"required": True, "content": content}}


def refuses(*errors: type[ShopError]) -> Responses:
    """For `responses=`: what an endpoint refuses of itself."""
    codes: dict[int, set[str]] = defaultdict(set)
    for error in errors:
        codes[ALL[error].status].add(ALL[error].code)
    return {status: {"description": _phrase(status), CODES: sorted(known)} for status, known in codes.items()}


def describe(api: FastAPI, routers: Sequence[APIRouter]) -> Json:
    spec = get_openapi(
        title="Kassandra",
        version="1",
        summary="Predictions by models, for programs.",
        description=ABOUT,
        routes=api.routes,
        servers=[{"url": "/api/v1"}],
    )
    routes = {route.operation_id: route for router in routers for route in router.routes if isinstance(route, ApiRoute)}
    for methods in spec["paths"].values():
        for method, operation in methods.items():
            _complete(operation, routes[operation["operationId"]], method)
    schemas = spec["components"]["schemas"]
    for name in OWN_VALIDATION:
        schemas.pop(name, None)
    schemas["Problem"] = PROBLEM_SCHEMA
    spec["components"]["securitySchemes"] = {
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A key (`ksd_…`), or the token of a session.",
        },
        "cookie": {"type": "apiKey", "in": "cookie", "name": SESSION, "description": "Of a browser that is signed in."},
    }
    named: Json = json.loads(re.sub(r"\bListed_(\w+?)_(?=\")", r"\1List", json.dumps(spec)))
    return named


def _complete(operation: Json, route: ApiRoute, method: str) -> None:
    wants = list(_wants(route.dependant))
    operation["security"] = [{"token": [scope for scope in wants if scope]}, {"cookie": []}] if wants else []
    if wants and wants[0]:
        operation["description"] = f"{operation.get('description', '')}\n\nScope of a key: `{wants[0]}`.".strip()
    responses = operation["responses"]
    for response in responses.values():
        if response.get("content") == NOTHING:
            del response["content"]
    for status, known in sorted(_codes(responses, route, wants, method).items()):
        responses[str(status)] = _problem(status, sorted(known))
    if _is_once(route, wants, method):
        operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
        for status in (status for status in responses if status.startswith("2")):
            responses[status].setdefault("headers", {})[REPLAYED.title()] = REPLAY
    operation["responses"] = dict(sorted(responses.items()))


def _codes(responses: Json, route: ApiRoute, wants: Sequence[str], method: str) -> dict[int, set[str]]:
    """By status: of the endpoint's own, which are taken out of `responses`, and of those that all share."""
    codes: dict[int, set[str]] = defaultdict(set, {500: {"internal_error"}, 503: {"busy"}})
    if method.upper() not in SAFE:
        codes[403].add(CROSS_SITE)
    if "422" in responses and CODES not in responses["422"]:  # FastAPI's own
        codes[422].add("invalid_request")
    for error in _shared(route, wants, method=method):
        codes[ALL[error].status].add(ALL[error].code)
    for status, response in responses.items():
        if CODES in response:
            codes[int(status)] |= set(response.pop(CODES))
    if route.dependant.path_params or route.dependant.query_params or route.body_field is not None:
        codes[422].add("invalid_request")
    return codes


def _shared(route: ApiRoute, wants: Sequence[str], *, method: str) -> Iterator[type[ShopError]]:
    yield TooManyRequests
    if wants:
        yield from (NotSignedIn, BadKey, UserDisabled)
        yield ScopeMissing if wants[0] else SessionWanted
    if _depends(route.dependant, callers.caller):
        yield SecondFactorNeeded
    if route.body_field is not None:
        yield from (BadJson, DuplicateKey, TooDeep, BodyCutOff, BodyTooLarge, NotSupported)
    if _is_once(route, wants, method):
        yield from (BadIdempotencyKey, StillRunning, KeyReused)


def _is_once(route: ApiRoute, wants: Sequence[str], method: str) -> bool:
    return method == "post" and bool(wants) and route.reads_body


def _depends(dependant: Dependant, call: Callable[..., object]) -> bool:
    return any(each.call is call or _depends(each, call) for each in dependant.dependencies)


def _wants(dependant: Dependant) -> Iterator[str]:
    """The scope, or "" for a person, of whoever an endpoint wants; nothing where it wants nobody."""
    for each in dependant.dependencies:
        if each.call is not None and each.call in callers.WANTS:
            yield callers.WANTS[each.call]
        else:
            yield from _wants(each)


def _problem(status: int, codes: Iterable[str]) -> Json:
    """With an example of each code."""
    return {
        "description": f"{_phrase(status)}: {', '.join(f'`{code}`' for code in codes)}",
        "content": {
            PROBLEM: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"value": _example(status, code)} for code in codes},
            }
        },
    }


def _example(status: int, code: str) -> Json:
    return {
        "type": "about:blank",
        "title": _phrase(status),
        "status": status,
        "detail": _SENTENCES[code],
        "code": code,
    }


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase
