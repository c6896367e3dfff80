"""Pages of others cannot act here in the name of whoever looks at them (CSRF). Browsers say where a request comes from:
by `Sec-Fetch-Site`, older ones by `Origin`."""

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.errors import N_
from web.kit.viewer import words_of

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
SAID: Final = N_("This was sent by a page of another site, so nothing was done.")
CODE: Final = "cross_site_request"
OURS: Final = frozenset({"same-origin", "none"})


class SameOrigin:
    """Refuses what changes something and comes from a page of another site. What comes from no browser bears no cookie,
    and has other proofs. `public_url`: of ours, as the world knows it."""

    def __init__(self, app: ASGIApp, *, public_url: str | None) -> None:
        self._app = app
        self._host = None if public_url is None else urlsplit(public_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE and not self._is_ours(Headers(scope=scope)):
            await _refusal(Request(scope))(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        if (site := headers.get("sec-fetch-site")) is not None:
            return site in OURS
        if (origin := headers.get("origin")) is not None:
            return _host_of(origin) in {self._host, headers.get("host")} - {None, ""}
        return "cookie" not in headers


def _host_of(origin: str) -> str:
    """Empty where it is no address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _refusal(request: Request) -> Response:
    """To a program as the API tells problems."""
    said = words_of(request).gettext(SAID)
    if not request.url.path.startswith("/api/"):
        return PlainTextResponse(said, status_code=403)
    problem = {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": said, "code": CODE}
    return JSONResponse(problem, 403, media_type="application/problem+json")
