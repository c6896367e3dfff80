"""What a period gives besides credits, and what of it is used. A prediction or an answer takes from here first, in the
transaction that would charge for it, and what was not delivered comes back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.plans import AllowanceUnit, AllowanceUse
from services.plans.locks import hold_user
from services.plans.rows import allowances, running_period

uses = table_of(AllowanceUse)

# Built once: building and hashing a statement costs more than SQLite takes to run it.
_of_period = (
    select(allowances)
    .where(allowances.c.period_id == bindparam("period"))
    .order_by(allowances.c.position, allowances.c.id)
)
_take = (
    update(allowances)
    .where(allowances.c.id == bindparam("allowance"), allowances.c.used + bindparam("part") <= allowances.c.amount)
    .values(used=allowances.c.used + bindparam("part"))
    .returning(allowances.c.id)
)
_add_use = insert(uses)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceLeft:
    """`slugs`: of these models and assistants, of all where there are none; `used` of `amount` in the period."""

    unit: AllowanceUnit
    slugs: tuple[str, ...]
    amount: int
    used: int

    @property
    def left(self) -> int:
        return self.amount - self.used

    def covers(self, slug: str) -> bool:
        return not self.slugs or slug in self.slugs


def allowances_of(session: Session, period_id: int) -> tuple[AllowanceLeft, ...]:
    return tuple(map(_left, session.connection().execute(_of_period, {"period": period_id})))


def covers(session: Session, user_id: int, slug: str, now: datetime) -> AllowanceLeft | None:
    """The allowance that the next prediction, or answer, of `slug` would be taken from; None where it costs credits."""
    row = _fitting(session, user_id, slug, now, unit=None)
    return None if row is None else _left(row)


def take_for_prediction(session: Session, user_id: int, slug: str, prediction_id: UUID, now: datetime) -> bool:
    """Whether the plan pays for it; else credits do."""
    hold_user(session, user_id)
    return _take_one(session, user_id, slug, now, prediction_id=prediction_id)


def _take_one(
    session: Session,
    user_id: int,
    slug: str,
    now: datetime,
    *,
    prediction_id: UUID | None = None,
    message_id: UUID | None = None,
) -> bool:
    row = _fitting(session, user_id, slug, now, unit=AllowanceUnit.REQUESTS)
    if row is None:
        return False
    taken = session.connection().execute(_take, {"allowance": row.id, "part": 1}).first()
    if taken is None:
        return False
    cause = {"prediction_id": prediction_id, "message_id": message_id}
    session.connection().execute(
        _add_use, cause | {"allowance_id": row.id, "amount": 1, "returned": 0, "created_at": now}
    )
    return True


def give_back(
    session: Session, *, prediction_id: UUID | None = None, message_id: UUID | None = None, keep: int = 0
) -> int:
    """What was not delivered: all of it but `keep`. Returns how much came back now; 0 where nothing was taken, or all
    of it is back."""
    here = uses.c.prediction_id == prediction_id if message_id is None else uses.c.message_id == message_id
    row = session.execute(select(uses).where(here)).first()
    back: int = 0 if row is None else row.amount - keep - row.returned
    if row is None or back <= 0:
        return 0
    mine = (uses.c.id == row.id) & (uses.c.returned == row.returned)
    if (
        session.execute(update(uses).where(mine).values(returned=row.returned + back).returning(uses.c.id)).first()
        is None
    ):
        return 0
    less = update(allowances).where(allowances.c.id == row.allowance_id)
    session.execute(less.values(used=allowances.c.used - back))
    return back


def _fitting(session: Session, user_id: int, slug: str, now: datetime, *, unit: AllowanceUnit | None) -> AnyRow | None:
    """That of fewer models first: what serves all is kept for the others."""
    period = running_period(session, user_id, now)
    if period is None:
        return None
    rows = session.connection().execute(_of_period, {"period": period.id})
    fit = [row for row in rows if row.used < row.amount and (not row.slugs or slug in row.slugs)]
    fit = [row for row in fit if unit is None or row.unit == unit]
    return min(fit, key=lambda row: (not row.slugs, row.position, row.id), default=None)


def _left(row: AnyRow) -> AllowanceLeft:
    return AllowanceLeft(unit=AllowanceUnit(row.unit), slugs=tuple(row.slugs), amount=row.amount, used=row.used)
