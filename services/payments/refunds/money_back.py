"""Money that bought nothing goes back by itself, and is tried until it has gone."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.tables.payments import RefundStatus
from services.money import Money
from services.payments.queries import PaymentView, find_payment, find_refund, payments, refunded_of, refunds
from services.payments.refunds.begin import insert_refund

log = structlog.get_logger()
DAYS: Final = (1, 2, 4, 7)
"""How long after each try that came to nothing the next one is made; the last one ever after."""


def money_back_of(payment_id: UUID, attempt: int = 1) -> UUID:
    """What its refund would be."""
    return uuid5(payment_id, "money back" if attempt == 1 else f"money back {attempt}")


def is_money_back(refund_id: UUID, payment_id: UUID, made: Collection[UUID]) -> bool:
    """`made`: all refunds of the payment."""
    attempt = 1
    while (tried := money_back_of(payment_id, attempt)) in made and tried != refund_id:
        attempt += 1
    return tried == refund_id


def begin_money_back(session: Session, payment: PaymentView, now: datetime) -> Money | None:
    """All of it that has not gone back yet; the reconciler makes the call. There is one of a payment: None where there
    is nothing more to begin."""
    refund_id, rest = money_back_of(payment.id), payment.amount.minor - refunded_of(session, payment.id)
    if rest <= 0 or find_refund(session, refund_id) is not None:
        return None
    insert_refund(session, refund_id, payment, payment.amount.of(rest), now)
    return payment.amount.of(rest)


def to_try_again(session: Session, now: datetime) -> list[UUID]:
    """Payments whose money should have gone back, and whose last try came to nothing long enough ago."""
    here = payments.c.id == refunds.c.payment_id
    rows = session.execute(
        select(refunds.c.payment_id, func.count(), func.max(refunds.c.updated_at))
        .join(payments, here)
        .where(payments.c.plan_id.is_not(None), refunds.c.status == RefundStatus.CANCELED)
        .where(refunds.c.actor_user_id.is_(None))
        .group_by(refunds.c.payment_id)
    )
    late = [row[0] for row in rows if now - row[2] >= timedelta(days=DAYS[min(row[1], len(DAYS)) - 1])]
    return [each for each in late if _rest(session, each)]


def _rest(session: Session, payment_id: UUID) -> int:
    """Minor units that neither went back nor are going."""
    payment = find_payment(session, payment_id)
    return 0 if payment is None else payment.amount.minor - refunded_of(session, payment_id)


def try_again(session: Session, payment_id: UUID, now: datetime) -> bool:
    """Another refund of what is still here; False where there is none to be made."""
    payment = find_payment(session, payment_id, lock=True)
    if payment is None or payment_id not in to_try_again(session, now):
        return False
    rest, attempt = payment.amount.minor - refunded_of(session, payment_id), 1
    while find_refund(session, money_back_of(payment_id, attempt)) is not None:
        attempt += 1
    if rest <= 0 or attempt == 1:
        return False
    insert_refund(session, money_back_of(payment_id, attempt), payment, payment.amount.of(rest), now)
    log.info("money_back_again", payment_id=str(payment_id), attempt=attempt)
    return True
