"""Signing in by the bot: it asks for the number that this page shows, and the page goes on."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import JSONResponse, RedirectResponse, Response

from db.tables.identities import LoginPurpose
from services.errors import ShopError
from services.identity.login_requests import LoginState
from services.identity.telegram_login import LoginRefused
from web.context import Web
from web.kit.arrivals import arrival_of, let_in
from web.kit.cookies import asked_login, drop_login, keep_login
from web.kit.pages import page
from web.kit.places import own_place
from web.kit.refusals import refusal_of
from web.kit.telegram_links import login_link
from web.kit.viewer import PageViewer, Someone, site_of

router = APIRouter()


@router.get("/sign-in/telegram")
async def sign_in(
    request: Request,
    who: Someone,
    place: Annotated[str, Query(alias="next")] = "",
    remember: str = "",
    again: str = "",
) -> Response:
    """The same page all along: it asks, waits, and goes on to `next`. `again`: also for who is signed in and must prove
    once more who they are."""
    if who.signed_in is not None and not who.signed_in.user.disabled and not again:
        return RedirectResponse(own_place(place), status_code=303)
    asked = await who.site.services.telegram_login.look(*asked_login(request))
    if asked.purpose is LoginPurpose.SIGN_IN and asked.state is LoginState.WAITING:
        return waiting_page(who, asked_login(request)[0], asked.number)
    if asked.purpose is LoginPurpose.SIGN_IN and asked.state is not LoginState.GONE:
        return await _answered(request, who, asked.state, own_place(place), remember=bool(remember))
    return await begin(who, LoginPurpose.SIGN_IN)


@router.get("/sign-in/telegram/state")
async def state(request: Request, web: Web) -> Response:
    """For the page's script: whether there is anything new."""
    found = await site_of(web).services.telegram_login.state(*asked_login(request))
    return JSONResponse({"state": found}, headers={"cache-control": "no-store"})


async def begin(who: PageViewer, purpose: LoginPurpose, *, user_id: int | None = None) -> Response:
    """A new question to the bot, in this browser's name."""
    if who.site.bot_username() is None:
        return page(who, "cabinet/account/telegram_wait.html", status=503, link=None, number=0, linking=False)
    try:
        begun = await who.site.services.telegram_login.begin(purpose, who.device, user_id=user_id)
    except ShopError as error:
        return failed_page(who, error)
    response = waiting_page(who, begun.token, begun.number, linking=purpose is LoginPurpose.LINK)
    keep_login(response, begun.token, begun.browser_secret)
    return response


def waiting_page(who: PageViewer, token: str, number: int, *, linking: bool = False) -> Response:
    link = login_link(who.site, token)
    qr = Markup(link.qr)  # noqa: S704 - drawn from our own address
    return page(who, "cabinet/account/telegram_wait.html", link=link, qr=qr, number=number, linking=linking)


def failed_page(who: PageViewer, error: ShopError) -> Response:
    """The next look begins anew."""
    status, said = refusal_of(error).status, who.tr.error(error)
    response = page(who, "cabinet/account/telegram_failed.html", status=status, said=said)
    drop_login(response)
    return response


async def _answered(request: Request, who: PageViewer, state: LoginState, place: str, *, remember: bool) -> Response:
    if state is LoginState.REFUSED:
        return failed_page(who, LoginRefused())
    arrival = arrival_of(request, who, remember=remember)
    try:
        opened = await who.site.services.telegram_login.sign_in(*asked_login(request), arrival)
    except ShopError as error:
        return failed_page(who, error)
    response = await let_in(request, who, opened, place, remember=remember)
    drop_login(response)
    return response
