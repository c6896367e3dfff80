"""A period begins: its row, its credits, its allowances."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.tables.billing import TransactionKind
from db.tables.plans import PeriodKind
from services.billing import ledger
from services.plans.plans import PlanView
from services.plans.rows import allowances, periods

_add_period, _add_allowance = insert(periods).returning(periods.c.id), insert(allowances)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPeriod:
    """`number` in its subscription; `credits`: hundredths."""

    subscription_id: UUID
    user_id: int
    plan: PlanView
    number: int
    kind: PeriodKind
    starts_at: datetime
    ends_at: datetime
    payment_id: UUID | None = None
    credits: int = 0


def open_period(session: Session, new: NewPeriod, now: datetime) -> int:
    """Its id. What a plan gives is copied: changes of the plan are for later periods."""
    row = {
        "subscription_id": new.subscription_id,
        "user_id": new.user_id,
        "plan_id": new.plan.id,
        "number": new.number,
        "kind": new.kind,
        "starts_at": new.starts_at,
        "ends_at": new.ends_at,
        "payment_id": new.payment_id,
        "credits": new.credits,
        "created_at": now,
    }
    period_id: int = session.connection().execute(_add_period, row).scalar_one()
    given = [
        {
            "period_id": period_id,
            "unit": each.unit,
            "slugs": list(each.slugs),
            "amount": each.amount,
            "used": 0,
            "position": place,
        }
        for place, each in enumerate(new.plan.allowances)
    ]
    if given:
        session.connection().execute(_add_allowance, given)
    if new.credits:
        ledger.grant(
            session,
            user_id=new.user_id,
            amount=new.credits,
            kind=TransactionKind.PERIOD,
            key=f"period:{period_id}",
            now=now,
            expires_at=new.ends_at,
            period_id=period_id,
        )
    return period_id
