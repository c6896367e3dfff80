"""The one place where a payment's status changes: the provider's answer against our row, in one transaction with the
ledger line, the lot and the message that follow from it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningUpdate

from db.tables.billing import TransactionKind
from db.tables.payments import PaymentStatus
from services.billing import ledger
from services.notifications import outbox
from services.notifications.kinds.payments import PaymentNews, PaymentTrouble
from services.notifications.owners import tell_owners
from services.payments import strays
from services.payments.adopt import Adoption, adopt, before_list
from services.payments.alerts import PaymentProblem
from services.payments.merchant import Merchant
from services.payments.providers.base import RemotePayment
from services.payments.queries import PaymentView, find_by_provider_id, find_payment, parse_id, payments
from services.plans import dunning, periods
from services.plans.by_provider import as_ours, renewal_of

log = structlog.get_logger()

OPEN = (PaymentStatus.PENDING, PaymentStatus.WAITING_FOR_CAPTURE)
LATE_LOOK = timedelta(hours=1)  # after a cancellation: who pays late has paid
LAST_MOMENT = timedelta(minutes=2)  # between the deadline and the news of money that came before it
NOT_KNOWN = "not in our books"
REPLACED = "replaced"
TROUBLE_PAUSE = timedelta(days=1)


class Fact(StrEnum):
    """What the user is told of a payment."""

    READY = "ready"
    """The link that could not be shown at once."""
    SUCCEEDED = "succeeded"
    CANCELED = "canceled"


class Applied(StrEnum):
    UNCHANGED = "unchanged"
    CREDITED = "credited"
    CANCELED = "canceled"
    TO_CAPTURE = "to_capture"
    """The money is held; the shop must take it."""
    MISMATCH = "mismatch"
    """The provider's payment is not the one in our books; nothing was changed."""
    ADOPTED = "adopted"
    """It has a row now, and nothing followed from that yet."""
    UNPROVEN = "unproven"
    UNBOOKED = "unbooked"
    """Paid, perhaps to us, and not in our books: for people to judge."""
    FOREIGN = "foreign"
    """No payment of ours."""
    STRAY = "stray"
    """Money for nothing that we know, or not as it was asked for: kept to be sent back."""


UNKNOWN = {
    Adoption.ANOTHER: Applied.FOREIGN,
    Adoption.UNPROVEN: Applied.UNPROVEN,
    Adoption.UNBOOKED: Applied.UNBOOKED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`payment`: as it stands now; None for one that is not in our books. `problem`: what does not match."""

    applied: Applied
    payment: PaymentView | None = None
    problem: str | None = None


def apply(session: Session, remote: RemotePayment, merchant: Merchant, now: datetime) -> Verdict:
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
    if (renewal := renewal_of(session, payment, remote, now)) is not None:
        payment, remote = renewal, as_ours(remote, renewal)
    problem = _mismatch(payment, remote, merchant)
    if problem is not None and (merchant.keeps_strays or _is_second(payment, remote)):
        return _stray(session, remote, merchant, now, why=problem)
    if problem is not None:
        _note_mismatch(session, payment, problem, merchant, now)
        return Verdict(applied=Applied.MISMATCH, payment=payment, problem=problem)
    if payment.provider_payment_id is None:
        _change(session, payment, (*PaymentStatus,), now, provider_payment_id=remote.id)
    if remote.confirmation_url is not None and payment.confirmation_url is None:
        _change(session, payment, OPEN, now, confirmation_url=remote.confirmation_url, order_id=remote.order_id)
    _note_charge(session, payment, remote, now)
    applied = _follow(session, payment, remote, merchant, now)
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


def _note_charge(session: Session, payment: PaymentView, remote: RemotePayment, now: datetime) -> None:
    """Whose money it was and what it was taken from, as soon as the provider tells."""
    told: dict[str, object] = {
        name: getattr(remote, name)
        for name in ("charge_id", "payer_id", "card_type", "card_last4")
        if getattr(remote, name) is not None and getattr(payment, name) is None
    }
    if remote.test and not payment.test:
        told["test"] = True
    if told:
        _change(session, payment, (*PaymentStatus,), now, **told)


def cancel_unborn(session: Session, payment_id: UUID, reason: str, now: datetime, *, tell: bool) -> Applied:
    """Close a payment that the provider has not made; nobody has its link, so nobody can pay it. `tell`: the user, who
    does not see it happen."""
    payment = find_payment(session, payment_id, lock=True)
    if payment is None or payment.provider_payment_id is not None:
        return Applied.UNCHANGED
    canceled = {"status": PaymentStatus.CANCELED, "cancel_reason": reason[:64], "next_check_at": None}
    if not _change(session, payment, OPEN, now, **canceled):
        return Applied.UNCHANGED
    if payment.method_id is not None:
        dunning.not_made(session, payment, now)
    elif tell:
        _tell(session, payment, Fact.CANCELED, now)
    return Applied.CANCELED


def declined_unborn(session: Session, payment_id: UUID, reason: str, now: datetime) -> Applied:
    """Close the charge of a saved method that the provider would not make."""
    payment = find_payment(session, payment_id, lock=True)
    return Applied.UNCHANGED if payment is None else _cancel(session, payment, reason, now)


def cancel_lost(session: Session, payment_id: UUID, now: datetime) -> Applied:
    """Close a payment that the provider does not know any more."""
    payment = find_payment(session, payment_id, lock=True)
    return Applied.UNCHANGED if payment is None else _cancel(session, payment, "unknown_to_provider", now)


def give_up(session: Session, payment: PaymentView, now: datetime) -> bool:
    """Its buyer has chosen another way of paying. Who pays at its page all the same has paid. False where its money is
    on the way."""
    canceled = {"status": PaymentStatus.CANCELED, "cancel_reason": REPLACED, "next_check_at": now + LATE_LOOK}
    return _change(session, payment, (PaymentStatus.PENDING,), now, checks=0, **canceled)


def expire(session: Session, payment_id: UUID, now: datetime) -> Applied:
    """Close a payment that nobody paid in time. Who paid at the last moment has paid."""
    payment = find_payment(session, payment_id, lock=True)
    if payment is None or payment.deadline_at is None or now < payment.deadline_at + LAST_MOMENT:
        return Applied.UNCHANGED
    return _cancel(session, payment, "expired_on_confirmation", now)


def tell_ready(session: Session, payment: PaymentView, now: datetime) -> None:
    """The link came after the user was told to wait."""
    if payment.is_open and payment.confirmation_url is not None:
        _tell(session, payment, Fact.READY, now)


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
    _change(session, payment, OPEN, now, next_check_at=now + TROUBLE_PAUSE)


def _follow(
    session: Session, payment: PaymentView, remote: RemotePayment, merchant: Merchant, now: datetime
) -> Applied:
    match remote.status:
        case PaymentStatus.SUCCEEDED:
            return _succeed(session, payment, remote, merchant, now)
        case PaymentStatus.CANCELED:
            return _cancel(session, payment, remote.cancel_reason, now)
        case PaymentStatus.WAITING_FOR_CAPTURE:
            return _hold(session, payment, now)
    return Applied.UNCHANGED


def _succeed(
    session: Session, payment: PaymentView, remote: RemotePayment, merchant: Merchant, now: datetime
) -> Applied:
    """The term runs from when we heard of the money, though not from before it was paid: our clock may be behind. Of an
    adopted payment it runs from when it was paid, for it ran before."""
    told = remote.paid_at or now
    paid_at = max(now, told) if payment.adopted_at is None else told
    paid = {"status": PaymentStatus.SUCCEEDED, "paid_at": paid_at, "next_check_at": None, "cancel_reason": None}
    if not _change(session, payment, (*OPEN, PaymentStatus.CANCELED), now, **paid):
        return Applied.UNCHANGED
    if payment.plan_id is None:
        _credit(session, payment, paid_at, now)
    else:
        periods.paid(session, payment, remote, merchant, now)
    if payment.method_id is None:
        outbox.put_many(session, [(payment.user_id, _news(payment, Fact.SUCCEEDED))], now)  # it succeeds once
    return Applied.CREDITED


def _credit(session: Session, payment: PaymentView, paid_at: datetime, now: datetime) -> None:
    expires_at = None if payment.valid_days is None else paid_at + timedelta(days=payment.valid_days)
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


def _cancel(session: Session, payment: PaymentView, reason: str | None, now: datetime) -> Applied:
    canceled = {
        "status": PaymentStatus.CANCELED,
        "cancel_reason": (reason or "general_decline")[:64],
        "next_check_at": now + LATE_LOOK,
        "checks": 0,
    }
    if not _change(session, payment, OPEN, now, **canceled):
        return Applied.UNCHANGED
    if payment.method_id is None:
        _tell(session, payment, Fact.CANCELED, now)
    else:
        dunning.declined(session, payment, reason or "general_decline", now)
    return Applied.CANCELED


def _hold(session: Session, payment: PaymentView, now: datetime) -> Applied:
    """A stale answer about a payment that succeeded means nothing; one that was canceled here may still be taken."""
    if payment.status is PaymentStatus.SUCCEEDED:
        return Applied.UNCHANGED
    before = (PaymentStatus.PENDING, PaymentStatus.CANCELED)
    _change(session, payment, before, now, status=PaymentStatus.WAITING_FOR_CAPTURE, next_check_at=now, checks=0)
    return Applied.TO_CAPTURE


def _change(
    session: Session,
    payment: PaymentView,
    before: tuple[PaymentStatus, ...],
    now: datetime,
    **values: Any,  # Any: the columns' values
) -> bool:
    """Compare and set; False where another one was quicker."""
    values["updated_at"] = now
    given = {f"new_{name}": value for name, value in values.items()}
    changed = session.connection().execute(_changing(tuple(values), before), given | {"payment": payment.id})
    return changed.first() is not None


@cache
def _changing(columns: tuple[str, ...], before: tuple[PaymentStatus, ...]) -> ReturningUpdate[tuple[UUID]]:
    """Built once for each kind of change."""
    here = (payments.c.id == bindparam("payment")) & payments.c.status.in_(before)
    return (
        update(payments)
        .where(here)
        .values({name: bindparam(f"new_{name}") for name in columns})
        .returning(payments.c.id)
    )


def _tell(session: Session, payment: PaymentView, fact: Fact, now: datetime) -> None:
    outbox.put(session, _news(payment, fact), user_id=payment.user_id, now=now)


def _news(payment: PaymentView, fact: Fact) -> PaymentNews:
    return PaymentNews(payment_id=payment.id, fact=fact)
