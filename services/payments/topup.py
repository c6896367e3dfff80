"""Starting a payment: our row first, then the provider, then its link."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import structlog
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.billing import Package
from db.engine import Database
from db.payments import PaymentStatus
from services.billing.credits import format_credits
from services.clock import Clock
from services.errors import N_, ShopError
from services.payments.apply import Verdict, apply, cancel_unborn
from services.payments.provider import (
    NewPayment,
    NotAuthorized,
    NotFound,
    Provider,
    Receipt,
    Refused,
    RemotePayment,
)
from services.payments.terms import CURRENCY, Terms
from services.payments.views import PaymentView, find_payment, payments

log = structlog.get_logger()

_packages = table_of(Package)
FIRST_CHECK = timedelta(seconds=20)


class PaymentNotFound(ShopError):
    message = N_("There is no such payment.")


class PackageGone(ShopError):
    message = N_("This package is not sold any more. Please choose another one.")


class EmailNeeded(ShopError):
    """The law wants a receipt, and a receipt wants an address."""

    message = N_("An e-mail address for the receipt is needed first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageView:
    """`credits` in hundredths, `valid_days` of the lot it makes."""

    id: int
    title: JsonObject
    credits: int
    price_kopecks: int
    valid_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a customer wants to buy: an amount, or a package. `chat_id` and `message_id`: the message that shows it."""

    user_id: int
    email: str | None
    amount_kopecks: int | None = None
    package_id: int | None = None
    chat_id: int | None = None
    message_id: int | None = None


class TopUp:
    def __init__(self, db: Database, clock: Clock, provider: Provider, terms: Terms) -> None:
        self._db = db
        self._clock = clock
        self._provider = provider
        self.terms = terms

    async def packages(self) -> list[PackageView]:
        return await self._db.read(_on_sale)

    async def start(self, wish: Wish) -> PaymentView:
        """A payment with a link. Raises `AmountOutOfBounds`, `PackageGone`, `EmailNeeded`; `ResultUnknown` when the
        provider did not answer: the payment exists then and the reconciler goes on with it; other leaves of
        `ProviderError` when it refused."""
        if self.terms.vat_code is not None and wish.email is None:
            raise EmailNeeded()
        payment = await self._db.write(
            _begin, wish, uuid4(), terms=self.terms, provider=self._provider.name, now=self._clock()
        )
        return await self.create(payment)

    async def create(self, payment: PaymentView) -> PaymentView:
        """Ask the provider for our payment; with the same key, so repeating is safe within its day."""
        try:
            remote = await self._provider.create(self._order(payment))
        except (Refused, NotAuthorized, NotFound) as error:
            log.error("payment_refused", payment_id=str(payment.id), code=error.code, detail=error.params["detail"])
            await self._db.write(cancel_unborn, payment.id, error.code, self._clock())
            raise
        payment, _ = await self._db.write(_born, payment.id, remote, self.terms, self._clock())
        return payment

    async def get(self, payment_id: UUID, *, user_id: int) -> PaymentView:
        """Raises `PaymentNotFound` for another user's too."""
        payment = await self._db.read(find_payment, payment_id)
        if payment is None or payment.user_id != user_id:
            raise PaymentNotFound(payment_id=payment_id)
        return payment

    async def shown_in(self, payment_id: UUID, *, chat_id: int, message_id: int) -> None:
        """Which message shows the payment and becomes "paid"."""
        await self._db.write(_shown_in, payment_id, chat_id, message_id)

    def _order(self, payment: PaymentView) -> NewPayment:
        receipt = None
        if self.terms.vat_code is not None and payment.receipt_email is not None:
            receipt = Receipt(
                email=payment.receipt_email, description=payment.description, vat_code=self.terms.vat_code
            )
        return NewPayment(
            id=payment.id,
            amount_kopecks=payment.amount_kopecks,
            currency=payment.currency,
            description=payment.description,
            return_url=self.terms.return_url,
            receipt=receipt,
        )


def _on_sale(session: Session) -> list[PackageView]:
    rows = session.execute(select(_packages).where(_packages.c.enabled).order_by(_packages.c.position, _packages.c.id))
    return [PackageView(**{name: getattr(row, name) for name in PackageView.__slots__}) for row in rows]


def _begin(
    session: Session, wish: Wish, payment_id: UUID, *, terms: Terms, provider: str, now: datetime
) -> PaymentView:
    amount, bought, valid_days = _price(session, wish, terms)
    row = {
        "id": payment_id,
        "user_id": wish.user_id,
        "package_id": wish.package_id,
        "provider": provider,
        "status": PaymentStatus.PENDING,
        "amount_kopecks": amount,
        "currency": CURRENCY,
        "credits": bought,
        "valid_days": valid_days,
        "test": terms.test,
        "description": f"Кредиты для предсказаний: {format_credits(bought)}",
        "receipt_email": wish.email if terms.vat_code is not None else None,
        "chat_id": wish.chat_id,
        "message_id": wish.message_id,
        "next_check_at": now + FIRST_CHECK,
        "checks": 0,
        "created_at": now,
        "updated_at": now,
    }
    session.execute(insert(payments), row)
    payment = find_payment(session, payment_id)
    assert payment is not None
    return payment


def _price(session: Session, wish: Wish, terms: Terms) -> tuple[int, int, int | None]:
    """Kopecks, credits, days."""
    if wish.package_id is None:
        amount = wish.amount_kopecks or 0
        terms.check(amount)
        return amount, terms.credits_for(amount), None
    for package in _on_sale(session):
        if package.id == wish.package_id:
            return package.price_kopecks, package.credits, package.valid_days
    raise PackageGone(package_id=wish.package_id)


def _born(
    session: Session, payment_id: UUID, remote: RemotePayment, terms: Terms, now: datetime
) -> tuple[PaymentView, Verdict]:
    payment = find_payment(session, payment_id)
    assert payment is not None
    verdict = apply(session, payment, remote, terms=terms, now=now)
    if remote.confirmation_url is not None:
        session.execute(
            update(payments).where(payments.c.id == payment_id).values(confirmation_url=remote.confirmation_url)
        )
    payment = find_payment(session, payment_id)
    assert payment is not None
    return payment, verdict


def _shown_in(session: Session, payment_id: UUID, chat_id: int, message_id: int) -> None:
    session.execute(update(payments).where(payments.c.id == payment_id).values(chat_id=chat_id, message_id=message_id))
