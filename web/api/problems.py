"""Problems (RFC 9457): what went wrong in a code for programs and a sentence for people, in the caller's language.
Nothing that was sent is repeated: it may be secret."""

from http import HTTPStatus
from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from db.errors import DatabaseUnavailable
from i18n.translator import Translator
from services.errors import N_, ShopError
from web.kit.refusals import refusal_of
from web.kit.viewer import words_of

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
BUSY = N_("The shop is busy right now. Nothing was lost or charged; please try again in a minute.")
BROKEN = N_(
    "Something went wrong on our side. Nothing was charged. If it happens again, tell the owner this code: {code}"
)
NOT_VALID = N_("Some fields are missing or not what is expected.")
NO_JSON = N_("The body is not JSON that can be read.")


class Problem(JSONResponse):
    """`code`: stable; `detail`: a sentence; `more`: what else programs may want, hence Any."""

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
    headers = {"www-authenticate": "Bearer"} if status == 401 else None
    return Problem(status, code, tr.error(error), headers=headers)


async def _refused(request: Request, error: Exception) -> Problem:
    assert isinstance(error, ShopError)
    return problem_of(error, words_of(request))


async def _not_valid(request: Request, error: Exception) -> Problem:
    assert isinstance(error, RequestValidationError)
    tr = words_of(request)
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return Problem(400, "invalid_json", tr.gettext(NO_JSON))
    errors = [{"field": ".".join(map(str, each["loc"])), "code": each["type"]} for each in error.errors()]
    return Problem(422, "invalid_request", tr.gettext(NOT_VALID), errors=errors)


async def _not_served(request: Request, error: Exception) -> Problem:
    assert isinstance(error, HTTPException)
    code = HTTPStatus(error.status_code).name.lower()
    return Problem(
        error.status_code, code, HTTPStatus(error.status_code).description, headers=dict(error.headers or {})
    )


async def _busy(request: Request, error: Exception) -> Problem:
    log.warning("api_waits_for_database", path=request.url.path, error=str(error))
    return Problem(503, "busy", words_of(request).gettext(BUSY), headers={"retry-after": "5"})


async def _broken(request: Request, error: Exception) -> Problem:
    code = uuid4().hex[:8]
    log.error("api_failed", path=request.url.path, code=code, exc_info=error)
    return Problem(500, "internal_error", words_of(request).gettext(BROKEN, code=code), trace=code)
