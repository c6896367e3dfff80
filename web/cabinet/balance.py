"""What a customer has: credits, when some of them expire, every operation; and the weekly bonus."""

from typing import Annotated, Final

from fastapi import APIRouter, Form, Query
from starlette.responses import RedirectResponse, Response

from i18n.history import operation_words, signed
from i18n.plans import plan_title, standing
from i18n.titles import titles_in
from web.kit.pages import page
from web.kit.viewer import Me

router = APIRouter()
ON_PAGE: Final = 20


@router.get("/balance")
async def show_balance(me: Me, number: Annotated[int, Query(alias="page", ge=0, le=100_000)] = 0) -> Response:
    services = me.site.services
    return page(
        me,
        "cabinet/balance.html",
        operations=await services.statement.page(me.user.id, number, ON_PAGE),
        expiring=await services.statement.expiring(me.user.id),
        titles=await titles_in(me.tr, services.models, presets=False),
        operation_words=operation_words,
        signed=signed,
        mine=await services.subscriptions.of(me.user.id),
        plan_title=plan_title,
        standing=standing,
    )


@router.get("/bonus")
async def show_bonus(me: Me) -> Response:
    bonuses = me.site.services.bonuses
    return page(
        me,
        "cabinet/bonus.html",
        terms=bonuses.terms,
        next_date=bonuses.next_date(),
        last=await bonuses.last(me.user.id),
    )


@router.post("/bonus")
async def tell_of_bonuses(me: Me, news: Annotated[str, Form()] = "") -> Response:
    """`news`: on or off."""
    if news in ("on", "off"):
        await me.site.services.users.mute_bonus(me.user.id, muted=news == "off")
    return RedirectResponse("/bonus", status_code=303)
