"""What a period gives besides credits, and what of it is used. A prediction or an answer takes from here first, in the
transaction that would charge for it, and what was not delivered comes back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.plans import AllowanceUnit, AllowanceUse, SubscriptionStatus
from services.plans.free import had_already, open_free
from services.plans.locks import hold_user
from services.plans.plans import PlanView, free_plan
from services.plans.rows import allowances, live_of, running_period

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
_unit_of = (
    select(allowances.c.unit)
    .join(uses, uses.c.allowance_id == allowances.c.id)
    .where(uses.c.message_id == bindparam("message"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceLeft:
    """`slugs`: of these models and assistants, of all where there are none; `used` of `amount` in the period. `id`: 0
    where the period is not opened yet."""

    id: int = 0
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
    """The allowance that the next prediction, or answer, of `slug` would be taken from; None where it costs credits.
    The free plan counts before its period is opened."""
    return next(iter(fitting(allowances_now(session, user_id, now), slug)), None)


def allowances_now(session: Session, user_id: int, now: datetime) -> tuple[AllowanceLeft, ...]:
    """What a user's plan gives now; opens nothing."""
    if (period := running_period(session, user_id, now)) is not None:
        return allowances_of(session, period.id)
    live, plan = live_of(session, user_id), free_plan(session)
    if plan is None or (live is not None and (live.price is not None or live.status != SubscriptionStatus.ACTIVE)):
        return ()
    return free_allowances(session, user_id, plan, now)


def free_allowances(session: Session, user_id: int, plan: PlanView, now: datetime) -> tuple[AllowanceLeft, ...]:
    """Of the free plan, whose period is not opened yet; all used by who had them with an account that is gone."""
    had = had_already(session, user_id, now) is not None
    return tuple(
        AllowanceLeft(unit=each.unit, slugs=tuple(each.slugs), amount=each.amount, used=each.amount if had else 0)
        for each in plan.allowances
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowanceClaim:
    """What was taken of an allowance, for `note_use` to say what for."""

    allowance_id: int
    unit: AllowanceUnit
    amount: int


def take_for_prediction(session: Session, user_id: int, slug: str, prediction_id: UUID, now: datetime) -> bool:
    """Whether the plan pays for it; else credits do."""
    claim = _claim(session, user_id, slug, now, {AllowanceUnit.REQUESTS: (1, 1)})
    if claim is not None:
        note_use(session, claim, now, prediction_id=prediction_id)
    return claim is not None


def take_for_rows(session: Session, user_id: int, slug: str, now: datetime, *, scoring_id: UUID, rows: int) -> bool:
    """Whether the plan pays for so many rows of a table: for all of them, or credits do."""
    claim = _claim(session, user_id, slug, now, {AllowanceUnit.REQUESTS: (rows, rows)})
    if claim is not None:
        note_use(session, claim, now, scoring_id=scoring_id)
    return claim is not None


def claim_for_answer(
    session: Session, user_id: int, slug: str, now: datetime, *, least: int, most: int
) -> AllowanceClaim | None:
    """A request, or `most` tokens, or as many as there are, `least` of them. None where credits pay."""
    parts = {AllowanceUnit.REQUESTS: (1, 1), AllowanceUnit.TOKENS: (least, most)}
    return _claim(session, user_id, slug, now, parts)


def note_use(
    session: Session,
    claim: AllowanceClaim,
    now: datetime,
    *,
    prediction_id: UUID | None = None,
    message_id: UUID | None = None,
    scoring_id: UUID | None = None,
) -> None:
    """Its row has to be there."""
    cause = {"prediction_id": prediction_id, "message_id": message_id, "scoring_id": scoring_id}
    row = cause | {"allowance_id": claim.allowance_id, "amount": claim.amount, "returned": 0, "created_at": now}
    session.connection().execute(_add_use, row)


def _claim(
    session: Session,
    user_id: int,
    slug: str,
    now: datetime,
    parts: Mapping[AllowanceUnit, tuple[int, int]],
) -> AllowanceClaim | None:
    """`parts`: how much at least, and at most, by unit."""
    if (period := open_free(session, user_id, now)) is None:
        return None
    hold_user(session, user_id)
    for left in fitting(allowances_of(session, period.id), slug):
        least, most = parts.get(left.unit, (left.left + 1, 0))
        if left.left < least:
            continue
        claim = AllowanceClaim(allowance_id=left.id, unit=left.unit, amount=min(most, left.left))
        facts = {"allowance": claim.allowance_id, "part": claim.amount}
        if session.connection().execute(_take, facts).first() is not None:
            return claim
    return None


def settle_answer(session: Session, message_id: UUID, tokens: int | None) -> None:
    """`tokens`: that were used; None where nothing was delivered. A request that was answered is used up."""
    unit = session.connection().execute(_unit_of, {"message": message_id}).scalar()
    if unit is not None and (tokens is None or unit == AllowanceUnit.TOKENS):
        give_back(session, message_id=message_id, keep=tokens or 0)


def give_back(
    session: Session,
    *,
    prediction_id: UUID | None = None,
    message_id: UUID | None = None,
    scoring_id: UUID | None = None,
    keep: int = 0,
) -> int:
    """What was not delivered: all of it but `keep`. Returns how much came back now; 0 where nothing was taken, or all
    of it is back."""
    if scoring_id is not None:
        here = uses.c.scoring_id == scoring_id
    else:
        here = uses.c.prediction_id == prediction_id if message_id is None else uses.c.message_id == message_id
    row = session.execute(select(uses).where(here)).first()
    back: int = 0 if row is None else row.amount - min(keep, row.amount) - row.returned
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


def fitting(given: Iterable[AllowanceLeft], slug: str) -> list[AllowanceLeft]:
    """Those of fewer models first: what serves all is kept for the others."""
    return sorted((each for each in given if each.left > 0 and each.covers(slug)), key=lambda each: not each.slugs)


def _left(row: AnyRow) -> AllowanceLeft:
    unit = AllowanceUnit(row.unit)
    return AllowanceLeft(id=row.id, unit=unit, slugs=tuple(row.slugs), amount=row.amount, used=row.used)
