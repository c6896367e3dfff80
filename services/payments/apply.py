"""The one place where a payment's status changes: the provider's answer against our row, in one transaction with the
ledger line, the lot and the message that follow from it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from db.billing import TransactionKind
from db.payments import PaymentStatus
from services import outbox
from services.billing import ledger
from services.payments.provider import RemotePayment
from services.payments.terms import Terms
from services.payments.views import PaymentView, find_payment, payments

log = structlog.get_logger()

OPEN = (PaymentStatus.PENDING, PaymentStatus.WAITING_FOR_CAPTURE)


class Applied(StrEnum):
    UNCHANGED = "unchanged"
    CREDITED = "credited"
    CANCELED = "canceled"
    TO_CAPTURE = "to_capture"
    """The money is held; the shop must take it."""
    MISMATCH = "mismatch"
    """The provider's payment is not the one in our books; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    applied: Applied
    problem: str | None = None


def apply(session: Session, payment: PaymentView, remote: RemotePayment, *, terms: Terms, now: datetime) -> Verdict:
    """Bring our payment to what the provider says of it. May be repeated and reordered: each status has its effect
    once, and a success counts even after a cancellation."""
    problem = _mismatch(payment, remote, terms)
    if problem is not None:
        log.error("payment_mismatch", payment_id=str(payment.id), problem=problem)
        return Verdict(applied=Applied.MISMATCH, problem=problem)
    if payment.provider_payment_id is None:
        _change(session, payment, (*PaymentStatus,), now, provider_payment_id=remote.id)
    match remote.status:
        case PaymentStatus.SUCCEEDED:
            return Verdict(applied=_succeed(session, payment, now))
        case PaymentStatus.CANCELED:
            return Verdict(applied=_cancel(session, payment, remote.cancel_reason, now))
        case PaymentStatus.WAITING_FOR_CAPTURE:
            status = PaymentStatus.WAITING_FOR_CAPTURE
            _change(session, payment, (PaymentStatus.PENDING,), now, status=status)
            return Verdict(applied=Applied.TO_CAPTURE)
    return Verdict(applied=Applied.UNCHANGED)


def _mismatch(payment: PaymentView, remote: RemotePayment, terms: Terms) -> str | None:
    """What the provider says that our books do not."""
    ours_and_theirs: tuple[tuple[str, object, object], ...] = (
        ("id", payment.provider_payment_id or remote.id, remote.id),
        ("payment_id in metadata", str(payment.id), remote.our_id),
        ("shop", terms.shop_id, remote.shop_id),
        ("amount", payment.amount_kopecks, remote.amount_kopecks),
        ("currency", payment.currency, remote.currency),
        ("test", payment.test, remote.test),
    )
    wrong = [f"{name}: {ours} in our books, {theirs} there" for name, ours, theirs in ours_and_theirs if ours != theirs]
    return "; ".join(wrong) or None


def _succeed(session: Session, payment: PaymentView, now: datetime) -> Applied:
    before = (*OPEN, PaymentStatus.CANCELED)  # who pays late has paid
    paid = {"status": PaymentStatus.SUCCEEDED, "paid_at": now, "next_check_at": None, "cancel_reason": None}
    if not _change(session, payment, before, now, **paid):
        return Applied.UNCHANGED
    expires_at = None if payment.valid_days is None else now + timedelta(days=payment.valid_days)
    ledger.grant(
        session,
        user_id=payment.user_id,
        amount=payment.credits,
        kind=TransactionKind.TOPUP,
        key=f"topup:{payment.id}",
        now=now,
        expires_at=expires_at,
        payment_id=payment.id,
    )
    _tell(session, payment, "succeeded", now)
    return Applied.CREDITED


def _cancel(session: Session, payment: PaymentView, reason: str | None, now: datetime) -> Applied:
    canceled = {"status": PaymentStatus.CANCELED, "cancel_reason": reason and reason[:64], "next_check_at": None}
    if not _change(session, payment, OPEN, now, **canceled):
        return Applied.UNCHANGED
    _tell(session, payment, "canceled", now)
    return Applied.CANCELED


def cancel_unborn(session: Session, payment_id: UUID, reason: str, now: datetime) -> None:
    """Close a payment that the provider refused to make."""
    payment = find_payment(session, payment_id)
    if payment is not None and payment.provider_payment_id is None:
        _cancel(session, payment, reason, now)


def _change(
    session: Session, payment: PaymentView, before: tuple[PaymentStatus, ...], now: datetime, **values: Any
) -> bool:
    """Compare and set; False where another one was quicker."""
    here = (payments.c.id == payment.id) & payments.c.status.in_(before)
    changed = session.execute(update(payments).where(here).values(updated_at=now, **values).returning(payments.c.id))
    return changed.first() is not None


def _tell(session: Session, payment: PaymentView, fact: str, now: datetime) -> None:
    outbox.enqueue(
        session,
        user_id=payment.user_id,
        kind="payment",
        payload={"payment_id": payment.id.hex, "fact": fact},
        key=f"payment:{payment.id}:{fact}",
        now=now,
    )
