"""What a plan gives never becomes less while somebody pays the price that they agreed to for it."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from db.tables.plans import LIVE
from services.errors import N_, ShopError
from services.payments.changes import OPEN
from services.payments.queries import payments
from services.plans.plan_offer import PlanOffer
from services.plans.plans import AllowanceView, PlanView
from services.plans.rows import subscriptions


class GivesLess(ShopError):
    """`field` says of what."""

    message = N_(
        "Somebody pays for this plan, at a price agreed for what it gives, so it cannot give less than now. Make "
        "another plan, and switch this one off."
    )


def check_promises(session: Session, plan: PlanView, offer: PlanOffer) -> None:
    """Raises `GivesLess`."""
    field = _less(plan, offer)
    if field is not None and not plan.is_free and _is_paid_for(session, plan.id):
        raise GivesLess(plan_id=plan.id, field=field)


def _less(plan: PlanView, offer: PlanOffer) -> str | None:
    """Of what it gives less than before."""
    if offer.credits < plan.credits:
        return "credits"
    if offer.discount_percent < plan.discount_percent:
        return "discount_percent"
    taken: dict[int, AllowanceView] = {}
    kept = all(_finds_place(before, offer.allowances, taken, set()) for before in plan.allowances)
    return None if kept else "allowances"


def _finds_place(
    before: AllowanceView, now: Sequence[AllowanceView], taken: dict[int, AllowanceView], tried: set[int]
) -> bool:
    """One of the new ones that gives as much, for itself alone; whoever has it moves on to another one if it can."""
    for place, each in enumerate(now):
        if place in tried or not _is_as_much(each, before):
            continue
        tried.add(place)
        if place not in taken or _finds_place(taken[place], now, taken, tried):
            taken[place] = before
            return True
    return False


def _is_as_much(now: AllowanceView, before: AllowanceView) -> bool:
    serves = not now.slugs or (before.slugs and set(before.slugs) <= set(now.slugs))
    return now.unit == before.unit and now.amount >= before.amount and bool(serves)


def _is_paid_for(session: Session, plan_id: int) -> bool:
    """Somebody has it, chose it for later, or has a page open to pay for it."""
    theirs = or_(subscriptions.c.plan_id == plan_id, subscriptions.c.scheduled_plan_id == plan_id)
    paid = subscriptions.c.status.in_(LIVE) & subscriptions.c.price.is_not(None)
    page = (payments.c.plan_id == plan_id) & payments.c.status.in_(OPEN)
    found = select(subscriptions.c.id).where(theirs, paid).exists() | select(payments.c.id).where(page).exists()
    return bool(session.scalar(select(found)))
