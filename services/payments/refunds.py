"""Money sent back: our row first, then the provider; a success takes the credits back in the same transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.billing import Lot, LotEntry, Transaction, TransactionKind
from db.engine import Database
from db.payments import PaymentStatus, Refund, RefundStatus
from services import outbox
from services.billing import ledger
from services.billing.credits import format_credits
from services.clock import Clock
from services.errors import N_, ShopError
from services.payments.money import to_text
from services.payments.provider import NewRefund, NotFound, Provider, ProviderError, Receipt, Refused, RemoteRefund
from services.payments.terms import Terms
from services.payments.topup import PaymentNotFound
from services.payments.views import PaymentView, find_by_provider_id, find_payment, payments

log = structlog.get_logger()

_refunds, _lines, _entries, _lots = table_of(Refund), table_of(Transaction), table_of(LotEntry), table_of(Lot)
PAUSES = tuple(timedelta(seconds=s) for s in (20, 60, 120, 300, 900, 3600))
KEY_LIVES = timedelta(hours=23)


class NotRefundable(ShopError):
    message = N_("Only a payment that succeeded can be refunded.")


class RefundTooLarge(ShopError):
    message = N_("At most {rest} ₽ of this payment can still be refunded.")

    def __init__(self, *, rest: int) -> None:
        self.rest = rest
        super().__init__(rest=to_text(rest))


class RefundNeedsConfirmation(ShopError):
    """The customer has already spent credits that this refund should take back."""

    message = N_("{held} of the {due} credits to take back are left: the rest is already spent. Refund all the same?")

    def __init__(self, *, due: int, held: int) -> None:
        self.due = due
        self.held = held
        super().__init__(due=format_credits(due), held=format_credits(held))


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundView:
    """Amount in kopecks; credits in hundredths: taken back, and owed because they had been spent."""

    id: UUID
    payment_id: UUID
    provider_refund_id: str | None
    status: RefundStatus
    amount_kopecks: int
    currency: str
    credits_taken: int
    credits_uncollected: int
    actor_telegram_id: int | None
    reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWish:
    """`id` is the same for every repeat of one decision; `confirmed`: also where credits are spent already."""

    id: UUID
    payment_id: UUID
    amount_kopecks: int
    actor_telegram_id: int
    reason: str | None = None
    confirmed: bool = False


class Refunds:
    def __init__(self, db: Database, clock: Clock, provider: Provider, terms: Terms) -> None:
        self._db = db
        self._clock = clock
        self._provider = provider
        self._terms = terms

    async def start(self, wish: RefundWish) -> RefundView:
        """Raises `PaymentNotFound`, `NotRefundable`, `RefundTooLarge`, `RefundNeedsConfirmation`; leaves of
        `ProviderError` when the provider refused, `ResultUnknown` when it did not answer: then the reconciler goes on."""
        refund = await self._db.write(_begin, wish, self._clock())
        return refund if refund.status is not RefundStatus.PENDING else await self.send(refund)

    async def send(self, refund: RefundView) -> RefundView:
        """Ask the provider to do our refund; with the same key, so repeating is safe within its day."""
        payment = await self._db.read(find_payment, refund.payment_id)
        assert payment is not None
        try:
            remote = await self._provider.refund(self._order(refund, payment))
        except (Refused, NotFound) as error:
            await self._db.write(_refuse, refund.id, error.code, self._clock())
            raise
        return await self._db.write(_apply, refund.id, remote, self._clock())

    async def learn(self, provider_refund_id: str) -> str | None:
        """Follow a hint about a refund, one made in the provider's own cabinet too. Returns why nothing followed, or
        None; raises `ProviderError`."""
        remote = await self._provider.get_refund(provider_refund_id)
        return await self._db.write(_learn, remote, self._provider.name, uuid4(), self._clock())

    async def check_due(self, limit: int = 20) -> list[RefundView]:
        """Ask for the unfinished refunds whose time has come; returns those that ended."""
        ended = []
        for refund in await self._db.write(_claim, self._clock(), limit):
            try:
                now = await self._check(refund)
            except ProviderError as error:
                log.warning("refund_not_checked", refund_id=str(refund.id), code=error.code)
                continue
            if now.status is not RefundStatus.PENDING:
                ended.append(now)
        return ended

    async def _check(self, refund: RefundView) -> RefundView:
        if refund.provider_refund_id is not None:
            remote = await self._provider.get_refund(refund.provider_refund_id)
            return await self._db.write(_apply, refund.id, remote, self._clock())
        if self._clock() - refund.created_at > KEY_LIVES:  # a repeat could be a second refund now: people must look
            log.error("refund_unknown", refund_id=str(refund.id))
            return refund
        return await self.send(refund)

    def _order(self, refund: RefundView, payment: PaymentView) -> NewRefund:
        receipt = None
        if self._terms.vat_code is not None and payment.receipt_email is not None:
            receipt = Receipt(
                email=payment.receipt_email, description=payment.description, vat_code=self._terms.vat_code
            )
        return NewRefund(
            id=refund.id,
            provider_payment_id=payment.provider_payment_id or "",
            amount_kopecks=refund.amount_kopecks,
            currency=refund.currency,
            description=refund.reason or payment.description,
            receipt=receipt,
        )


def _begin(session: Session, wish: RefundWish, now: datetime) -> RefundView:
    if (known := _find(session, wish.id)) is not None:
        return known
    session.execute(select(payments.c.id).where(payments.c.id == wish.payment_id).with_for_update())
    payment = find_payment(session, wish.payment_id)
    if payment is None:
        raise PaymentNotFound(payment_id=wish.payment_id)
    if payment.status is not PaymentStatus.SUCCEEDED or payment.provider_payment_id is None:
        raise NotRefundable(payment_id=wish.payment_id)
    rest = payment.amount_kopecks - _sum(session, payment.id, _refunds.c.amount_kopecks)
    if not 0 < wish.amount_kopecks <= rest:
        raise RefundTooLarge(rest=rest)
    due, held = _due(session, payment, wish.amount_kopecks), _held(session, payment.id)
    if held < due and not wish.confirmed:
        raise RefundNeedsConfirmation(due=due, held=held)
    return _insert(
        session, wish.id, payment, wish.amount_kopecks, now, actor=wish.actor_telegram_id, reason=wish.reason
    )


def _insert(
    session: Session, refund_id: UUID, payment: PaymentView, amount: int, now: datetime, **more: Any
) -> RefundView:
    row = {
        "id": refund_id,
        "payment_id": payment.id,
        "status": RefundStatus.PENDING,
        "amount_kopecks": amount,
        "currency": payment.currency,
        "credits_taken": 0,
        "credits_uncollected": 0,
        "actor_telegram_id": more.get("actor"),
        "reason": more.get("reason"),
        "provider_refund_id": more.get("provider_refund_id"),
        "next_check_at": now + PAUSES[0],
        "created_at": now,
        "updated_at": now,
    }
    session.execute(insert(_refunds), row)
    refund = _find(session, refund_id)
    assert refund is not None
    return refund


def _apply(session: Session, refund_id: UUID, remote: RemoteRefund, now: datetime) -> RefundView:
    refund = _find(session, refund_id)
    assert refund is not None
    if (remote.amount_kopecks, remote.currency) != (refund.amount_kopecks, refund.currency):
        log.error("refund_mismatch", refund_id=str(refund_id), theirs=remote.amount_kopecks, ours=refund.amount_kopecks)
        return refund
    _change(session, refund_id, now, provider_refund_id=remote.id)
    if remote.status == RefundStatus.SUCCEEDED:
        _succeed(session, refund, now)
    elif remote.status == RefundStatus.CANCELED:
        _refuse(session, refund_id, remote.cancel_reason or "canceled", now)
    refund = _find(session, refund_id)
    assert refund is not None
    return refund


def _succeed(session: Session, refund: RefundView, now: datetime) -> None:
    """Take the credits back, as far as the payment's own lot still holds them; the rest is owed and shown."""
    if not _change(session, refund.id, now, status=RefundStatus.SUCCEEDED, next_check_at=None):
        return
    payment = find_payment(session, refund.payment_id)
    assert payment is not None
    due, lot_id, taken = _due(session, payment, refund.amount_kopecks), _lot(session, payment.id), 0
    if due and lot_id is not None:
        posting = ledger.take_back(
            session,
            user_id=payment.user_id,
            amount=due,
            key=f"refund:{refund.id}",
            now=now,
            lot_id=lot_id,
            partly=True,
            refund_id=refund.id,
        )
        taken = 0 if posting is None else -posting.amount
    values = {"credits_taken": taken, "credits_uncollected": due - taken, "updated_at": now}
    session.execute(update(_refunds).where(_refunds.c.id == refund.id).values(values))
    outbox.enqueue(
        session,
        user_id=payment.user_id,
        kind="refund",
        payload={"amount_kopecks": refund.amount_kopecks, "credits_taken": taken},
        key=f"refund:{refund.id}:succeeded",
        now=now,
    )


def _refuse(session: Session, refund_id: UUID, reason: str, now: datetime) -> None:
    _change(session, refund_id, now, status=RefundStatus.CANCELED, next_check_at=None, reason=reason[:255])


def _learn(session: Session, remote: RemoteRefund, provider: str, new_id: UUID, now: datetime) -> str | None:
    payment = find_by_provider_id(session, provider, remote.payment_id)
    if payment is None:
        return "not a payment of ours"
    session.execute(select(payments.c.id).where(payments.c.id == payment.id).with_for_update())
    same = _refunds.c.payment_id == payment.id
    known = session.scalar(select(_refunds.c.id).where(same, _refunds.c.provider_refund_id == remote.id))
    if known is None:  # ours, whose answer this overtook; else one made in the provider's cabinet
        unborn = same & _refunds.c.provider_refund_id.is_(None) & (_refunds.c.status == RefundStatus.PENDING)
        known = session.scalar(select(_refunds.c.id).where(unborn, _refunds.c.amount_kopecks == remote.amount_kopecks))
    if known is None:
        known = new_id
        _insert(session, new_id, payment, remote.amount_kopecks, now, provider_refund_id=remote.id)
    _apply(session, known, remote, now)
    return None


def _claim(session: Session, now: datetime, limit: int) -> list[RefundView]:
    due = (
        select(_refunds)
        .where(_refunds.c.status == RefundStatus.PENDING, _refunds.c.next_check_at <= now)
        .order_by(_refunds.c.next_check_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = session.execute(due).all()
    for row in rows:
        age = sum(now - row.created_at > pause for pause in PAUSES)
        values = {"next_check_at": now + PAUSES[min(age, len(PAUSES) - 1)]}
        session.execute(update(_refunds).where(_refunds.c.id == row.id).values(values))
    return [_view(row) for row in rows]


def _due(session: Session, payment: PaymentView, amount: int) -> int:
    """Credits that go with this amount, so that all refunds of a payment together take exactly what it brought."""
    succeeded = _refunds.c.status == RefundStatus.SUCCEEDED
    before = _sum(session, payment.id, _refunds.c.amount_kopecks, succeeded & (_refunds.c.amount_kopecks > 0))
    accounted = _sum(session, payment.id, _refunds.c.credits_taken + _refunds.c.credits_uncollected, succeeded)
    before = min(before, payment.amount_kopecks - amount) if accounted == 0 else before
    return max(0, payment.credits * min(before + amount, payment.amount_kopecks) // payment.amount_kopecks - accounted)


def _sum(session: Session, payment_id: UUID, column: Any, where: Any = None) -> int:
    """Over refunds that succeeded or may still succeed."""
    live = _refunds.c.status != RefundStatus.CANCELED if where is None else where
    total = select(func.coalesce(func.sum(column), 0)).where(_refunds.c.payment_id == payment_id, live)
    return int(session.execute(total).scalar_one())


def _lot(session: Session, payment_id: UUID) -> int | None:
    """The lot that the payment's top-up made."""
    topup = (_lines.c.payment_id == payment_id) & (_lines.c.kind == TransactionKind.TOPUP)
    entries = select(_entries.c.lot_id).join(_lines, _lines.c.id == _entries.c.transaction_id).where(topup)
    return session.scalar(entries)


def _held(session: Session, payment_id: UUID) -> int:
    held = session.scalar(select(_lots.c.remaining).where(_lots.c.id == _lot(session, payment_id)))
    return 0 if held is None else int(held)


def _change(session: Session, refund_id: UUID, now: datetime, **values: Any) -> bool:
    here = (_refunds.c.id == refund_id) & (_refunds.c.status == RefundStatus.PENDING)
    changed = session.execute(update(_refunds).where(here).values(updated_at=now, **values).returning(_refunds.c.id))
    return changed.first() is not None


def _find(session: Session, refund_id: UUID) -> RefundView | None:
    row = session.execute(select(_refunds).where(_refunds.c.id == refund_id)).first()
    return None if row is None else _view(row)


def _view(row: AnyRow) -> RefundView:
    fields = {name: getattr(row, name) for name in RefundView.__slots__}
    return RefundView(**fields | {"status": RefundStatus(row.status)})
