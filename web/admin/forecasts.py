"""The papers that the shop forecasts by itself: owners set them."""

from fastapi import APIRouter
from starlette.responses import Response

from services.errors import ShopError
from web.admin.kit import Looks, Owns, StaffMember, Typed, go, panel
from web.admin.notices import notice
from web.kit.row_ids import RowId

router = APIRouter(prefix="/admin/forecasts")


@router.get("")
async def show_list(who: Looks, done: str = "") -> Response:
    return await _page(who, done=done)


@router.post("")
async def add_paper(who: Owns, paper: Typed = "", model: Typed = "") -> Response:
    try:
        await who.site.services.instrument_list.add(paper, actor=who.actor, model_slug=model or None)
    except ShopError as error:
        return await _page(who, typed=paper[:64], model=model, problem=who.tr.error(error))
    return go("/admin/forecasts", done="listed")


@router.post("/{listed_id}/off")
async def take_off(who: Owns, listed_id: RowId) -> Response:
    await who.site.services.instrument_list.take_off(listed_id, actor=who.actor)
    return go("/admin/forecasts", done="unlisted")


async def _page(who: StaffMember, *, typed: str = "", model: str = "", done: str = "", problem: str = "") -> Response:
    papers = who.site.services.instrument_list
    return panel(
        who,
        "forecasts.html",
        status=422 if problem else 200,
        papers=await papers.all(),
        models=[(each.slug, who.titles.of(each.slug).text) for each in papers.judged_models],
        typed=typed,
        model=model,
        done=notice(done, who.tr),
        errors={"paper": problem} if problem else {},
    )
