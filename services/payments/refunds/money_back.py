"""Money that bought nothing goes back by itself, and is tried until it has gone."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count, takewhile
from typing import Final
from uuid import UUID, uuid5

import structlog
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from db.tables.payments import RefundStatus
from services.money import Money
from services.payments.queries import (
    PaymentView,
    RefundView,
    find_payment,
    find_refund,
    payments,
    refunded_of,
    refunds,
    refunds_of,
)
from services.payments.refunds.begin import insert_refund

log = structlog.get_logger()
DAYS: Final = (1, 2, 4, 7)
"""How long after each try that came to nothing the next one is made; the last one ever after."""


def money_back_of(payment_id: UUID, attempt: int = 1) -> UUID:
    """What its refund would be."""
    return uuid5(payment_id, "money back" if attempt == 1 else f"money back {attempt}")


def attempts(payment_id: UUID, made: Sequence[RefundView]) -> list[UUID]:
    """Those of all refunds of the payment that were to send such money back, in their order."""
    ids = {refund.id for refund in made}
    return list(takewhile(ids.__contains__, (money_back_of(payment_id, attempt) for attempt in count(1))))


def begin_money_back(session: Session, payment: PaymentView, now: datetime) -> Money | None:
    """All of it that has not gone back yet; the reconciler makes the call. There is one of a payment: None where there
    is nothing more to begin."""
    refund_id, rest = money_back_of(payment.id), payment.amount.minor - refunded_of(session, payment.id)
    if rest <= 0 or find_refund(session, refund_id) is not None:
        return None
    insert_refund(session, refund_id, payment, payment.amount.of(rest), now)
    return payment.amount.of(rest)


def to_try_again(session: Session, now: datetime) -> list[UUID]:
    """Payments of which something is still here that should have gone back, and whose last try came to nothing long
    enough ago."""
    canceled = refunds.c.status == RefundStatus.CANCELED
    failed = canceled & refunds.c.actor_user_id.is_(None)
    tries, last = func.count(case((failed, 1))), func.max(case((failed, refunds.c.updated_at)))
    gone = func.sum(case((canceled, 0), else_=refunds.c.amount_kopecks))
    rows = session.execute(
        select(refunds.c.payment_id, tries, last)
        .join(payments, payments.c.id == refunds.c.payment_id)
        .where(payments.c.plan_id.is_not(None))
        .group_by(refunds.c.payment_id, payments.c.amount_kopecks)
        .having(tries > 0, gone < payments.c.amount_kopecks)
    )
    return [row[0] for row in rows if now - row[2] >= timedelta(days=DAYS[min(row[1], len(DAYS)) - 1])]


def try_again(session: Session, payment_id: UUID, now: datetime) -> bool:
    """Another refund of what is still here; False where there is none to be made."""
    payment = find_payment(session, payment_id, lock=True)
    tried = attempts(payment_id, refunds_of(session, payment_id))
    rest = 0 if payment is None else payment.amount.minor - refunded_of(session, payment_id)
    if payment is None or rest <= 0 or not tried:
        return False
    attempt = len(tried) + 1
    insert_refund(session, money_back_of(payment_id, attempt), payment, payment.amount.of(rest), now)
    log.info("money_back_again", payment_id=str(payment_id), attempt=attempt)
    return True
