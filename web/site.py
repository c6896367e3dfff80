"""Pages and the API: who may ask for what, and how what goes wrong is told to people."""

from collections.abc import Mapping
from functools import partial
from urllib.parse import quote
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response

from db.errors import DatabaseUnavailable
from db.tables.identities import SessionKind
from i18n.failures import BROKEN, BUSY
from services.errors import N_, ShopError
from services.identity.second_factor import SecondFactorWanted
from services.identity.sessions import NotSignedIn, ProveAgain, SecondFactorNeeded
from web import admin, cabinet
from web.api import docs
from web.api.app import make_api
from web.context import Site, WebContext, provide
from web.kit.headers import SecurityHeaders, security_headers
from web.kit.origin import SAFE, SameOrigin
from web.kit.pages import STATIC, StaticPages, page
from web.kit.places import FACTOR, FACTOR_STEP, factor_place
from web.kit.refusals import refusal_of
from web.kit.routers import add_pages, routers_of
from web.kit.viewer import PageViewer, place_of, stranger, viewer

log = structlog.get_logger()

NOT_FOUND = N_("There is no such page.")
NOT_UNDERSTOOD = N_("This request was not understood.")
TOO_LARGE = N_("This is too large to be sent at once.")
_WAYS_ON: dict[type[ShopError], str] = {SecondFactorNeeded: FACTOR_STEP, SecondFactorWanted: FACTOR}
_SAID = {404: NOT_FOUND, 413: TOO_LARGE}


def add_site(app: FastAPI, context: WebContext, site: Site) -> None:
    https = site.public_url is not None and site.public_url.startswith("https:")
    app.add_middleware(SameOrigin, public_url=site.public_url)
    headers = security_headers(framers=site.framers, https=https)
    app.add_middleware(SecurityHeaders, headers=headers)
    api = make_api()
    provide(api, context)
    app.mount("/api/v1", api)
    app.mount("/static", StaticPages(directory=STATIC))
    add_pages(app, docs.router, *routers_of(cabinet), *routers_of(admin))
    app.add_exception_handler(ShopError, _refused)
    app.add_exception_handler(HTTPException, _not_served)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(ClientDisconnect, _cut_off)
    app.add_exception_handler(DatabaseUnavailable, _busy)
    app.add_exception_handler(Exception, partial(_broken, headers))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, ShopError)
    if isinstance(error, NotSignedIn) and request.method in SAFE:
        return RedirectResponse(f"/sign-in?next={quote(place_of(request), safe='')}", status_code=303)
    if isinstance(error, SecondFactorNeeded) and request.method in SAFE:
        return RedirectResponse(factor_place(place_of(request)), status_code=303)
    who = await _viewer(request)
    if isinstance(error, ProveAgain) and request.method in SAFE and (page_of_proof := _page_of_proof(who)) is not None:
        return RedirectResponse(f"{page_of_proof}&next={quote(place_of(request), safe='')}", status_code=303)
    more = _WAYS_ON.get(type(error))
    if more is not None and request.method in SAFE:
        more = factor_place(place_of(request), more)
    return _error_page(who, who.tr.error(error), refusal_of(error).status, more=more)


def _page_of_proof(who: PageViewer) -> str | None:
    """Where they show once more who they are: to the bot, or by their password. None within Telegram, which is opened
    anew for that."""
    seen = who.signed_in
    if seen is None or seen.kind is not SessionKind.BROWSER:
        return None
    return "/prove?by=password" if seen.user.telegram_id is None else "/sign-in/telegram?again=yes"


async def _not_served(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    who = await _viewer(request)
    said = _SAID.get(error.status_code, NOT_UNDERSTOOD)
    response = _error_page(who, who.tr.gettext(said), error.status_code)
    response.headers.update(error.headers or {})
    return response


async def _not_understood(request: Request, error: Exception) -> Response:
    who = await _viewer(request)
    return _error_page(who, who.tr.gettext(NOT_UNDERSTOOD), 422)


async def _cut_off(request: Request, error: Exception) -> Response:
    """A form did not come to its end: nobody is there to be told, and nothing is broken."""
    return Response(status_code=400)


async def _busy(request: Request, error: Exception) -> Response:
    """It is not asked who looks: the database would have to say."""
    log.warning("page_waits_for_database", path=request.url.path, error=str(error))
    who = _stranger(request)
    return _error_page(who, who.tr.gettext(BUSY), 503)


async def _broken(headers: Mapping[str, str], request: Request, error: Exception) -> Response:
    code = uuid4().hex[:8]
    log.error("page_failed", path=request.url.path, code=code, exc_info=error)
    who = _stranger(request)
    response = _error_page(who, who.tr.gettext(BROKEN, code=code), 500)
    response.headers.update(headers)
    return response


def _error_page(who: PageViewer, said: str, status: int, *, more: str | None = None) -> Response:
    """`more`: the page where that is mended."""
    return page(who, "error.html", status=status, said=said, more=more)


async def _viewer(request: Request) -> PageViewer:
    return await viewer(request, request.app.state.web)


def _stranger(request: Request) -> PageViewer:
    return stranger(request, request.app.state.web)
