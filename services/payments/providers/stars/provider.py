"""Telegram Stars as a provider. It knows of money only: of an invoice that nobody paid there is nothing to ask."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus, RefundStatus
from services.clock import Clock
from services.money import Money
from services.payments.providers.base import (
    Autopay,
    Decline,
    NeedsTelegram,
    NewPayment,
    NewRefund,
    NotFound,
    NotSentBack,
    Refused,
    RemoteMethod,
    RemotePayment,
    RemoteRefund,
    SavedMethod,
    Subject,
    Unpaid,
)
from services.payments.providers.stars.gateway import NAME, PERIOD, StarInvoice, StarsGateway, StarTransaction
from services.payments.providers.stars.statement import KEPT, StarStatement
from services.payments.queries import parse_id

TITLE: Final = "Telegram Stars"
MONTH: Final = timedelta(seconds=PERIOD)


class Stars:
    """`shop_id`: the bot's id."""

    name = NAME
    autopay = Autopay.BY_PROVIDER
    key_lives = timedelta(days=365)  # an invoice is not money, and a charge goes back once

    def __init__(self, gateway: StarsGateway, clock: Clock, *, shop_id: str) -> None:
        self._gateway = gateway
        self._clock = clock
        self._shop_id = shop_id
        self._statement = StarStatement(gateway, clock)

    async def create(self, payment: NewPayment) -> RemotePayment:
        """A link that opens the invoice in Telegram. It works for ever and for everybody: the deadline and the payer
        are for the question before the money."""
        if payment.buyer is None or payment.buyer.telegram_id is None:
            raise NeedsTelegram(code="no_telegram_account")
        if payment.deadline is not None and self._clock() > payment.deadline:
            raise Refused(code="expired_on_confirmation")  # Telegram was away meanwhile
        invoice = StarInvoice(
            title=payment.title or payment.description[:32],
            description=payment.description[:255],
            payload=str(payment.id),
            stars=payment.amount.minor,
            subscription=payment.autopay,
        )
        link = await self._gateway.invoice_link(invoice)
        return RemotePayment(
            id=str(payment.id),
            shop_id=self._shop_id,
            status=PaymentStatus.PENDING,
            amount=payment.amount,
            test=False,
            our_id=str(payment.id),
            refunded=payment.amount.of(0),
            confirmation_url=link,
        )

    async def get(self, payment_id: str) -> RemotePayment:
        """`payment_id`: ours, or a charge's. Of the last two days: nobody pays an older invoice. Raises
        `Unpaid` for ours, `NotFound` for a charge's."""
        found = await self._statement.since(self._clock() - KEPT)
        paid = next((each for each in found if each.incoming and payment_id in (each.payload, each.id)), None)
        if paid is None:
            missing = NotFound if parse_id(payment_id) is None else Unpaid
            raise missing(code="no_such_transaction", detail=payment_id)
        return self._payment(paid, found)

    async def capture(self, payment_id: str, *, key: UUID) -> RemotePayment:
        raise Refused(code="nothing_is_held", detail=payment_id)

    async def charge(self, payment: NewPayment, method: SavedMethod) -> RemotePayment:
        raise Refused(code="telegram_charges_by_itself")

    async def withdraw(self, payment_id: str, order_id: str | None) -> None:
        """Links do not end; who pays is asked for before the money."""

    async def stop(self, method: SavedMethod) -> None:
        if method.telegram_id is not None:
            await self._gateway.cancel_subscription(method.telegram_id, method.token)

    def decline_of(self, reason: str | None) -> Decline:
        """Telegram has tried by itself. Its subscription is over, and a new one begins with a new invoice."""
        return Decline.ACT

    async def refund(self, refund: NewRefund) -> RemoteRefund:
        if refund.payer_id is None or refund.charge_id is None:
            raise NotFound(code="no_charge", detail=refund.provider_payment_id)
        try:
            await self._gateway.refund(refund.payer_id, refund.charge_id)
        except Refused as error:
            raise NotSentBack(code=error.code, detail=error.detail) from error
        return charge_sent_back(refund.charge_id, refund.provider_payment_id, refund.amount)

    async def get_refund(self, refund_id: str) -> RemoteRefund:
        """`refund_id`: the charge's."""
        for each in await self._statement.since(self._clock() - KEPT):
            if not each.incoming and each.id == refund_id and each.payload is not None:
                return charge_sent_back(each.id, each.payload, _stars(each))
        raise NotFound(code="no_such_transaction", detail=refund_id)

    async def payments_since(
        self, since: datetime, until: datetime | None = None
    ) -> AsyncIterator[list[RemotePayment]]:
        """Oldest first: the first payment of a subscription comes before those that follow it."""
        found = await self._statement.since(since)
        paid = [each for each in found if each.incoming and each.payload is not None]
        yield [self._payment(each, found) for each in paid if until is None or each.at <= until]

    async def refunds_since(self, since: datetime) -> AsyncIterator[list[RemoteRefund]]:
        found = await self._statement.since(since)
        back = [each for each in found if not each.incoming and each.payload is not None]
        yield [charge_sent_back(each.id, each.payload or "", _stars(each)) for each in back]

    async def refunds_of(self, payment_id: str) -> AsyncIterator[list[RemoteRefund]]:
        async for page in self.refunds_since(self._clock() - KEPT):
            yield [each for each in page if payment_id in (each.payment_id, each.charge_id)]

    def subject_of(self, event: str) -> Subject | None:
        """What Telegram tells is its word, and not kept as a hint."""
        return None

    def close(self) -> None:
        """The bot is closed by whoever opened it."""

    def _payment(self, paid: StarTransaction, found: list[StarTransaction]) -> RemotePayment:
        """`found`: what came with it; a refund is newer than its payment."""
        back = any(not each.incoming and each.id == paid.id for each in found)
        amount = _stars(paid)
        return RemotePayment(
            id=paid.payload or "",
            shop_id=self._shop_id,
            status=PaymentStatus.SUCCEEDED,
            amount=amount,
            test=False,
            our_id=paid.payload,
            refunded=amount if back else amount.of(0),
            created_at=paid.at,
            paid_at=paid.at,
            charge_id=paid.id,
            payer_id=paid.person,
            paid_until=paid.at + MONTH if paid.subscription else None,
            method=method_of(paid.id) if paid.subscription else None,
        )


def method_of(charge_id: str) -> RemoteMethod:
    """A subscription at Telegram, by the charge of its first payment."""
    return RemoteMethod(token=charge_id, title=TITLE)


def _stars(transaction: StarTransaction) -> Money:
    return Money(transaction.stars, Currency.XTR)


def charge_sent_back(charge_id: str, payment_id: str, amount: Money) -> RemoteRefund:
    """Telegram gives a refund no name of its own."""
    return RemoteRefund(
        id=charge_id, payment_id=payment_id, status=RefundStatus.SUCCEEDED, amount=amount, charge_id=charge_id
    )
