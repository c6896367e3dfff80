"""Payments as screens and other services need them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.payments import Payment, PaymentStatus

payments = table_of(Payment)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """Amounts in kopecks, credits in hundredths."""

    id: UUID
    user_id: int
    package_id: int | None
    provider: str
    provider_payment_id: str | None
    status: PaymentStatus
    amount_kopecks: int
    currency: str
    credits: int
    valid_days: int | None
    test: bool
    description: str
    receipt_email: str | None
    confirmation_url: str | None
    cancel_reason: str | None
    chat_id: int | None
    message_id: int | None
    checks: int
    created_at: datetime
    paid_at: datetime | None


def payment_view(row: AnyRow) -> PaymentView:
    fields = {name: getattr(row, name) for name in PaymentView.__slots__}
    return PaymentView(**fields | {"status": PaymentStatus(row.status)})


def find_payment(session: Session, payment_id: UUID) -> PaymentView | None:
    row = session.execute(select(payments).where(payments.c.id == payment_id)).first()
    return None if row is None else payment_view(row)


def find_by_provider_id(session: Session, provider: str, provider_payment_id: str) -> PaymentView | None:
    here = (payments.c.provider == provider) & (payments.c.provider_payment_id == provider_payment_id)
    row = session.execute(select(payments).where(here)).first()
    return None if row is None else payment_view(row)
