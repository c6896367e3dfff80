"""A forgotten password: a letter is asked for, its link leads to the page that takes a new one."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from db.tables.identities import LetterPurpose
from services.errors import ShopError
from services.identity.mail_tokens import LinkNotValid
from web.cabinet.void_links import void_link
from web.kit.arrivals import arrival_of, let_in
from web.kit.cookies import DEVICE, keep_address, kept_address
from web.kit.pages import page
from web.kit.refusals import refusal_of
from web.kit.viewer import PageViewer, Someone

router = APIRouter()


@router.get("/reset")
async def show_reset(who: Someone) -> Response:
    return page(who, "cabinet/account/reset.html", email="", problem="")


@router.post("/reset")
async def ask_to_reset(request: Request, who: Someone, email: Annotated[str, Form()] = "") -> Response:
    accounts, known = who.site.services.email_accounts, request.cookies.get(DEVICE, "")
    try:
        await accounts.reset(email, language=who.tr.language, place=who.device.address, device_token=known)
    except ShopError as error:
        shown = {"email": email, "problem": who.tr.error(error)}
        return page(who, "cabinet/account/reset.html", status=refusal_of(error).status, **shown)
    response = RedirectResponse("/reset/sent", status_code=303)
    keep_address(response, email.strip())
    return response


@router.get("/reset/sent")
async def asked_to_reset(request: Request, who: Someone) -> Response:
    return page(who, "cabinet/account/sent.html", again="/reset", address=kept_address(request))


@router.get("/reset/confirm")
async def show_new_password(who: Someone, token: str = "") -> Response:
    return await _form(who, token)


@router.post("/reset/confirm")
async def reset_password(
    request: Request,
    who: Someone,
    token: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
) -> Response:
    try:
        opened = await who.site.services.email_accounts.reset_password(token, password, arrival_of(request, who))
    except LinkNotValid as error:
        return void_link(who, error, again="/reset")
    except ShopError as error:
        return await _form(who, token, status=refusal_of(error).status, problem=who.tr.error(error))
    return await let_in(request, who, opened, "/security")


async def _form(who: PageViewer, token: str, *, status: int = 200, problem: str = "") -> Response:
    """Where the link leads is told to nobody."""
    try:
        address = await who.site.services.email_accounts.address_of(token, LetterPurpose.RESET)
    except LinkNotValid as void:
        return void_link(who, void, again="/reset")
    shown = {"token": token, "address": address, "problem": problem}
    response = page(who, "cabinet/account/new_password.html", status=status, **shown)
    response.headers["referrer-policy"] = "no-referrer"
    return response
