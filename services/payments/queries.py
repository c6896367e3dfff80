"""Payments and refunds as screens and other services need them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.engine import Database
from db.tables.currencies import Currency
from db.tables.identities import AccountMerge
from db.tables.payments import Payment, PaymentStatus, Refund, RefundStatus
from services.billing.merges import merge_of
from services.errors import N_, ShopError
from services.money import Money
from services.notifications.message_ref import MessageRef
from services.pages import Page, paginate
from services.payments.providers.base import RemoteRefund
from services.slices import Slice, first_of

payments, refunds = table_of(Payment), table_of(Refund)
_merges = table_of(AccountMerge)


class PaymentNotFound(ShopError):
    message = N_("There is no such payment.")


BY_ITSELF: Final = payments.c.method_id.is_not(None) & payments.c.consent.is_(None)
PRESSED: Final = payments.c.method_id.is_not(None) & payments.c.consent.is_not(None)
"""Of a saved way of paying, as `PaymentView` tells them apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentView:
    """Credits in hundredths; `valid_days` of the lot that a success brings. `provider_shop_id`:
    None where that was not kept yet; `adopted_at`: None where it was begun here. `description`: in Russian, as on
    receipts; `provider_text`: in the customer's language, None where that was not kept yet. With a `plan_id` it buys a
    period, the one after `period_number - 1` where it renews `subscription_id`; the others are of db.tables.payments.
    """

    id: UUID
    user_id: int
    package_id: int | None
    provider: str
    provider_payment_id: str | None
    status: PaymentStatus
    amount: Money
    credits: int
    valid_days: int | None
    test: bool
    description: str
    receipt_email: str | None
    return_url: str
    confirmation_url: str | None
    cancel_reason: str | None
    shown_in: MessageRef | None
    checks: int
    created_at: datetime
    paid_at: datetime | None
    provider_shop_id: str | None = None
    provider_text: str | None = None
    adopted_at: datetime | None = None
    plan_id: int | None = None
    subscription_id: UUID | None = None
    period_number: int | None = None
    method_id: UUID | None = None
    consent: JsonObject | None = None
    order_id: str | None = None
    charge_id: str | None = None
    payer_id: int | None = None
    card_type: str | None = None
    card_last4: str | None = None
    deadline_at: datetime | None = None

    @property
    def is_open(self) -> bool:
        """It may still be paid in the usual way."""
        return self.status in (PaymentStatus.PENDING, PaymentStatus.WAITING_FOR_CAPTURE)

    @property
    def by_itself(self) -> bool:
        """A saved way of paying is charged, and nobody stood by: who presses a button for that agrees once more."""
        return self.method_id is not None and self.consent is None

    @property
    def is_pressed(self) -> bool:
        """The other charges of a saved way."""
        return self.method_id is not None and self.consent is not None

    @property
    def number_there(self) -> str | None:
        """As the provider's own cabinet has it: of the money, or of the payment. None while it has given none."""
        given = None if self.provider_payment_id == str(self.id) else self.provider_payment_id
        return self.charge_id or given

    @property
    def card(self) -> str | None:
        """Such as `Visa •• 4242`."""
        return f"{self.card_type or ''} •• {self.card_last4}".strip() if self.card_last4 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundView:
    """Credits in hundredths: taken back, and owed because they were gone. `actor_user_id`: None
    when made in the provider's own cabinet."""

    id: UUID
    payment_id: UUID
    provider_refund_id: str | None
    status: RefundStatus
    amount: Money
    credits_taken: int
    credits_uncollected: int
    actor_user_id: int | None
    reason: str | None
    cancel_reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFilter:
    """What is not given fits everything. `since`: begun from then on, `until`: before then."""

    status: PaymentStatus | None = None
    provider: str | None = None
    user_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


_SHOWN = tuple(name for name in PaymentView.__slots__ if name not in {"amount", "shown_in"})


class PaymentQueries:
    """Payments to look at."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, payment_id: UUID, *, user_id: int | None = None) -> PaymentView:
        """Raises `PaymentNotFound`; with `user_id`, for another user's payment too."""
        payment = await self._db.read(find_own, payment_id, user_id)
        if payment is None:
            raise PaymentNotFound(payment_id=payment_id)
        return payment

    async def find(self, text: str) -> PaymentView | None:
        """By our id, with or without dashes, or by the provider's."""
        return await self._db.read(_find, text.strip())

    async def of_user(self, user_id: int, page: int = 0, size: int = 10) -> Page[PaymentView]:
        """Newest first."""
        return await self._db.read(_page, _of_person(user_id), page, size)

    async def after(
        self, user_id: int | None, last: UUID | None, limit: int, *, status: PaymentStatus | None = None
    ) -> Slice[PaymentView]:
        """The newest of a user, or of all, or those older than the payment `last`. Raises `PaymentNotFound` where there
        is no such."""
        return await self._db.read(_after, user_id, last, limit, status)

    async def latest(self, page: int = 0, size: int = 10, *, status: PaymentStatus | None = None) -> Page[PaymentView]:
        """Of all users, newest first."""
        return await self._db.read(_page, true() if status is None else payments.c.status == status, page, size)

    async def found(self, wanted: PaymentFilter, page: int = 0, size: int = 50) -> Page[PaymentView]:
        """Newest first."""
        return await self._db.scan(_found, wanted, page, size)

    async def sent_back(self, shown: Iterable[PaymentView]) -> dict[UUID, Money]:
        """What was refunded, by payment; those that nothing was refunded of are left out."""
        return await self._db.read(_sent_back, [payment.id for payment in shown])

    async def refunds(self, payment_id: UUID) -> list[RefundView]:
        """Oldest first."""
        return await self._db.read(refunds_of, payment_id)

    async def refund(self, refund_id: UUID) -> RefundView | None:
        return await self._db.read(find_refund, refund_id)


# Built once: building and hashing a statement costs more than SQLite takes to run it.
_by_id = select(payments).where(payments.c.id == bindparam("payment"))
_by_provider_id = select(payments).where(
    payments.c.provider == bindparam("provider"), payments.c.provider_payment_id == bindparam("remote")
)
_by_charge = select(payments).where(
    payments.c.provider == bindparam("provider"), payments.c.charge_id == bindparam("charge")
)
_locked = {query: query.with_for_update(key_share=True) for query in (_by_id, _by_provider_id, _by_charge)}


def find_payment(session: Session, payment_id: UUID, *, lock: bool = False) -> PaymentView | None:
    """`lock`: nobody else changes the payment, or its refunds, until the transaction ends. It comes before the locks of
    users and lots."""
    query = _locked[_by_id] if lock else _by_id
    row = session.connection().execute(query, {"payment": payment_id}).first()
    return None if row is None else payment_view(row)


def find_own(session: Session, payment_id: UUID, user_id: int | None) -> PaymentView | None:
    payment = find_payment(session, payment_id)
    return payment if payment is not None and belongs_to(session, payment, user_id) else None


def belongs_to(session: Session, payment: PaymentView, user_id: int | None) -> bool:
    """To that account, or to one that became part of it; to None everything."""
    if user_id in (None, payment.user_id):
        return True
    merge = merge_of(session, payment.user_id)
    return merge is not None and merge.into_user_id == user_id


def _of_person(user_id: int) -> ColumnElement[bool]:
    """As `belongs_to`."""
    merged = select(_merges.c.from_user_id).where(_merges.c.into_user_id == user_id)
    return or_(payments.c.user_id == user_id, payments.c.user_id.in_(merged))


def find_by_provider_id(
    session: Session, provider: str, provider_payment_id: str, *, lock: bool = False
) -> PaymentView | None:
    """`lock`: as above."""
    query = _locked[_by_provider_id] if lock else _by_provider_id
    row = session.connection().execute(query, {"provider": provider, "remote": provider_payment_id}).first()
    return None if row is None else payment_view(row)


def find_by_charge(session: Session, provider: str, charge_id: str, *, lock: bool = False) -> PaymentView | None:
    """By what the provider calls the money. `lock`: as above."""
    query = _locked[_by_charge] if lock else _by_charge
    row = session.connection().execute(query, {"provider": provider, "charge": charge_id}).first()
    return None if row is None else payment_view(row)


def payment_sent_back(session: Session, provider: str, remote: RemoteRefund) -> PaymentView | None:
    """What a refund is of."""
    if remote.charge_id is not None:
        return find_by_charge(session, provider, remote.charge_id)
    return find_by_provider_id(session, provider, remote.payment_id)


def find_refund(session: Session, refund_id: UUID) -> RefundView | None:
    row = session.execute(select(refunds).where(refunds.c.id == refund_id)).first()
    return None if row is None else refund_view(row)


def refunds_of(session: Session, payment_id: UUID) -> list[RefundView]:
    query = select(refunds).where(refunds.c.payment_id == payment_id)
    return [refund_view(row) for row in session.execute(query.order_by(refunds.c.created_at, refunds.c.id))]


def _sent_back(session: Session, payment_ids: Sequence[UUID]) -> dict[UUID, Money]:
    mine = refunds.c.payment_id.in_(payment_ids), refunds.c.status == RefundStatus.SUCCEEDED
    by = refunds.c.payment_id, refunds.c.currency
    rows = session.execute(select(*by, func.sum(refunds.c.amount_kopecks)).where(*mine).group_by(*by))
    return {payment_id: Money(int(minor), Currency(currency)) for payment_id, currency, minor in rows}


def refunded_of(session: Session, payment_id: UUID) -> int:
    """Minor units that went back, or are going."""
    gone = refunds.c.payment_id == payment_id, refunds.c.status != RefundStatus.CANCELED
    return int(session.scalar(select(func.sum(refunds.c.amount_kopecks)).where(*gone)) or 0)


def payment_view(row: AnyRow) -> PaymentView:
    fields = row._mapping
    made = {"status": PaymentStatus(fields["status"]), "amount": money_of(row), "shown_in": MessageRef.of(row)}
    return PaymentView(**{name: fields[name] for name in _SHOWN} | made)


def refund_view(row: AnyRow) -> RefundView:
    fields = {name: getattr(row, name) for name in RefundView.__slots__ if name != "amount"}
    return RefundView(**fields | {"status": RefundStatus(row.status), "amount": money_of(row)})


def money_of(row: AnyRow) -> Money:
    """Of a payment or a refund."""
    return Money(row.amount_kopecks, Currency(row.currency))


def parse_id(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        return None


def _find(session: Session, text: str) -> PaymentView | None:
    payment_id = parse_id(text)
    if payment_id is not None and (payment := find_payment(session, payment_id)) is not None:
        return payment
    there = or_(payments.c.provider_payment_id == text, payments.c.charge_id == text)
    row = session.execute(select(payments).where(there)).first()
    return None if row is None else payment_view(row)


def _found(session: Session, wanted: PaymentFilter, page: int, size: int) -> Page[PaymentView]:
    equal = {"status": wanted.status, "provider": wanted.provider, "user_id": wanted.user_id}
    here = [payments.c[name] == value for name, value in equal.items() if value is not None]
    if wanted.since is not None:
        here.append(payments.c.created_at >= wanted.since)
    if wanted.until is not None:
        here.append(payments.c.created_at < wanted.until)
    return _page(session, and_(true(), *here), page, size)


def _after(
    session: Session, user_id: int | None, last: UUID | None, limit: int, status: PaymentStatus | None
) -> Slice[PaymentView]:
    query = select(payments).where(true() if user_id is None else _of_person(user_id))
    if status is not None:
        query = query.where(payments.c.status == status)
    if last is not None:
        before = find_own(session, last, user_id)
        if before is None:
            raise PaymentNotFound(payment_id=last)
        query = query.where(tuple_(payments.c.created_at, payments.c.id) < tuple_(before.created_at, before.id))
    newest = payments.c.created_at.desc(), payments.c.id.desc()
    return first_of(session, query.order_by(*newest), limit).of(payment_view)


def _page(session: Session, here: ColumnElement[bool], page: int, size: int) -> Page[PaymentView]:
    newest = payments.c.created_at.desc(), payments.c.id.desc()
    found = paginate(session, select(payments).where(here).order_by(*newest), page, size)
    return found.holding([payment_view(row) for row in found.items])
