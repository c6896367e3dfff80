"""Ways in to one's account, where one is signed in, and what is changed there."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from db.tables.identities import LetterPurpose, SessionKind
from i18n.devices import device_name
from i18n.translator import Translator
from services.errors import N_, ShopError
from services.identity.sessions import SessionView
from web.kit.cookies import DEVICE
from web.kit.pages import page
from web.kit.refusals import refusal_of
from web.kit.row_ids import RowId
from web.kit.viewer import Customer, Me

router = APIRouter()

KINDS = {
    SessionKind.BROWSER: N_("Browser"),
    SessionKind.MINI_APP: N_("In Telegram"),
    SessionKind.API: N_("Application"),
}
DONE = {
    "password": N_("The password is changed. All other devices are signed out."),
    "address": N_("A letter is on its way to the new address. Follow its link; until then the old one counts."),
    "confirmed": N_("The address is confirmed: sign in by it from now on."),
    "ended": N_("Signed out there."),
    "linked": N_("The address is linked: sign in by it, too."),
    "telegram": N_("Telegram is linked: come in by it, too."),
    "factor_off": N_("The second factor is off."),
    "merged": N_("Your two accounts are one now. Everything that you had is here."),
}
"""What is said after a step, by the word that stands in the address."""


@router.get("/security")
async def security(me: Me, done: str = "") -> Response:
    said = DONE.get(done)
    return await _page(me, done=me.tr.gettext(said) if said else "")


@router.post("/security/sessions/end-others")
async def end_others(me: Me) -> Response:
    await me.site.services.web_sessions.end_others(me.user.id, but=me.signed_in.session_id)
    return _back("ended")


@router.post("/security/sessions/{session_id}/end")
async def end_session(me: Me, session_id: RowId) -> Response:
    await me.site.services.web_sessions.end_one(session_id, user_id=me.user.id)
    return _back("ended")


@router.post("/security/password")
async def change_password(
    request: Request, me: Me, current: Annotated[str, Form()] = "", password: Annotated[str, Form()] = ""
) -> Response:
    accounts, known = me.site.services.email_accounts, request.cookies.get(DEVICE, "")
    try:
        await accounts.change_password(me.signed_in, current=current, new=password, device_token=known)
    except ShopError as error:
        return await _page(me, error, opened="password")
    return _back("password")


@router.post("/security/address")
async def change_address(me: Me, email: Annotated[str, Form()] = "", own: Annotated[str, Form()] = "") -> Response:
    accounts, place = me.site.services.email_accounts, me.device.address
    try:
        await accounts.change_address(me.signed_in, email, password=own, place=place)
    except ShopError as error:
        return await _page(me, error, opened="address", email=email)
    return _back("address")


@router.get("/confirm-address")
async def show_confirm_address(me: Me, token: str = "") -> Response:
    accounts, purpose = me.site.services.email_accounts, LetterPurpose.CHANGE_ADDRESS
    address = await accounts.address_of(token, purpose, user_id=me.user.id)
    response = page(me, "cabinet/account/confirm_address.html", token=token, address=address)
    response.headers["referrer-policy"] = "no-referrer"
    return response


@router.post("/confirm-address")
async def confirm_address(me: Me, token: Annotated[str, Form()] = "") -> Response:
    await me.site.services.email_accounts.confirm_address(token, user_id=me.user.id)
    return _back("confirmed")


async def _page(
    me: Customer, error: ShopError | None = None, *, done: str = "", opened: str = "", email: str = ""
) -> Response:
    services = me.site.services
    shown: dict[str, Any] = {  # Any: whatever the template names
        "login": await services.email_accounts.login(me.user.id),
        "sessions": await services.web_sessions.all(me.user.id, current=me.signed_in.session_id),
        "factor_on": me.signed_in.factor_on,
        "devices": partial(_device, me.tr),
        "kinds": {kind: me.tr.gettext(said) for kind, said in KINDS.items()},
    }
    said = {"done": done, "problem": me.tr.error(error) if error else "", "opened": opened, "email": email}
    return page(me, "cabinet/account/security.html", status=refusal_of(error).status if error else 200, **shown, **said)


def _device(tr: Translator, session: SessionView) -> str:
    return device_name(session.device.agent, tr)


def _back(done: str) -> Response:
    return RedirectResponse(f"/security?done={done}", status_code=303)
