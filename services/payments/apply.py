"""The one place where a payment's status follows the provider's answer, in one transaction with what that brings and
the message about it."""

from dataclasses import replace
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy.orm import Session

from db.tables.payments import PaymentStatus
from services.notifications import outbox
from services.notifications.kinds.payments import PaymentTrouble
from services.notifications.owners import tell_owners
from services.payments import strays
from services.payments.adopt import Adoption, adopt, before_list
from services.payments.alerts import TROUBLE_PAUSE, PaymentProblem
from services.payments.applied import Applied, Verdict
from services.payments.changes import OPEN, change_payment
from services.payments.closing import cancel
from services.payments.fulfilment import Fulfilment, Fulfilments
from services.payments.merchant import Merchant
from services.payments.news import Fact, news_of
from services.payments.providers.base import RemotePayment
from services.payments.queries import PaymentView, find_by_provider_id, find_payment, parse_id

log = structlog.get_logger()

NOT_KNOWN: Final = "not in our books"
UNKNOWN = {
    Adoption.ANOTHER: Applied.FOREIGN,
    Adoption.UNPROVEN: Applied.UNPROVEN,
    Adoption.UNBOOKED: Applied.UNBOOKED,
}


def apply(
    session: Session, remote: RemotePayment, merchant: Merchant, now: datetime, *, fulfilments: Fulfilments
) -> Verdict:
    """Bring our payment to what the provider says of it. May be repeated and reordered: each status has its effect
    once, and a success counts even after a cancellation. One that our books have lost gets its row back."""
    payment, adoption = _ours(session, merchant.provider, remote), None
    if payment is None:
        adoption = adopt(session, remote, merchant, now)
        if adoption is not Adoption.ADOPTED and merchant.keeps_strays and _is_new(session, remote, merchant):
            return _stray(session, remote, merchant, now, why=NOT_KNOWN)
        if adoption is not Adoption.ADOPTED:
            return Verdict(applied=UNKNOWN[adoption])
        payment = _ours(session, merchant.provider, remote)
        assert payment is not None  # it was inserted, here or elsewhere
    fulfilment = fulfilments.of(payment)
    if (renewal := fulfilment.renewal_of(session, payment, remote, now)) is not None:
        payment, remote = renewal, replace(remote, id=str(renewal.id), our_id=str(renewal.id))
    problem = _mismatch(payment, remote, merchant)
    if problem is not None and (merchant.keeps_strays or _is_second(payment, remote)):
        return _stray(session, remote, merchant, now, why=problem)
    if problem is not None:
        _note_mismatch(session, payment, problem, merchant, now)
        return Verdict(applied=Applied.MISMATCH, payment=payment, problem=problem)
    if remote.confirmation_url is not None and payment.confirmation_url is None:
        change_payment(session, payment, OPEN, now, confirmation_url=remote.confirmation_url, order_id=remote.order_id)
    _note_told(session, payment, remote, now)
    applied = _follow(session, payment, remote, merchant, now, fulfilment=fulfilment)
    if adoption is not None and applied is Applied.UNCHANGED:
        applied = Applied.ADOPTED
    return Verdict(applied=applied, payment=find_payment(session, payment.id))


def _is_second(payment: PaymentView, remote: RemotePayment) -> bool:
    """Other money for what is paid already."""
    return payment.status is PaymentStatus.SUCCEEDED and remote.charge_id not in (None, payment.charge_id)


def _is_new(session: Session, remote: RemotePayment, merchant: Merchant) -> bool:
    """Told by itself just now, or in the provider's list after it was first read: before that it may be of another
    program."""
    return remote.created_at is None or not before_list(session, remote, merchant)


def _stray(session: Session, remote: RemotePayment, merchant: Merchant, now: datetime, *, why: str) -> Verdict:
    """`UNCHANGED` where it is no money, or no news."""
    new = remote.status == PaymentStatus.SUCCEEDED and strays.keep(session, remote, merchant, now, why=why)
    return Verdict(applied=Applied.STRAY if new else Applied.UNCHANGED, problem=why)


def _note_told(session: Session, payment: PaymentView, remote: RemotePayment, now: datetime) -> None:
    """Its id at the provider; once it is paid, whose money it was and what it was taken from. What is only held may be
    let go, and other money come."""
    told: dict[str, object] = {}
    if payment.provider_payment_id is None:
        told["provider_payment_id"] = remote.id
    if remote.status == PaymentStatus.SUCCEEDED:
        told |= {
            name: getattr(remote, name)
            for name in ("charge_id", "payer_id", "card_type", "card_last4")
            if getattr(remote, name) is not None and getattr(payment, name) is None
        }
        if remote.test and not payment.test:
            told["test"] = True
    if told:
        change_payment(session, payment, (*PaymentStatus,), now, **told)


def _ours(session: Session, provider: str, remote: RemotePayment) -> PaymentView | None:
    """Locked; by the provider's id, or by ours in its metadata when a notification overtook the create call."""
    payment = find_by_provider_id(session, provider, remote.id, lock=True)
    if payment is not None:
        return payment
    payment_id = parse_id(remote.our_id)
    return None if payment_id is None else find_payment(session, payment_id, lock=True)


def _mismatch(payment: PaymentView, remote: RemotePayment, merchant: Merchant) -> str | None:
    """What the provider says that our books do not, ours first."""
    ours_and_theirs: tuple[tuple[str, object, object], ...] = (
        ("provider", payment.provider, merchant.provider),
        ("id", payment.provider_payment_id or remote.id, remote.id),
        ("payment_id in metadata", payment.id, parse_id(remote.our_id)),
        ("shop", merchant.shop_id, remote.shop_id),
        ("amount", payment.amount.text, remote.amount.text),
        ("currency", payment.amount.currency, remote.amount.currency),
        ("test", remote.test if merchant.told_test else payment.test, remote.test),
        ("charge", payment.charge_id or remote.charge_id, remote.charge_id or payment.charge_id),
    )
    wrong = [f"{name} {ours} ≠ {theirs}" for name, ours, theirs in ours_and_theirs if ours != theirs]
    return "; ".join(wrong) or None


def _note_mismatch(session: Session, payment: PaymentView, problem: str, merchant: Merchant, now: datetime) -> None:
    log.error("payment_mismatch", payment_id=str(payment.id), problem=problem)
    mismatch, about = PaymentProblem.PAYMENT_MISMATCH, str(payment.id)
    trouble = PaymentTrouble(problem=mismatch, about=about, detail=problem, payment_id=payment.id)
    tell_owners(session, merchant.owners, trouble, now=now)
    change_payment(session, payment, OPEN, now, next_check_at=now + TROUBLE_PAUSE)


def _follow(
    session: Session,
    payment: PaymentView,
    remote: RemotePayment,
    merchant: Merchant,
    now: datetime,
    *,
    fulfilment: Fulfilment,
) -> Applied:
    match remote.status:
        case PaymentStatus.SUCCEEDED:
            return _succeed(session, payment, remote, merchant, now, fulfilment=fulfilment)
        case PaymentStatus.CANCELED:
            return cancel(session, payment, remote.cancel_reason, now, fulfilment)
        case PaymentStatus.WAITING_FOR_CAPTURE:
            return _hold(session, payment, now)
    return Applied.UNCHANGED


def _succeed(
    session: Session,
    payment: PaymentView,
    remote: RemotePayment,
    merchant: Merchant,
    now: datetime,
    *,
    fulfilment: Fulfilment,
) -> Applied:
    """What it brings runs from when we heard of the money, though not from before it was paid: our clock may be
    behind. Of an adopted payment it runs from when it was paid, for it ran before."""
    told = remote.paid_at or now
    paid_at = max(now, told) if payment.adopted_at is None else told
    paid = {"status": PaymentStatus.SUCCEEDED, "paid_at": paid_at, "next_check_at": None, "cancel_reason": None}
    if not change_payment(session, payment, (*OPEN, PaymentStatus.CANCELED), now, **paid):
        return Applied.UNCHANGED
    done = replace(payment, status=PaymentStatus.SUCCEEDED, paid_at=paid_at)
    fulfilment.paid(session, done, remote, merchant, now)
    if not payment.by_itself:
        outbox.put_many(session, [(payment.user_id, news_of(payment, Fact.SUCCEEDED))], now)  # it succeeds once
    return Applied.CREDITED


def _hold(session: Session, payment: PaymentView, now: datetime) -> Applied:
    """A stale answer about a payment that succeeded means nothing; one that was canceled here may still be taken."""
    if payment.status is PaymentStatus.SUCCEEDED:
        return Applied.UNCHANGED
    before = (PaymentStatus.PENDING, PaymentStatus.CANCELED)
    change_payment(session, payment, before, now, status=PaymentStatus.WAITING_FOR_CAPTURE, next_check_at=now, checks=0)
    return Applied.TO_CAPTURE
