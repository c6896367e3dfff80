"""Whether a customer's plan pays for what they are looking at, to be shown before they buy."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.plans import AllowanceUnit, Plan
from services.chats.service import AssistantView, PlanShare
from services.clock import Clock
from services.models.offers import Offer, PlanLimit
from services.plans.allowances import AllowanceLeft, allowances_now, fitting
from services.plans.free import had_already
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


G = TypeVar("G", bound=_Given)


class PlanCover:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def of(self, offer: Offer, user_id: int) -> Offer:
        """The same with what is left of the customer's plan for it, or when there will be more."""
        if offer.price == 0:
            return offer
        return await self._db.read(_cover, offer, user_id, self._clock())

    async def of_assistants(self, assistants: Iterable[AssistantView], user_id: int) -> list[AssistantView]:
        """As `of`."""
        return await self._db.read(_cover_assistants, list(assistants), user_id, self._clock())

    async def of_assistant(self, assistant: AssistantView, user_id: int) -> AssistantView:
        """As `of`."""
        (covered,) = await self.of_assistants([assistant], user_id)
        return covered


def _cover(session: Session, offer: Offer, user_id: int, now: datetime) -> Offer:
    if not _sells_plans(session):
        return offer
    slug, units = offer.manifest.slug, (AllowanceUnit.REQUESTS,)
    given = _for(allowances_now(session, user_id, now), slug, units)
    if left := fitting(given, slug):
        return replace(offer, plan_lefts=tuple(each.left for each in left))
    return replace(offer, plan_limit=_limit(session, given, slug, user_id, now))


def _cover_assistants(
    session: Session, assistants: Sequence[AssistantView], user_id: int, now: datetime
) -> list[AssistantView]:
    if not _sells_plans(session):
        return list(assistants)
    given = allowances_now(session, user_id, now)
    return [
        each if each.prices.free else replace(each, plan=_share(session, each.model_slug, given, user_id, now))
        for each in assistants
    ]


def _share(
    session: Session, slug: str, given: Iterable[AllowanceLeft], user_id: int, now: datetime
) -> PlanShare | None:
    mine = _for(given, slug, tuple(AllowanceUnit))
    left = {unit: sum(each.left for each in mine if each.unit is unit) for unit in AllowanceUnit}
    if not any(left.values()):
        limit = _limit(session, mine, slug, user_id, now)
        return None if limit is None else PlanShare(limit=limit)
    for_one = max((each.left for each in mine if each.unit is AllowanceUnit.TOKENS), default=0)
    return PlanShare(requests=left[AllowanceUnit.REQUESTS], tokens=left[AllowanceUnit.TOKENS], for_one=for_one)


def _limit(
    session: Session, used_up: Sequence[AllowanceLeft], slug: str, user_id: int, now: datetime
) -> PlanLimit | None:
    """With the least of the plans that would give more."""
    period = running_period(session, user_id, now)
    renews_at = had_already(session, user_id, now) if period is None else period.ends_at
    if renews_at is None or not used_up:
        return None
    unit = used_up[0].unit
    had = _most(_for(used_up, slug, (unit,)))
    better = [(_most(_for(plan.allowances, slug, (unit,))), plan.title) for plan in list_plans(session) if plan.enabled]
    more = [(amount, title) for amount, title in better if amount > had]
    amount, title = min(more, default=(0, None), key=lambda each: each[0])
    return PlanLimit(unit=unit, amount=had, renews_at=renews_at, next_title=title, next_amount=amount)


def _sells_plans(session: Session) -> bool:
    return session.scalar(select(_plans.c.id).limit(1)) is not None


def _for(given: Iterable[G], slug: str, units: tuple[AllowanceUnit, ...]) -> list[G]:
    return [each for each in given if each.unit in units and (not each.slugs or slug in each.slugs)]


def _most(given: Iterable[_Given]) -> int:
    return sum(each.amount for each in given)
