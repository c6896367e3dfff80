"""A second factor: it is set up, shown after signing in, and turned off again."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import segno
from fastapi import APIRouter, Form, Query
from markupsafe import Markup
from starlette.responses import RedirectResponse, Response

from services.errors import ShopError
from services.identity.second_factor import app_address
from services.identity.second_factor_rows import FactorOff, FactorOn
from services.identity.sessions import ProveAgain
from web.cabinet.linking import require_fresh
from web.kit.pages import page
from web.kit.places import FACTOR, factor_place, own_place
from web.kit.refusals import refusal_of
from web.kit.viewer import Customer, Me, PageViewer, Someone

router = APIRouter()
KEPT = "/security"  # where recovery codes lead
Code = Annotated[str, Form()]
GoOn = Annotated[str, Form(alias="next")]


@router.get("/second-factor")
async def look(me: Me, place: Annotated[str, Query(alias="next")] = "") -> Response:
    require_fresh(me)
    return await _page(me, place=place)


@router.post("/second-factor/begin")
async def begin(me: Me, place: GoOn = "") -> Response:
    with suppress(FactorOn):  # in another tab
        await me.site.services.second_factor.begin(me.signed_in)
    return _here(place)


@router.post("/second-factor/confirm")
async def confirm(me: Me, code: Code = "", place: GoOn = "") -> Response:
    try:
        codes = await me.site.services.second_factor.confirm(me.signed_in, code)
    except (ProveAgain, FactorOn, FactorOff):
        return _here(place)
    except ShopError as error:
        return await _page(me, error, place=place)
    return _codes(me, codes, place=place)


@router.post("/second-factor/codes")
async def renew(me: Me, code: Code = "") -> Response:
    try:
        codes = await me.site.services.second_factor.renew(me.signed_in, code)
    except (ProveAgain, FactorOff):
        return _here()
    except ShopError as error:
        return await _page(me, error, opened="codes")
    return _codes(me, codes, renewed=True)


@router.post("/second-factor/off")
async def turn_off(me: Me, code: Code = "") -> Response:
    try:
        await me.site.services.second_factor.turn_off(me.signed_in, code)
    except (ProveAgain, FactorOff):
        return _here()
    except ShopError as error:
        return await _page(me, error, opened="off")
    return RedirectResponse("/security?done=factor_off", status_code=303)


@router.get("/second-factor/step")
async def ask(who: Someone, place: Annotated[str, Query(alias="next")] = "") -> Response:
    """After signing in, before anything else."""
    return _gone_on(who, place) or _step(who, place)


@router.post("/second-factor/step")
async def show(who: Someone, code: Code = "", place: GoOn = "") -> Response:
    if who.halfway is None:
        return _gone_on(who, place) or _step(who, place)
    try:
        await who.site.services.second_factor.show(who.halfway, code)
    except FactorOff:
        pass  # turned off meanwhile
    except ShopError as error:
        return _step(who, place, error)
    return RedirectResponse(own_place(place), status_code=303)


def _gone_on(who: PageViewer, place: str) -> Response | None:
    """None where the step is still to be done."""
    if who.halfway is not None:
        return None
    return RedirectResponse(own_place(place) if who.signed_in is not None else "/sign-in", status_code=303)


def _step(who: PageViewer, place: str, error: ShopError | None = None) -> Response:
    status, problem = (refusal_of(error).status, who.tr.error(error)) if error else (200, "")
    shown = {"next": own_place(place), "problem": problem}
    return page(who, "cabinet/account/factor_step.html", status=status, **shown)


def _here(place: str = "") -> Response:
    """The page of the factor; `place`: where to go on from it."""
    return RedirectResponse(factor_place(place, FACTOR) if place else FACTOR, status_code=303)


def _codes(me: Customer, codes: Sequence[str], *, renewed: bool = False, place: str = "") -> Response:
    kept = own_place(place, otherwise=KEPT)
    return page(me, "cabinet/account/recovery_codes.html", codes=codes, renewed=renewed, kept=kept)


async def _page(me: Customer, error: ShopError | None = None, *, opened: str = "", place: str = "") -> Response:
    factor = await me.site.services.second_factor.view(me.user.id)
    secret, address, qr = factor.secret or "", "", ""
    if secret:
        address = app_address(secret, me.user.email or me.user.first_name or str(me.user.id))
        drawn = segno.make(address, error="m", micro=False).svg_inline(omitsize=True, border=3, light="#fff")
        qr = Markup(drawn)  # noqa: S704 - it draws squares
    shown = {
        "factor": factor,
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "address": address,
        "qr": qr,
        "problem": me.tr.error(error) if error else "",
        "opened": opened,
        "next": own_place(place, otherwise=""),
    }
    return page(me, "cabinet/account/second_factor.html", status=refusal_of(error).status if error else 200, **shown)
