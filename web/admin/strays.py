"""Money that came for nothing we know: what it is, and sending it back."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from db.tables.payments import StrayStatus
from i18n.payments import stray_facts
from services.digits import whole_number
from services.payments.providers.base import ProviderError
from services.payments.strays import StrayGone, StrayView
from services.users.search import MAX_ID
from web.admin.kit import Acts, Looks, StaffMember, confirmation, go, panel
from web.admin.notices import notice
from web.kit.refusals import refusal_of

PLACE: Final = "/admin/strays"
router = APIRouter(prefix=PLACE)
ON_PAGE: Final = 20


@router.get("")
async def show_strays(
    who: Looks, done: str = "", number: Annotated[int, Query(alias="page", ge=0, le=100_000)] = 0
) -> Response:
    return await _list(who, number, done=notice(done, who.tr))


@router.get("/{number}")
async def ask(who: Acts, number: str) -> Response:
    stray, tr = await _known(who, number), who.tr
    if stray.status is StrayStatus.REFUNDED:
        return go(PLACE, done="refund-succeeded")
    return confirmation(
        who,
        title=tr.gettext("Send money back?"),
        lines=[tr.html("Send <b>{amount}</b> back?", amount=tr.money(stray.rest)), stray_facts(stray, tr)],
        yes=tr.gettext("↩️ Send back"),
        action=f"{PLACE}/{stray.id}",
        back=PLACE,
        danger=True,
    )


@router.post("/{number}")
async def send_back(who: Acts, number: str) -> Response:
    """Once, however often it is posted."""
    stray = await _known(who, number)
    try:
        await who.site.services.strays.send_back(stray.id, actor=who.actor)
    except ProviderError as problem:
        said = who.tr.gettext(
            "⚠️ It did not go back: {words}. It may be tried again.", words=problem.detail or problem.code
        )
        return await _list(who, 0, problem=said, status=refusal_of(problem).status)
    return go(PLACE, done="refund-succeeded")


async def _list(who: StaffMember, number: int, *, done: str = "", problem: str = "", status: int = 200) -> Response:
    found = await who.site.services.strays.page(number, ON_PAGE)
    return panel(who, "strays.html", status=status, found=found, stray_facts=stray_facts, done=done, problem=problem)


async def _known(who: StaffMember, number: str) -> StrayView:
    stray_id = whole_number(number, most=MAX_ID)
    try:
        if stray_id is not None:
            return await who.site.services.strays.get(stray_id)
    except StrayGone:
        pass
    raise HTTPException(404)
