"""Plans: what they cost and give, whether they are sold; who subscribes, what comes in, whose charges fail."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Form, Query
from starlette.exceptions import HTTPException
from starlette.responses import Response

from i18n.payments import money_list
from i18n.plans import gives, offered_lines, plan_title, price_words
from services.digits import whole_number
from services.errors import DecidedAlready, ShopError
from services.payments.providers.reasons import payment_reason
from services.payments.providers.titles import provider_title
from services.plans.manage import PlanSold
from services.plans.plan_offer import PlanOffer, check
from services.plans.plans import PlanView
from services.users.search import MAX_ID
from web.admin.kit import Acts, Looks, StaffMember, Typed, confirmation, decide, go, panel
from web.admin.notices import notice
from web.admin.plan_forms import FIELDS, PlanChanged, PlanForm, as_typed, parse

router = APIRouter(prefix="/admin/plans")
PLACE: Final = "/admin/plans"
UP: Final = "up"
ON_PAGE: Final = 20
Number = Annotated[int, Query(alias="page", ge=0, le=100_000)]


@router.get("")
async def show_plans(who: Looks, done: str = "") -> Response:
    reports = who.site.services.plan_reports
    numbers = await reports.numbers()
    return panel(
        who,
        "plans/list.html",
        plans=await who.site.services.plans.all(),
        counts={each.plan.id: each for each in numbers.plans},
        numbers=numbers,
        monthly=money_list(numbers.monthly, who.tr),
        reasons=[(who.tr.gettext(payment_reason(code)), count) for code, count in await reports.failure_reasons()],
        plan_title=plan_title,
        price_words=price_words,
        done=notice(done, who.tr),
    )


@router.get("/subscribers")
async def show_subscribers(who: Looks, number: Number = 0, plan: str = "") -> Response:
    services = who.site.services
    plan_id = whole_number(plan, most=MAX_ID)
    found = await services.plan_reports.subscribers(number, ON_PAGE, plan_id=plan_id)
    return panel(
        who,
        "plans/subscribers.html",
        found=found,
        customers=await services.user_management.lines(each.user_id for each in found.items),
        plans=[(str(each.id), plan_title(each, who.tr)) for each in await services.plans.all() if not each.is_free],
        plan="" if plan_id is None else str(plan_id),
        plan_title=plan_title,
        provider_title=provider_title,
    )


@router.get("/failed")
async def show_failed(who: Looks, number: Number = 0) -> Response:
    services = who.site.services
    found = await services.plan_reports.failed(number, ON_PAGE)
    return panel(
        who,
        "plans/failed.html",
        found=found,
        customers=await services.user_management.lines(each.user_id for each in found.items),
        reason=payment_reason,
        provider_title=provider_title,
    )


@router.get("/new")
async def ask_new(who: Acts) -> Response:
    return _form(who, None, PlanForm(months="1", credits="0", discount="0", trial="0"))


@router.post("/new")
async def create(who: Acts, typed: Annotated[PlanForm, Form()]) -> Response:
    offer, errors = parse(typed)
    if offer is None:
        return _form(who, None, typed, errors=errors)
    try:
        check(offer)
        if not typed.seen:
            return _preview(who, offer, typed)
        await decide(who, typed.nonce)
        await who.site.services.plan_management.create(offer, actor=who.actor)
    except DecidedAlready:
        raise
    except ShopError as error:
        return _refused(who, None, typed, error)
    return go(PLACE, done="created")


@router.get("/{number}")
async def ask_terms(who: Looks, number: str, done: str = "") -> Response:
    plan = await _plan(who, number)
    return _form(who, plan, as_typed(plan), done=notice(done, who.tr))


@router.post("/{number}")
async def edit(who: Acts, number: str, typed: Annotated[PlanForm, Form()]) -> Response:
    plan = await _plan(who, number)
    if typed.was != (now := as_typed(plan)).was:
        return _form(who, plan, now, errors={"name": PlanChanged()})
    offer, errors = parse(typed)
    if offer is None:
        return _form(who, plan, typed, errors=errors)
    try:
        await who.site.services.plan_management.edit(plan.id, offer, actor=who.actor)
    except ShopError as error:
        return _refused(who, plan, typed, error)
    return go(PLACE, done="saved")


@router.post("/{number}/sale")
async def switch(who: Acts, number: str, on: Typed = "") -> Response:
    plan = await _plan(who, number)
    await who.site.services.plan_management.enable(plan.id, enabled=bool(on), actor=who.actor)
    return go(PLACE, done="on-sale" if on else "off-sale")


@router.post("/{number}/move")
async def move(who: Acts, number: str, way: Typed = UP, nonce: Typed = "") -> Response:
    plan = await _plan(who, number)
    await decide(who, nonce)
    await who.site.services.plan_management.move(plan.id, places=-1 if way == UP else 1, actor=who.actor)
    return go(PLACE, done="moved")


@router.post("/{number}/offer")
async def offer_price(who: Acts, number: str, nonce: Typed = "") -> Response:
    """Subscribers whose price is another one are asked; nothing changes for those who do not answer."""
    plan = await _plan(who, number)
    await decide(who, nonce)
    await who.site.services.plan_management.offer_price(plan.id, actor=who.actor)
    return go(f"{PLACE}/{plan.id}", done="price-offered")


def _preview(who: StaffMember, offer: PlanOffer, typed: PlanForm) -> Response:
    """As customers will see it, before it is sold."""
    return confirmation(
        who,
        title=who.tr.gettext("Put this plan on sale? So customers see it:"),
        lines=offered_lines(offer, who.titles),
        yes=who.tr.gettext("✅ Put on sale"),
        action=f"{PLACE}/new",
        back=PLACE,
        fields=typed.model_dump() | {"seen": "yes"},
    )


def _refused(who: StaffMember, plan: PlanView | None, typed: PlanForm, error: ShopError) -> Response:
    field = "months" if isinstance(error, PlanSold) else str(error.params.get("field", "name"))
    return _form(who, plan, typed, errors={FIELDS.get(field, field): error})


def _form(
    who: StaffMember,
    plan: PlanView | None,
    typed: PlanForm,
    *,
    errors: Mapping[str, ShopError] | None = None,
    done: str = "",
) -> Response:
    return panel(
        who,
        "plans/form.html",
        status=422 if errors else 200,
        plan=plan,
        heading=who.tr.gettext("New plan") if plan is None else plan_title(plan, who.tr),
        gives=[] if plan is None else gives(plan, who.titles),
        typed=typed,
        errors={name: who.tr.error(error) for name, error in (errors or {}).items()},
        done=done,
    )


async def _plan(who: StaffMember, number: str) -> PlanView:
    plan_id = whole_number(number, most=MAX_ID)
    if plan_id is None:
        raise HTTPException(404)
    return await who.site.services.plans.get(plan_id)
