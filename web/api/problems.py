"""Problems (RFC 9457): what went wrong in a code for programs and a sentence for people, in the caller's language.
Nothing that was sent is repeated: it may be secret."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final
from uuid import uuid4

import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from db.errors import DatabaseUnavailable
from i18n.failures import BROKEN, BUSY
from i18n.translator import Translator
from services.billing.ledger import InsufficientBalance
from services.errors import N_, ShopError
from services.idempotency import StillRunning
from services.predictions.json_answers import WrongAnswers
from services.predictions.submit import PriceChanged
from web.api.refusals import field_code_of, refusal_of
from web.kit.limits import TooManyRequests
from web.kit.viewer import words_of

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
NOT_VALID = N_("Some fields are missing or not what is expected.")
NOT_FOUND = N_("There is nothing at this address.")
NOT_SERVED = N_("This request was not understood.")
QUOTA_EXCEEDED: Final = "https://iana.org/assignments/http-problem-types#quota-exceeded"
SERVED: Final = {  # what the framework refuses; its own names change with Python's version
    400: ("bad_request", NOT_SERVED),
    404: ("not_found", NOT_FOUND),
    405: ("method_not_allowed", NOT_SERVED),
}


class Problem(JSONResponse):
    """`code`: stable; `detail`: a sentence; `more`: what else programs may want, such as another `type`, hence Any."""

    media_type = MEDIA_TYPE

    def __init__(
        self, status: int, code: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any
    ) -> None:
        body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
        super().__init__(body | {"code": code} | more, status_code=status, headers=headers)


def add_problems(api: FastAPI) -> None:
    api.add_exception_handler(ShopError, _refused)
    api.add_exception_handler(RequestValidationError, _not_valid)
    api.add_exception_handler(HTTPException, _not_served)
    api.add_exception_handler(DatabaseUnavailable, _busy)
    api.add_exception_handler(Exception, _broken)


def problem_of(error: ShopError, tr: Translator) -> Problem:
    status, code = refusal_of(error)
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    more: dict[str, Any] = {}  # Any: as `Problem` takes it
    match error:
        case TooManyRequests():
            headers = {"retry-after": str(error.retry_after)}
            more = {"type": QUOTA_EXCEEDED, "violated-policies": [error.policy]}
        case StillRunning():
            headers = {"retry-after": str(error.retry_after)}
        case PriceChanged():
            more = {"price": error.price}
        case InsufficientBalance():
            more = {"needed": error.needed, "balance": error.balance}
        case WrongAnswers():
            problems = error.problems.items()
            more = {"errors": [_field(f"body.input.{name}", problem, tr) for name, problem in problems]}
    return Problem(status, code, tr.error(error), headers=headers, **more)


def _field(name: str, problem: ShopError, tr: Translator) -> dict[str, str]:
    return {"field": name, "code": field_code_of(problem), "detail": tr.error(problem)}


async def _refused(request: Request, error: Exception) -> Problem:
    assert isinstance(error, ShopError)
    return problem_of(error, words_of(request))


async def _not_valid(request: Request, error: Exception) -> Problem:
    assert isinstance(error, RequestValidationError)
    tr = words_of(request)
    errors = [{"field": ".".join(map(str, each["loc"])), "code": each["type"]} for each in error.errors()]
    return Problem(422, "invalid_request", tr.gettext(NOT_VALID), errors=errors)


async def _not_served(request: Request, error: Exception) -> Problem:
    assert isinstance(error, HTTPException)
    code, said = SERVED.get(error.status_code, ("bad_request", NOT_SERVED))
    said = words_of(request).gettext(said)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers.pop("Allow", None)
        headers["allow"] = ", ".join(sorted(_allowed(request)))
    return Problem(error.status_code, code, said, headers=headers)


def _allowed(request: Request) -> set[str]:
    """All methods of this address: the framework names those of one endpoint."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    routers: Sequence[APIRouter] = request.app.state.routers
    routes = [route for router in routers for route in router.routes if isinstance(route, APIRoute)]
    return {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}


async def _busy(request: Request, error: Exception) -> Problem:
    log.warning("api_waits_for_database", path=request.url.path, error=str(error))
    return Problem(503, "busy", words_of(request).gettext(BUSY), headers={"retry-after": "5"})


async def _broken(request: Request, error: Exception) -> Problem:
    code = uuid4().hex[:8]
    log.error("api_failed", path=request.url.path, code=code, exc_info=error)
    return Problem(500, "internal_error", words_of(request).gettext(BROKEN, code=code), trace=code)
