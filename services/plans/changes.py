"""From one plan to another: a dearer one begins when it is paid, a cheaper one when the present period ends."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.currencies import Currency
from db.tables.plans import SubscriptionStatus
from services.errors import N_, ShopError
from services.money import Money
from services.payments.pricing import Pricing
from services.plans.agreeing import agree_anew
from services.plans.endings import paid_one
from services.plans.locks import hold_terms
from services.plans.methods import find_method, stop
from services.plans.next_payment import open_page
from services.plans.plans import OtherPrice, PlanGone, PlanView, find_plan, plan_on_sale
from services.plans.replacing import RefundUnderWay, check_rest, is_being_refunded, unfinished_periods, worth
from services.plans.rows import NOTHING_CHOSEN, live_of, subscriptions


class BeginsAtOnce(ShopError):
    """A dearer plan is not waited for."""

    message = N_("This plan begins as soon as it is paid. Please choose it among the plans.")


class BeginsLater(ShopError):
    """A cheaper plan is not paid now."""

    message = N_("This plan begins when your present period ends; nothing has to be paid now.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeQuote:
    """`returned`: hundredths of a credit, for what is left of the present period; `price` of a period; `starts_at`:
    when the plan would begin, now where `at_once`. `by_hand`: who charges by itself now is told to stop with the
    choice, for it knows one price; the next period is paid by hand, also where the choice is taken back."""

    at_once: bool
    returned: int
    price: Money
    starts_at: datetime
    by_hand: bool = False


def quote_change(session: Session, user_id: int, plan_id: int, now: datetime, pricing: Pricing) -> ChangeQuote:
    """Reads only. Raises `PlanGone`, `RefundUnderWay`, `RestUnpriced`."""
    plan, live = plan_on_sale(session, plan_id), live_of(session, user_id)
    price = price_for(plan, live)
    if live is None or begins_at_once(session, live, plan):
        if live is not None and is_being_refunded(session, live.id, now):
            raise RefundUnderWay(user_id=user_id)
        if live is not None:
            check_rest(session, live.id, pricing, now)
        unfinished = [] if live is None else unfinished_periods(session, live.id, now)
        returned = sum(worth(session, period, pricing, now) for period in unfinished)
        return ChangeQuote(at_once=True, returned=returned, price=price, starts_at=now)
    method = find_method(session, live.method_id)
    by_hand = live.auto_renew and method is not None and method.by_provider
    return ChangeQuote(at_once=False, returned=0, price=price, starts_at=live.ends_at, by_hand=by_hand)


def schedule(session: Session, user_id: int, plan_id: int, now: datetime, shown: Money | None = None) -> None:
    """The plan for the next period, at the price that was `shown`. Choosing the present one takes a choice back. Raises
    `PlanGone`, `BeginsAtOnce`, `NoSubscription`, `OtherPrice`,
    `RenewalUnderWay`."""
    live = paid_one(session, user_id)
    open_page(session, live)  # what is being charged already would take the choice's place
    hold_terms(session, plan_id)
    here = subscriptions.c.id == live.id
    if plan_id == live.plan_id:
        session.execute(update(subscriptions).where(here).values(NOTHING_CHOSEN))
        if live.scheduled_plan_id is not None:
            agree_anew(session, live.id, now)
        return
    plan = plan_on_sale(session, plan_id)
    if begins_at_once(session, live, plan):
        raise BeginsAtOnce(plan_id=plan_id)
    if (price := plan.prices.get(Currency(live.currency))) is None:
        raise PlanGone(plan_id=plan_id)
    if shown not in (None, price):
        raise OtherPrice(plan_id=plan_id)
    chosen = {"scheduled_plan_id": plan_id, "scheduled_price": price.minor, "cancel_at_period_end": False}
    session.execute(update(subscriptions).where(here).values(chosen))
    if stop(session, live.method_id, now):  # who charges by itself knows one price
        session.execute(update(subscriptions).where(here).values(auto_renew=False))
    agree_anew(session, live.id, now)


def price_for(plan: PlanView, live: AnyRow | None) -> Money:
    """In the currency of the subscription, if it is sold for that. Raises `PlanGone` where it has no price."""
    if live is not None and live.currency is not None and Currency(live.currency) in plan.prices:
        return plan.prices[Currency(live.currency)]
    if not plan.prices:
        raise PlanGone(plan_id=plan.id)
    return plan.prices.get(Currency.RUB) or next(iter(plan.prices.values()))


def begins_at_once(session: Session, live: AnyRow, plan: PlanView) -> bool:
    """Nothing that is paid is left, or it costs more for a month, or nobody can tell."""
    if live.price is None or live.status != SubscriptionStatus.ACTIVE:
        return True
    present = find_plan(session, live.plan_id)
    agreed = {Currency(live.currency): live.price}
    known = {currency: money.minor for currency, money in present.prices.items()} | agreed
    shared = [currency for currency in plan.prices if currency in known]
    if not shared:
        return True
    currency = next((each for each in shared if each in agreed), shared[0])
    dearer: bool = plan.prices[currency].minor * present.months > known[currency] * plan.months
    return dearer
