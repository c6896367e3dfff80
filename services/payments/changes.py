"""A payment's row changes by compare and set."""

from datetime import datetime
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from db.base import constant
from db.tables.payments import PaymentStatus
from services.payments.queries import PaymentView, payments

OPEN: Final = (PaymentStatus.PENDING, PaymentStatus.WAITING_FOR_CAPTURE)


def change_payment(
    session: Session,
    payment: PaymentView,
    before: tuple[PaymentStatus, ...],
    now: datetime,
    **values: Any,  # Any: the columns' values
) -> bool:
    """Of one that stands at one of `before`; False where another one was quicker."""
    values["updated_at"] = now
    given = {f"new_{name}": value for name, value in values.items()}
    changed = session.connection().execute(_changing(tuple(values), before), given | {"payment": payment.id})
    return changed.first() is not None


@cache
def _changing(columns: tuple[str, ...], before: tuple[PaymentStatus, ...]) -> ReturningUpdate[tuple[UUID]]:
    """Built once for each kind of change."""
    here = (payments.c.id == bindparam("payment")) & payments.c.status.in_([constant(each) for each in before])
    return (
        update(payments)
        .where(here)
        .values({name: bindparam(f"new_{name}") for name in columns})
        .returning(payments.c.id)
    )
