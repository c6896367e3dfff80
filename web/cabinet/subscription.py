"""A customer's subscription: what is left of it, what will be charged, how to end it; saved cards, past periods."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import RedirectResponse, Response

from i18n.plans import (
    NOT_RESUMED,
    PAID_AHEAD,
    STAYS_BY_HAND,
    moment_of_charge,
    period_line,
    plan_title,
    price_offer,
    price_words,
    standing,
    what_is_left,
    why_not_resumed,
)
from i18n.translator import Html, Translator
from services.errors import N_
from services.payments.providers.reasons import payment_reason
from services.payments.providers.titles import provider_title
from services.plans.consent import consent_text
from services.plans.methods import MethodGone
from services.plans.plans import PlanView
from services.plans.subscriptions import SubscriptionView
from web.cabinet.paying import shown_price
from web.kit.pages import page
from web.kit.viewer import Customer, Me

PLACE: Final = "/subscription"
router = APIRouter(prefix=PLACE)
ON_PAGE: Final = 10
SAID: Final = {
    "canceled": N_("Canceled. Nothing will be charged any more; what is paid stays until its end."),
    "resumed": N_("The plan is renewed by itself again."),
    "agreed": N_("The new price is paid from the next period on."),
    "kept": N_("Your plan stays as it is."),
    "kept_by_hand": STAYS_BY_HAND,
    "removed": N_("The card is removed. Nothing is charged from it any more; what is paid stays until its end."),
}
"""What was done, by the word that stands in the address."""


@router.get("")
async def show_subscription(
    me: Me, said: str = "", number: Annotated[int, Query(alias="page", ge=0, le=100_000)] = 0
) -> Response:
    services, tr = me.site.services, me.tr
    mine = await services.subscriptions.of(me.user.id)
    return page(
        me,
        "cabinet/subscription.html",
        mine=mine,
        title="" if mine is None else plan_title(mine.plan, tr),
        standing="" if mine is None else standing(mine, tr),
        charge="" if mine is None or mine.next_charge is None else moment_of_charge(*mine.next_charge, tr),
        ahead="" if mine is None or mine.paid_ahead is None else _ahead(mine, mine.paid_ahead, tr),
        lefts=() if mine is None else what_is_left(mine, me.titles),
        price="" if mine is None or mine.price is None else _price(mine, tr),
        declined="" if mine is None or not mine.decline_reason else tr.gettext(payment_reason(mine.decline_reason)),
        offered=None if mine is None else mine.offered_price,
        offer="" if mine is None or mine.offered_price is None else price_offer(mine.offered_price, mine, tr),
        can_cancel=mine is not None and mine.can_cancel,
        can_resume=mine is not None and mine.can_resume,
        agreed=agreements(mine, tr),
        not_resumed=tr.gettext(NOT_RESUMED),
        why_not_resumed="" if mine is None else why_not_resumed(mine, tr),
        can_pay=mine is not None and features_pay(me) and mine.is_paid_by_hand,
        cards=await services.payment_methods.of(me.user.id),
        periods=await services.subscriptions.periods(me.user.id, number, ON_PAGE),
        plan_title=plan_title,
        price_words=price_words,
        period_line=period_line,
        provider_title=provider_title,
        said=tr.gettext(SAID[said]) if said in SAID else "",
    )


@router.post("/cancel")
async def cancel(me: Me) -> Response:
    await me.site.services.subscriptions.cancel(me.user.id)
    return _back("canceled")


@router.post("/resume")
async def resume(me: Me) -> Response:
    await me.site.services.subscriptions.resume(me.user.id)
    return _back("resumed")


@router.post("/keep")
async def keep(me: Me) -> Response:
    """The present plan at its present price, in place of what was chosen for the next period."""
    mine = await me.site.services.subscriptions.of(me.user.id)
    if mine is not None:
        await me.site.services.subscriptions.schedule(me.user.id, mine.last_plan.id)
    return _back("kept_by_hand" if mine is not None and mine.was_stopped else "kept")


@router.post("/agree")
async def agree(me: Me, price: Annotated[str, Form()] = "", currency: Annotated[str, Form()] = "") -> Response:
    """To the price that was shown."""
    shown = shown_price(price, currency)
    if shown is not None:
        await me.site.services.subscriptions.agree(me.user.id, shown)
    return _back("agreed" if shown is not None else "")


@router.post("/cards/{hex_id}/remove")
async def remove_card(me: Me, hex_id: str) -> Response:
    try:
        method_id = UUID(hex_id)
    except ValueError:
        raise MethodGone(method_id=hex_id) from None
    await me.site.services.payment_methods.unlink(me.user.id, method_id)
    return _back("removed")


def agreements(mine: SubscriptionView | None, tr: Translator) -> dict[str, str]:
    """What each button lets the shop charge by itself; empty where it is nothing."""
    told = dict.fromkeys(("resume", "keep", "agree"), "")
    if mine is None or mine.last_price is None:
        return told
    charged = mine.is_charged_here
    if mine.can_resume:
        told["resume"] = consent_text(mine.scheduled_price or mine.last_price, mine.next_plan.months, tr.language)
    if charged and mine.scheduled is not None:
        told["keep"] = consent_text(mine.last_price, mine.last_plan.months, tr.language)
    if charged and mine.offered_price is not None:
        told["agree"] = consent_text(mine.offered_price, mine.plan.months, tr.language)
    return told


def _back(said: str) -> Response:
    return RedirectResponse(f"{PLACE}?said={said}" if said else PLACE, status_code=303)


def features_pay(me: Customer) -> bool:
    return me.site.services.plan_checkout is not None


def _ahead(mine: SubscriptionView, plan: PlanView, tr: Translator) -> Html:
    return tr.html(PAID_AHEAD, date=tr.date(mine.runs_until), plan=plan_title(plan, tr))


def _price(mine: SubscriptionView, tr: Translator) -> str:
    assert mine.price is not None
    by_telegram = mine.method is not None and mine.method.by_provider
    return price_words(mine.price, mine.plan.months, tr, by_telegram=by_telegram)
