"""A customer's tables: which column is which, the order, how it goes, and the file with the answers."""

from contextlib import suppress
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from i18n.scorings import STATES, cell_words, problems_file
from i18n.titles import titles_in
from services.digits import whole_number
from services.errors import ShopError
from services.files.files import parse_file_id
from services.models.offers import ModelNotOnSale, Offer
from services.scoring.choosing import BadColumns, unanswered
from services.scoring.queries import ScoringNotFound, ScoringView
from services.scoring.service import result_name
from services.scoring.submit import ScoringOrder
from web.cabinet.pictures import table_file
from web.cabinet.table_page import DEFAULT, TablePage
from web.kit.pages import page
from web.kit.viewer import Customer, Me

router = APIRouter(prefix="/tables")
ON_PAGE: Final = 20
MOST: Final = 10**12  # hundredths


async def table(me: Me, hex_id: str) -> ScoringView:
    """The customer's own. Raises `ScoringNotFound`, for rubbish too."""
    scoring_id = parse_file_id(hex_id)
    if scoring_id is None:
        raise ScoringNotFound(scoring_id=hex_id)
    return await me.site.services.scorings.get(scoring_id, user_id=me.user.id)


Sent = Annotated[ScoringView, Depends(table)]


@router.get("")
async def show_tables(me: Me, number: Annotated[int, Query(alias="page", ge=0, le=100_000)] = 0) -> Response:
    services = me.site.services
    found = await services.scorings.page(me.user.id, number, ON_PAGE)
    titles = await titles_in(me.tr, services.models, presets=True)
    return page(me, "cabinet/tables.html", tables=found, titles=titles, states=STATES)


@router.get("/{hex_id}")
async def show_table(me: Me, view: Sent) -> Response:
    return await _show(me, view)


@router.post("/{hex_id}/columns")
async def choose_columns(request: Request, me: Me, view: Sent) -> Response:
    """Of all inputs that were asked for at once; what is left open is asked again."""
    offer, services = await _offer(me, view), me.site.services
    async with request.form(max_files=0) as data:
        told = {name: data.get(f"column-{name}") for name in unanswered(view, offer)}
    try:
        for name, column in told.items():
            chosen = _column(column, view)
            if chosen is None and column != DEFAULT:
                continue
            with suppress(BadColumns):
                view = await services.scorings.choose(
                    view.id, offer, user_id=me.user.id, columns={name: chosen}, say=cell_words(me.tr)
                )
    except ScoringNotFound:
        raise
    except ShopError as problem:
        return await _show(me, view, problem)
    return RedirectResponse(f"/tables/{view.id}", status_code=303)


@router.post("/{hex_id}/order")
async def order(me: Me, view: Sent, total: Annotated[int, Form(ge=0, le=MOST)]) -> Response:
    """`total`: the whole price that the page showed. A second time nothing happens."""
    wish = ScoringOrder(scoring_id=view.id, user_id=me.user.id, total=total)
    try:
        await me.site.services.scorings.order(wish)
    except ShopError as problem:
        return await _show(me, view, problem)
    return RedirectResponse(f"/tables/{view.id}", status_code=303)


@router.post("/{hex_id}/drop")
async def drop(me: Me, view: Sent) -> Response:
    offer = await me.site.services.scorings.offer_of(view)
    await me.site.services.scorings.drop(view.id, user_id=me.user.id)
    return RedirectResponse("/" if offer is None else f"/models/{quote(offer.slug)}/table", status_code=303)


@router.post("/{hex_id}/cancel")
async def cancel(me: Me, view: Sent) -> Response:
    await me.site.services.scorings.cancel(view.id, user_id=me.user.id)
    return RedirectResponse(f"/tables/{view.id}", status_code=303)


@router.get("/{hex_id}/state")
async def tell_state(me: Me, view: Sent) -> dict[str, str]:
    shown = TablePage(me=me, view=view)
    return {"state": shown.state, "words": shown.progress}


@router.get("/{hex_id}/result")
async def save_result(me: Me, view: Sent) -> Response:
    """The table with its answers, while it is kept."""
    if (content := await me.site.services.scorings.result(view)) is None:
        raise HTTPException(404)
    return table_file(content, name=result_name(view))


@router.get("/{hex_id}/problems.csv")
async def save_problems(me: Me, view: Sent) -> Response:
    """All rows that cannot be taken."""
    problems = await me.site.services.scorings.problems(view)
    return table_file(problems_file(problems, me.tr), name=f"{view.model_slug}-rows.csv")


async def _show(me: Customer, view: ScoringView, problem: ShopError | None = None) -> Response:
    offer = await me.site.services.scorings.offer_of(view)
    if offer is not None:
        offer = await me.site.services.plan_cover.of(offer, me.user.id)
    return TablePage(me=me, view=view, offer=offer).show(problem)


async def _offer(me: Customer, view: ScoringView) -> Offer:
    offer = await me.site.services.scorings.offer_of(view)
    if offer is None:
        raise ModelNotOnSale(slug=view.model_slug)
    return offer


def _column(told: Any, view: ScoringView) -> int | None:  # Any: a field of a form
    """One that the table has, from 0."""
    return whole_number(told, most=len(view.source.headings) - 1) if isinstance(told, str) and told else None
