"""Models on sale: price, order, on or off, another try; of assistants also how they do."""

from typing import Annotated, Final

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import Response

from i18n.models import price_words, state_mark, state_words
from i18n.problems import problem_words
from i18n.titles import title_of
from services.billing.credits import format_credits
from services.errors import ChangedMeanwhile, ShopError
from services.models.manage import MAX_PRICE, ModelLine, parse_price
from web.admin.kit import Acts, Looks, StaffMember, Typed, confirmation, decide, go, is_nonce, panel
from web.admin.notices import notice

router = APIRouter(prefix="/admin/models")
PERIODS: Final = (1, 7, 30)  # days
UP: Final = "up"


class PriceForm(BaseModel):
    """`authors`: the author's price again; `was`: the price that was seen."""

    price: str = ""
    authors: str = ""
    was: str = ""
    nonce: str = ""


@router.get("")
async def show_models(who: Looks, done: str = "") -> Response:
    lines = await who.site.services.model_management.all()
    return panel(
        who,
        "models/list.html",
        lines=lines,
        marks=[state_mark(line) for line in lines],
        prices=[price_words(line, line.price, who.tr) for line in lines],
        broken=[(each.slug, problem_words(each.text, who.tr)) for each in who.site.services.models.problems],
        done=notice(done, who.tr),
    )


@router.get("/{slug}")
async def show_model(who: Looks, slug: str, done: str = "") -> Response:
    return await _page(who, await _line(who, slug), done=done)


@router.post("/{slug}/price")
async def set_price(who: Acts, slug: str, typed: Annotated[PriceForm, Form()]) -> Response:
    line = await _line(who, slug)
    try:
        new = None if typed.authors else parse_price(typed.price)
        if typed.was and typed.was != format_credits(line.price):
            raise ChangedMeanwhile(format_credits(line.price))
    except ShopError as error:
        return await _page(who, line, typed=typed.price, errors={"price": who.tr.error(error)})
    if is_nonce(typed.nonce):
        await who.site.services.model_management.set_price(slug, new, actor=who.actor)
        return go(f"/admin/models/{slug}", done="saved")
    after = line.manifest_price if new is None else new
    change = who.tr.html(
        "{before} → <b>{after}</b>",
        before=price_words(line, line.price, who.tr),
        after=price_words(line, after, who.tr),
    )
    return confirmation(
        who,
        title=who.tr.gettext("Change the price?"),
        lines=[title_of(line, who.tr).heading, change, who.tr.html("Who sees the old price is asked again.")],
        yes=who.tr.gettext("Change the price"),
        action=f"/admin/models/{slug}/price",
        back=f"/admin/models/{slug}",
        fields={"price": typed.price, "authors": typed.authors, "was": typed.was},
    )


@router.post("/{slug}/sale")
async def switch(who: Acts, slug: str, on: Typed = "") -> Response:
    await who.site.services.model_management.enable(slug, enabled=bool(on), actor=who.actor)
    return go(f"/admin/models/{slug}", done="on-sale" if on else "off-sale")


@router.post("/{slug}/again")
async def try_again(who: Acts, slug: str) -> Response:
    await who.site.services.model_management.try_again(slug, actor=who.actor)
    return go(f"/admin/models/{slug}", done="again")


@router.post("/{slug}/test")
async def run_example(who: Acts, slug: str) -> Response:
    await who.site.services.model_management.test(slug, actor=who.actor)
    return go(f"/admin/models/{slug}", done="tested")


@router.post("/{slug}/move")
async def move(who: Acts, slug: str, way: Typed = UP, nonce: Typed = "") -> Response:
    await _line(who, slug)
    await decide(who, nonce)
    await who.site.services.model_management.move(slug, places=-1 if way == UP else 1, actor=who.actor)
    return go("/admin/models", done="moved")


async def _line(who: StaffMember, slug: str) -> ModelLine:
    return await who.site.services.model_management.get(slug)


async def _page(
    who: StaffMember, line: ModelLine, *, done: str = "", typed: str = "", errors: dict[str, str] | None = None
) -> Response:
    reports, figures = who.site.services.assistant_reports, []
    if line.is_assistant:
        figures = [(days, await reports.figures(line.slug, days=days)) for days in PERIODS]
    return panel(
        who,
        "models/card.html",
        status=422 if errors else 200,
        line=line,
        title=title_of(line, who.tr),
        state=state_words(line, who.tr),
        price=price_words(line, line.price, who.tr),
        authors_price=price_words(line, line.manifest_price, who.tr),
        was=format_credits(line.price),
        high=who.tr.amount(MAX_PRICE),
        figures=figures,
        test_problem="" if line.tested is None else problem_words(line.tested.problem or "", who.tr),
        typed=typed or who.tr.amount(line.price),
        errors=errors or {},
        done=notice(done, who.tr),
    )
