"""Plans as they are sold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.currencies import Currency
from db.tables.plans import AllowanceUnit, Plan, PlanAllowance, PlanPrice
from services.errors import N_, ShopError
from services.features import PlanShelf
from services.money import Money

plans, prices, plan_allowances = table_of(Plan), table_of(PlanPrice), table_of(PlanAllowance)


# Built once: building and hashing a statement costs more than SQLite takes to run it.
_LISTED = (plans.c.position, plans.c.id)
_GIVEN = (plan_allowances.c.position, plan_allowances.c.id)
_all = (select(plans).order_by(*_LISTED), select(prices), select(plan_allowances).order_by(*_GIVEN))
_free = select(plans.c.id).where(plans.c.is_free, plans.c.enabled)
_one = (
    select(plans).where(plans.c.id == bindparam("plan")),
    select(prices).where(prices.c.plan_id == bindparam("plan")),
    select(plan_allowances).where(plan_allowances.c.plan_id == bindparam("plan")).order_by(*_GIVEN),
)


class PlanGone(ShopError):
    message = N_("This plan is not sold any more. Please choose another one.")


class OtherTerms(ShopError):
    message = N_("What the plan gives has changed since it was shown. Please look at it once more.")


class OtherPrice(ShopError):
    message = N_("The price has changed since it was shown. Please look at it once more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceView:
    """`amount` a period of the models and assistants `slugs`; of all where there are none."""

    unit: AllowanceUnit
    amount: int
    slugs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """`title`, `description`: {ru, en}; `months` of a period; `credits` of a period, in hundredths; `prices` for new
    subscribers."""

    id: int
    name: str
    title: dict[str, str]
    description: dict[str, str]
    months: int
    credits: int
    discount_percent: int
    trial_days: int
    is_free: bool
    enabled: bool
    position: int
    prices: Mapping[Currency, Money]
    allowances: tuple[AllowanceView, ...]

    @property
    def terms(self) -> str:
        """A mark of what a period gives: who saw another one saw another plan."""
        given = [f"{each.unit}:{each.amount}:{','.join(each.slugs)}" for each in self.allowances]
        whole = ";".join((*map(str, (self.months, self.credits, self.discount_percent)), *given))
        return f"{crc32(whole.encode()):08x}"


class Plans:
    """Plans to look at."""

    def __init__(self, db: Database, shelf: PlanShelf) -> None:
        self._db = db
        self._shelf = shelf

    async def on_sale(self) -> list[PlanView]:
        """In the order that admins gave them, the free one too."""
        return [plan for plan in await self.all() if plan.enabled]

    async def all(self) -> list[PlanView]:
        """Also sees whether any are sold."""
        found = await self._db.read(list_plans)
        self._shelf.sold = any(plan.enabled for plan in found)
        return found

    async def get(self, plan_id: int) -> PlanView:
        """On sale or not. Raises `PlanGone`."""
        return await self._db.read(find_plan, plan_id)


def list_plans(session: Session) -> list[PlanView]:
    return _views(session, _all)


def find_plan(session: Session, plan_id: int) -> PlanView:
    """Raises `PlanGone`."""
    found = _views(session, _one, plan=plan_id)
    if not found:
        raise PlanGone(plan_id=plan_id)
    return found[0]


def plan_on_sale(session: Session, plan_id: int) -> PlanView:
    """Raises `PlanGone`."""
    plan = find_plan(session, plan_id)
    if not plan.enabled:
        raise PlanGone(plan_id=plan_id)
    return plan


def free_plan(session: Session) -> PlanView | None:
    """Everybody's who has no other."""
    plan_id = session.connection().execute(_free).scalar()
    return None if plan_id is None else find_plan(session, plan_id)


def _views(session: Session, queries: tuple[Select[Any], ...], **given: int) -> list[PlanView]:  # Any: of whatever
    rows, sold, gives = (session.connection().execute(query, given).all() for query in queries)
    return [_view(row, sold, gives) for row in rows]


def _view(row: AnyRow, sold: Sequence[AnyRow], gives: Sequence[AnyRow]) -> PlanView:
    asked = {Currency(each.currency): each.amount for each in sold if each.plan_id == row.id}
    return PlanView(
        id=row.id,
        name=row.name,
        title=row.title,
        description=row.description or {},
        months=row.months,
        credits=row.credits,
        discount_percent=row.discount_percent,
        trial_days=row.trial_days,
        is_free=row.is_free,
        enabled=row.enabled,
        position=row.position,
        prices={currency: Money(amount, currency) for currency, amount in asked.items()},
        allowances=tuple(
            AllowanceView(unit=AllowanceUnit(each.unit), amount=each.amount, slugs=tuple(each.slugs))
            for each in gives
            if each.plan_id == row.id
        ),
    )
