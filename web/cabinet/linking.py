"""Another way in to one's account: Telegram, or an e-mail address. Where that one has an account too, both are shown
before they become one."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from db.tables.identities import LoginPurpose
from services.errors import ShopError
from services.identity.link_changes import TelegramHasAccount
from services.identity.linking import AddressOffer, Pair
from services.identity.login_requests import LoginState
from services.identity.mail_tokens import LinkNotValid
from services.identity.merging import BalanceChanged
from services.identity.sessions import ProveAgain
from services.identity.telegram_login import LoginRefused
from web.cabinet.telegram import begin, failed_page, waiting_page
from web.kit.arrivals import arrival_of, let_in
from web.kit.cookies import asked_login, drop_login
from web.kit.pages import page
from web.kit.refusals import refusal_of
from web.kit.viewer import Customer, Me

router = APIRouter()
MERGED = "/security?done=merged"
Seen = Annotated[int, Form(ge=0, le=2**53)]


@router.get("/link/telegram")
async def link_telegram(request: Request, me: Me) -> Response:
    """As `/sign-in/telegram`. At its end the last question, where that Telegram account has an account here."""
    if me.user.telegram_id is not None:
        return RedirectResponse("/security", status_code=303)
    require_fresh(me)
    asked = await me.site.services.telegram_login.look(*asked_login(request))
    if asked.purpose is not LoginPurpose.LINK or asked.state is LoginState.GONE:
        return await begin(me, LoginPurpose.LINK, user_id=me.user.id)
    if asked.state is LoginState.WAITING:
        return waiting_page(me, asked_login(request)[0], asked.number, linking=True)
    if asked.state is LoginState.REFUSED:
        return failed_page(me, LoginRefused())
    return await _telegram_question(request, me)


@router.post("/link/telegram")
async def join_telegram(request: Request, me: Me, old_balance: Seen, balance: Seen) -> Response:
    asked, arrival = asked_login(request), arrival_of(request, me)
    try:
        opened = await me.site.services.linking.join_telegram(*asked, me.signed_in, (old_balance, balance), arrival)
    except BalanceChanged as error:
        return await _telegram_question(request, me, error)
    except ShopError as error:
        return failed_page(me, error)
    response = await let_in(request, me, opened, MERGED)
    drop_login(response)
    return response


@router.get("/link/email")
async def link_email(me: Me, token: str = "") -> Response:
    """With the `token` of the letter: what its link leads to."""
    if token:
        return await _address_question(me, token)
    if await me.site.services.email_accounts.login(me.user.id) is not None:
        return RedirectResponse("/security", status_code=303)
    require_fresh(me)
    return page(me, "cabinet/account/link_email.html", email="", problem="")


@router.post("/link/email")
async def ask_letter(me: Me, email: Annotated[str, Form()] = "") -> Response:
    try:
        await me.site.services.linking.ask_letter(me.signed_in, email, place=me.device.address)
    except ShopError as error:
        shown = {"email": email, "problem": me.tr.error(error)}
        return page(me, "cabinet/account/link_email.html", status=refusal_of(error).status, **shown)
    return RedirectResponse("/link/email/sent", status_code=303)


@router.get("/link/email/sent")
async def letter_sent(me: Me) -> Response:
    return page(me, "cabinet/account/sent.html", again="/link/email")


@router.post("/link/email/password")
async def add_address(me: Me, token: Annotated[str, Form()] = "", password: Annotated[str, Form()] = "") -> Response:
    try:
        await me.site.services.linking.add_address(token, me.signed_in, password)
    except (LinkNotValid, ProveAgain):
        raise
    except ShopError as error:
        return await _address_question(me, token, error)
    return RedirectResponse("/security?done=linked", status_code=303)


@router.post("/link/email/join")
async def join_address(me: Me, old_balance: Seen, balance: Seen, token: Annotated[str, Form()] = "") -> Response:
    try:
        await me.site.services.linking.join_address(token, me.signed_in, (old_balance, balance))
    except BalanceChanged as error:
        return await _address_question(me, token, error)
    return RedirectResponse(MERGED, status_code=303)


def require_fresh(me: Customer) -> None:
    """Before a form, too, so that nobody fills it in vain. Raises `ProveAgain`."""
    me.signed_in.require_fresh(me.site.clock())


async def _telegram_question(request: Request, me: Customer, error: ShopError | None = None) -> Response:
    linking, asked = me.site.services.linking, asked_login(request)
    try:
        both = await linking.telegram_offer(*asked, me.signed_in)
        if both is None:
            return await _added(request, me)
    except ShopError as refusal:
        return failed_page(me, refusal)
    return _question(me, both, "/link/telegram", error=error)


async def _added(request: Request, me: Customer) -> Response:
    """Nothing is left to ask: they chose the number in a chat that had no account."""
    try:
        await me.site.services.linking.add_telegram(*asked_login(request), me.signed_in)
    except TelegramHasAccount:
        return RedirectResponse("/link/telegram", status_code=303)
    response = RedirectResponse("/security?done=telegram", status_code=303)
    drop_login(response)
    return response


async def _address_question(me: Customer, token: str, error: ShopError | None = None) -> Response:
    """Raises `LinkNotValid`, `CannotMerge`."""
    require_fresh(me)
    offer: AddressOffer = await me.site.services.linking.address_offer(token, me.signed_in)
    if offer.both is not None:
        response = _question(me, offer.both, "/link/email/join", token=token, error=error)
    else:
        status, problem = (refusal_of(error).status, me.tr.error(error)) if error else (200, "")
        shown = {"token": token, "address": offer.address, "problem": problem}
        response = page(me, "cabinet/account/link_password.html", status=status, **shown)
    response.headers["referrer-policy"] = "no-referrer"
    return response


def _question(me: Customer, both: Pair, action: str, *, token: str = "", error: ShopError | None = None) -> Response:
    status, problem = (refusal_of(error).status, me.tr.error(error)) if error else (200, "")
    old, heir = both
    shown = {"old": old, "heir": heir, "action": action, "token": token, "problem": problem}
    return page(me, "cabinet/account/merge.html", status=status, **shown)
