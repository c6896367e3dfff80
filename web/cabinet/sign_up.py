"""An account by e-mail: a letter is asked for, its link leads to the page that makes the account."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from db.tables.identities import LetterPurpose
from services.errors import ShopError
from services.identity.mail_tokens import LinkNotValid
from web.cabinet.void_links import void_link
from web.kit.arrivals import arrival_of, let_in
from web.kit.cookies import keep_address, kept_address
from web.kit.pages import page
from web.kit.refusals import refusal_of
from web.kit.viewer import PageViewer, Someone

router = APIRouter()


class ConfirmForm(BaseModel):
    token: str = ""
    name: str = ""
    password: str = ""
    remember: str = ""


@router.get("/sign-up")
async def show_sign_up(who: Someone) -> Response:
    return page(who, "cabinet/account/sign_up.html", email="", problem="")


@router.post("/sign-up")
async def sign_up(who: Someone, email: Annotated[str, Form()] = "") -> Response:
    try:
        await who.site.services.email_accounts.sign_up(email, language=who.tr.language, place=who.device.address)
    except ShopError as error:
        shown = {"email": email, "problem": who.tr.error(error)}
        return page(who, "cabinet/account/sign_up.html", status=refusal_of(error).status, **shown)
    response = RedirectResponse("/sign-up/sent", status_code=303)
    keep_address(response, email.strip())
    return response


@router.get("/sign-up/sent")
async def signed_up(request: Request, who: Someone) -> Response:
    return page(who, "cabinet/account/sent.html", again="/sign-up", address=kept_address(request))


@router.get("/confirm")
async def show_confirm(who: Someone, token: str = "") -> Response:
    return await _form(who, ConfirmForm(token=token))


@router.post("/confirm")
async def confirm(request: Request, who: Someone, form: Annotated[ConfirmForm, Form()]) -> Response:
    arrival = arrival_of(request, who, remember=bool(form.remember))
    try:
        opened = await who.site.services.email_accounts.confirm(
            form.token, name=form.name, password=form.password, language=who.tr.language, arrival=arrival
        )
    except LinkNotValid as error:
        return void_link(who, error, again="/sign-up")
    except ShopError as error:
        return await _form(who, form, error)
    return await let_in(request, who, opened, "/", remember=arrival.remember)


async def _form(who: PageViewer, form: ConfirmForm, error: ShopError | None = None) -> Response:
    """Where the link leads is told to nobody."""
    try:
        address = await who.site.services.email_accounts.address_of(form.token, LetterPurpose.SIGN_UP)
    except LinkNotValid as void:
        return void_link(who, void, again="/sign-up")
    problem, status = (who.tr.error(error), refusal_of(error).status) if error else ("", 200)
    shown = {"form": form, "address": address, "problem": problem}
    response = page(who, "cabinet/account/confirm.html", status=status, **shown)
    response.headers["referrer-policy"] = "no-referrer"
    return response
