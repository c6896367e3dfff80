"""Whether a customer's plan pays for what they are looking at, to be shown before they buy."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.plans import AllowanceUnit, Plan
from services.clock import Clock
from services.models.offers import Offer, PlanLimit
from services.plans.allowances import allowances_now
from services.plans.plans import list_plans
from services.plans.rows import running_period

_plans = table_of(Plan)


class _Given(Protocol):
    @property
    def unit(self) -> AllowanceUnit: ...
    @property
    def slugs(self) -> tuple[str, ...]: ...
    @property
    def amount(self) -> int: ...


class PlanCover:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def of(self, offer: Offer, user_id: int) -> Offer:
        """The same with what is left of the customer's plan for it, or when there will be more."""
        if offer.price == 0:
            return offer
        return await self._db.read(_cover, offer, user_id, self._clock())


def _cover(session: Session, offer: Offer, user_id: int, now: datetime) -> Offer:
    if session.scalar(select(_plans.c.id).limit(1)) is None:
        return offer
    slug = offer.manifest.slug
    given = [each for each in allowances_now(session, user_id, now) if _is_for(each, slug)]
    if left := [each for each in given if each.left > 0]:
        return replace(offer, plan_left=min(left, key=lambda each: not each.slugs).left)
    period = running_period(session, user_id, now)
    if period is None or not given:
        return offer
    had = _most(given)
    better = [
        (_most(each for each in plan.allowances if _is_for(each, slug)), plan.title)
        for plan in list_plans(session)
        if plan.enabled
    ]
    amount, title = min(((amount, title) for amount, title in better if amount > had), default=(0, None), key=_amount)
    limit = PlanLimit(amount=had, renews_at=period.ends_at, next_title=title, next_amount=amount)
    return replace(offer, plan_limit=limit)


def _is_for(given: _Given, slug: str) -> bool:
    return given.unit is AllowanceUnit.REQUESTS and (not given.slugs or slug in given.slugs)


def _most(given: Iterable[_Given]) -> int:
    return sum(each.amount for each in given)


def _amount(offered: tuple[int, object]) -> int:
    return offered[0]
