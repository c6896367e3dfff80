"""The one place where a refund's status changes: the provider's answer against our row, in one transaction with the
credits that are taken back and the messages. The payment's row is locked first, then the user, then the lots."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.tables.payments import RefundStatus
from services.billing import ledger
from services.billing.credits import format_credits
from services.billing.merges import merge_of
from services.notifications import outbox
from services.notifications.kinds.payments import PaymentTrouble, RefundEnds, RefundSucceeded
from services.notifications.owners import tell_owners, tell_user
from services.payments.alerts import TROUBLE_PAUSE, PaymentProblem
from services.payments.fulfilment import Fulfilments
from services.payments.merchant import Merchant
from services.payments.providers.base import RemoteRefund
from services.payments.queries import (
    PaymentView,
    RefundView,
    find_payment,
    find_refund,
    parse_id,
    payment_sent_back,
    refunds,
    refunds_of,
)
from services.payments.refunds.begin import due_of, insert_refund, known_refund, total
from services.payments.refunds.money_back import attempts
from services.payments.refunds.paid_lots import paid_lots

log = structlog.get_logger()


def settle(
    session: Session,
    refund_id: UUID,
    remote: RemoteRefund,
    merchant: Merchant,
    now: datetime,
    *,
    fulfilments: Fulfilments,
    seen: bool,
) -> RefundView:
    """Bring our refund to what the provider says. `seen`: who began it sees the end without being told."""
    refund, payment = _locked(session, refund_id)
    wrong = _mismatch(refund, payment, remote)
    if wrong is not None:
        log.error("refund_mismatch", refund_id=str(refund_id), problem=wrong)
        trouble = _trouble(refund, PaymentProblem.REFUND_MISMATCH, wrong)
        tell_owners(session, merchant.owners, trouble, now=now)
        _change(session, refund_id, (RefundStatus.PENDING,), now, next_check_at=now + TROUBLE_PAUSE)
        return refund
    if refund.provider_refund_id is None:
        _change(session, refund_id, (*RefundStatus,), now, provider_refund_id=remote.id)
    if remote.status == RefundStatus.SUCCEEDED:
        _succeed(session, refund, payment, merchant, now, fulfilments=fulfilments)
    elif remote.status == RefundStatus.CANCELED:
        refuse(session, refund_id, remote.cancel_reason or "general_decline", now, seen=seen, owners=merchant.owners)
    return known_refund(session, refund_id)


def learn(
    session: Session, remote: RemoteRefund, new_id: UUID, merchant: Merchant, now: datetime, *, fulfilments: Fulfilments
) -> RefundView | None:
    """Follow what the provider says of a refund of a succeeded payment: one of ours, or one made in the provider's own
    cabinet, which gets a row as `new_id`; one of ours that our books have lost gets its own id back. None where the
    payment is not ours."""
    payment = payment_sent_back(session, merchant.provider, remote)
    if payment is None or find_payment(session, payment.id, lock=True) is None:
        return None
    same = refunds.c.provider_refund_id == remote.id
    known = session.scalar(select(refunds.c.id).where(refunds.c.payment_id == payment.id, same))
    if known is None:  # ours, whose answer this overtook; else the cabinet's
        ours = parse_id(remote.our_id)
        found = None if ours is None else find_refund(session, ours)
        mine = found is not None and found.payment_id == payment.id and found.provider_refund_id in (None, remote.id)
        known = ours if mine else None
        if ours is not None and found is None:
            new_id = ours  # our books have lost it
    if known is None and remote.id == remote.charge_id:  # named after the money, which goes back once
        under_way = (each for each in refunds_of(session, payment.id) if each.status is RefundStatus.PENDING)
        known = next((each.id for each in under_way if each.provider_refund_id is None), None)
    if known is None:
        known = new_id
        insert_refund(session, new_id, payment, remote.amount, now, provider_refund_id=remote.id)
    return settle(session, known, remote, merchant, now, fulfilments=fulfilments, seen=False)


def refuse(
    session: Session, refund_id: UUID, reason: str, now: datetime, *, seen: bool, owners: Collection[int] = ()
) -> RefundView:
    """No money went back; nothing is taken. `owners` hear of one that nobody here began, if anything is still here."""
    refund, payment = _locked(session, refund_id)
    canceled = {"status": RefundStatus.CANCELED, "cancel_reason": reason[:64], "next_check_at": None}
    changed = _change(session, refund_id, (RefundStatus.PENDING,), now, **canceled)
    if changed and not seen and refund.actor_user_id is not None:
        tell_user(session, refund.actor_user_id, _trouble(refund, PaymentProblem.REFUND_FAILED, reason), now=now)
    elif changed and _is_still_here(session, refund, payment):
        tell_owners(session, owners, _trouble(refund, PaymentProblem.MONEY_BACK_FAILED, reason), now=now)
    return known_refund(session, refund_id)


def sent_back(session: Session, payment_id: UUID) -> int:
    return total(refunds_of(session, payment_id), RefundStatus.SUCCEEDED)


def tell_unknown(session: Session, refund: RefundView, merchant: Merchant, now: datetime) -> RefundView:
    """Nobody here can find out whether it was made; the owners look into the provider's cabinet."""
    tell_owners(session, merchant.owners, _trouble(refund, PaymentProblem.REFUND_UNKNOWN), now=now)
    _change(session, refund.id, (RefundStatus.PENDING,), now, next_check_at=now + TROUBLE_PAUSE)
    return known_refund(session, refund.id)


def _succeed(
    session: Session,
    refund: RefundView,
    payment: PaymentView,
    merchant: Merchant,
    now: datetime,
    *,
    fulfilments: Fulfilments,
) -> None:
    """Take the credits back, as far as the payment's own lot still holds them; the rest is owed and shown."""
    before = sent_back(session, payment.id)
    done = {"status": RefundStatus.SUCCEEDED, "cancel_reason": None, "next_check_at": None}
    if not _change(session, refund.id, (RefundStatus.PENDING, RefundStatus.CANCELED), now, **done):
        return
    due, taken = due_of(session, payment, before=before, amount=refund.amount.minor), 0
    paid = paid_lots(session, payment.id, now)
    if due and paid is not None:
        posting = ledger.take_back(
            session,
            user_id=paid.user_id,
            amount=due,
            key=f"refund:{refund.id}",
            now=now,
            lot_ids=paid.ids,
            partly=True,
            refund_id=refund.id,
        )
        taken = 0 if posting is None else -posting.amount
    owed = {"credits_taken": taken, "credits_uncollected": due - taken}
    session.execute(update(refunds).where(refunds.c.id == refund.id).values(owed))
    whole = before + refund.amount.minor >= payment.amount.minor
    ended = fulfilments.of(payment).refunded(session, payment, now) if whole else RefundEnds.NOTHING
    news = RefundSucceeded(refund_id=refund.id, payment_id=payment.id, ended=ended)
    merge = merge_of(session, payment.user_id)
    outbox.put(session, news, user_id=payment.user_id if merge is None else merge.into_user_id, now=now)
    if due > taken and refund.actor_user_id is None:
        trouble = _trouble(refund, PaymentProblem.UNCOLLECTED, format_credits(due - taken))
        tell_owners(session, merchant.owners, trouble, now=now)


def _is_still_here(session: Session, refund: RefundView, payment: PaymentView) -> bool:
    """Money that was to go back by itself; somebody may have sent it at the provider's meanwhile."""
    made = refunds_of(session, payment.id)
    return refund.id in attempts(payment.id, made) and total(made, RefundStatus.SUCCEEDED) < payment.amount.minor


def _trouble(refund: RefundView, problem: PaymentProblem, detail: str = "") -> PaymentTrouble:
    return PaymentTrouble(problem=problem, about=str(refund.id), detail=detail, payment_id=refund.payment_id)


def _mismatch(refund: RefundView, payment: PaymentView, remote: RemoteRefund) -> str | None:
    """What the provider says that our books do not, ours first."""
    ours_and_theirs: tuple[tuple[str, object, object], ...] = (
        ("id", refund.provider_refund_id or remote.id, remote.id),
        _money(payment, remote),
        ("amount", refund.amount.text, remote.amount.text),
        ("currency", refund.amount.currency, remote.amount.currency),
    )
    wrong = [f"{name} {ours} ≠ {theirs}" for name, ours, theirs in ours_and_theirs if ours != theirs]
    return "; ".join(wrong) or None


def _money(payment: PaymentView, remote: RemoteRefund) -> tuple[str, object, object]:
    """What went back, in ours and theirs."""
    if remote.charge_id is not None:
        return "charge", payment.charge_id, remote.charge_id
    return "payment", payment.provider_payment_id, remote.payment_id


def _locked(session: Session, refund_id: UUID) -> tuple[RefundView, PaymentView]:
    """The refund as it stands behind the lock of its payment."""
    payment = find_payment(session, known_refund(session, refund_id).payment_id, lock=True)
    assert payment is not None  # a foreign key says so
    return known_refund(session, refund_id), payment


def _change(
    session: Session,
    refund_id: UUID,
    before: tuple[RefundStatus, ...],
    now: datetime,
    **values: Any,  # Any: the columns' values
) -> bool:
    """Compare and set; False where another one was quicker."""
    here = (refunds.c.id == refund_id) & refunds.c.status.in_(before)
    changed = session.execute(update(refunds).where(here).values(updated_at=now, **values).returning(refunds.c.id))
    return changed.first() is not None
