"""Plans as an owner has made them."""

from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.plans import AllowanceUnit, PeriodAllowance, Plan, PlanAllowance

_plans, _allowances, _given = table_of(Plan), table_of(PlanAllowance), table_of(PeriodAllowance)


def add_free_plan(session: Session, now: datetime, *, unit: AllowanceUnit, amount: int, slugs: tuple[str, ...]) -> int:
    """Everybody's who has no other."""
    row = {
        "name": "free",
        "title": {"ru": "Даром", "en": "Free"},
        "months": 1,
        "credits": 0,
        "discount_percent": 0,
        "trial_days": 0,
        "is_free": True,
        "enabled": True,
        "position": 100,
        "created_at": now,
    }
    plan_id: int = session.execute(insert(_plans).values(row).returning(_plans.c.id)).scalar_one()
    given = {"plan_id": plan_id, "unit": unit, "amount": amount, "slugs": list(slugs), "position": 100}
    session.execute(insert(_allowances), given)
    return plan_id


def end_free_plan(session: Session) -> None:
    session.execute(update(_plans).values(enabled=False))


def used(session: Session) -> list[int]:
    """Of each allowance that was given, oldest first."""
    return list(session.scalars(select(_given.c.used).order_by(_given.c.id)))
