"""Somebody signs in through a browser, and out again."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from db.tables.identities import SessionKind
from services.identity.arrivals import Arrival, Opened
from web.kit.cookies import DEVICE, DEVICE_KEPT, drop_sessions, keep_session, session_tokens, set_cookie
from web.kit.places import factor_place
from web.kit.viewer import PageViewer


def arrival_of(
    request: Request, who: PageViewer, *, kind: SessionKind = SessionKind.BROWSER, remember: bool = False
) -> Arrival:
    return Arrival(
        kind=kind,
        device=who.device,
        device_token=request.cookies.get(DEVICE, ""),
        remember=remember,
    )


async def let_in(request: Request, who: PageViewer, opened: Opened, place: str, *, remember: bool = False) -> Response:
    """To `place`, by way of the second factor where there is one. The session that the browser had ends."""
    response = RedirectResponse(await way_on(who, opened, place), status_code=303)
    await keep(request, who, response, opened, arrival_of(request, who, remember=remember))
    return response


async def way_on(who: PageViewer, opened: Opened, place: str) -> str:
    """Where the new session goes."""
    found = await who.site.services.web_sessions.find(opened.token)
    return factor_place(place) if found is not None and found.waits_for_factor else place


async def keep(request: Request, who: PageViewer, response: Response, opened: Opened, arrival: Arrival) -> None:
    """The new session takes the place of those that the browser had."""
    await _end_sessions(request, who)
    drop_sessions(response)
    keep_session(response, arrival.kind, opened.token, remember=arrival.remember)
    if arrival.kind is SessionKind.BROWSER:
        set_cookie(response, DEVICE, opened.device_token, seconds=DEVICE_KEPT)


async def let_out(request: Request, who: PageViewer, place: str = "/sign-in") -> Response:
    await _end_sessions(request, who)
    response = RedirectResponse(place, status_code=303)
    drop_sessions(response)
    return response


async def _end_sessions(request: Request, who: PageViewer) -> None:
    for token in session_tokens(request):
        await who.site.services.web_sessions.end(token)
