"""What Telegram tells of Stars. It is Telegram's own word, and may come late, twice and in any order."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from db.tables.payments import PaymentStatus
from services.clock import Clock
from services.money import Money
from services.payments import strays
from services.payments.applied import Verdict
from services.payments.context import ProviderAccount
from services.payments.fulfilment import Fulfilments
from services.payments.providers.base import ProviderWord, RemotePayment
from services.payments.providers.stars.provider import charge_sent_back, method_of
from services.payments.providers.stars.question import PreCheckout, may_pay
from services.payments.queries import find_by_charge, find_payment, parse_id
from services.payments.service import Payments

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class StarsReceived:
    """`charge_id`: of the money, which refunds go by. `payer_id`: a Telegram id. `paid_until`: of a subscription;
    `again`: not its first payment, as far as Telegram says."""

    charge_id: str
    payload: str
    payer_id: int
    amount: Money
    at: datetime
    paid_until: datetime | None = None
    again: bool = False


class StarsPayments:
    """Also of a shop that does not offer Stars any more: what was begun comes in."""

    def __init__(self, payments: Payments, account: ProviderAccount, clock: Clock) -> None:
        self._payments = payments
        self._account = account
        self._clock = clock

    async def may_pay(self, asked: PreCheckout) -> None:
        """Raises the `ShopError` that stands in the way, and `DatabaseUnavailable`."""
        ctx = self._payments.ctx
        await ctx.db.read(may_pay, asked, self._payments.pricing, self._clock(), fulfilments=ctx.fulfilments)

    async def received(self, paid: StarsReceived) -> Verdict:
        """Once this returns the money is in our books: as what it paid for, or as a stray. Raises
        `DatabaseUnavailable`."""
        return await self._payments.settlement.follow(self._remote(paid), self._account)

    async def went_back(self, paid: StarsReceived) -> None:
        """All of a charge, to its payer. Raises `DatabaseUnavailable`."""
        db, name = self._payments.ctx.db, self._account.merchant.provider
        back = charge_sent_back(paid.charge_id, paid.payload, paid.amount)
        if await db.read(find_by_charge, name, paid.charge_id) is None:
            if await db.write(strays.sent_back, name, back, self._clock()):
                return
            await self.received(paid)  # its refund overtook it, or it was never told
        await self._payments.refunds.follow(back, self._account)

    async def subscription_said(self, payload: str, word: str) -> None:
        """`payload`: of the invoice that began it; `word`: Telegram's, one that we do not know means nothing."""
        payment_id = parse_id(payload)
        if payment_id is None or word not in set(ProviderWord):
            log.warning("subscription_not_known", payload=payload[:64], word=word[:32])
            return
        ctx = self._payments.ctx
        await ctx.db.write(_said, payment_id, ProviderWord(word), ctx.fulfilments, self._clock())
        ctx.on_news()

    def _remote(self, paid: StarsReceived) -> RemotePayment:
        payload = paid.payload.replace("\x00", "")  # no database takes that in a text
        remote = RemotePayment(
            id=payload,
            shop_id=self._account.merchant.shop_id,
            status=PaymentStatus.SUCCEEDED,
            amount=paid.amount,
            test=self._account.merchant.test,
            our_id=payload,
            refunded=paid.amount.of(0),
            paid_at=paid.at,
            charge_id=paid.charge_id,
            payer_id=paid.payer_id,
            paid_until=paid.paid_until,
            again=paid.again,
        )
        return remote if paid.paid_until is None else replace(remote, method=method_of(paid.charge_id))


def _said(session: Session, payment_id: UUID, word: ProviderWord, fulfilments: Fulfilments, now: datetime) -> None:
    payment = find_payment(session, payment_id)
    if payment is not None:
        fulfilments.of(payment).provider_said(session, payment, word, now)
