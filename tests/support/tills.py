"""A till over a test's database, before a YooKassa in memory."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import func, select

from db.base import JsonObject, table_of
from db.engine import Database
from db.tables.billing import Lot, Transaction
from db.tables.currencies import Currency
from db.tables.outbox import OutboxMessage
from db.tables.payments import PaymentEvent
from db.tables.users import User
from services.billing.audit import run_audit
from services.coordination.memory import MemoryCoordination
from services.money import rub
from services.payments.context import ProviderAccount
from services.payments.fulfilment import Purpose
from services.payments.mark import MarkSigner
from services.payments.merchant import Merchant
from services.payments.pricing import CreditPrice
from services.payments.providers.yookassa.notifications import NAME, read_notification
from services.payments.queries import PaymentQueries, PaymentView, RefundView
from services.payments.refunds.begin import RefundRequest
from services.payments.service import Payments, make_payments
from services.payments.topup import TopUpRequest
from services.plans.checkout import PlanCheckout
from services.plans.discounts import discount_of
from services.plans.fulfilment import PlanFulfilment
from services.plans.renewals import Renewals
from services.plans.times import GRACE
from services.users.accounts import Users, Visitor
from services.users.actor import Actor
from tests.support.clock import FakeClock
from tests.support.shop import add_user
from tests.support.yookassa import SHOP_ID, FakeYooKassa

OWNER = 77
SIGNER = MarkSigner.of("4242", "4242:token", "test_key")
MERCHANT = Merchant(provider=NAME, shop_id=SHOP_ID, test=True, signer=SIGNER, owners=(OWNER,))
PRICING = {Currency.RUB: CreditPrice(minor=1000)}
RETURN_URL = "https://t.me/shop_bot"

make_till = partial(make_payments, fulfilments={Purpose.PLAN: PlanFulfilment()}, discount_of=discount_of)


def checkout_of(till: Payments) -> PlanCheckout:
    return PlanCheckout(till.ctx, till.topup, till.charging)


def renewals_of(till: Payments, grace: timedelta = GRACE) -> Renewals:
    return Renewals(till.ctx, till.charging, grace=grace)


@dataclass(slots=True, kw_only=True)
class Cashier:
    db: Database
    clock: FakeClock
    yookassa: FakeYooKassa
    till: Payments
    payments: PaymentQueries
    news: list[bool] = field(default_factory=list)

    def restart(self, merchant: Merchant = MERCHANT) -> None:
        """Another process over the same database."""
        self.till = _open(self.db, self.clock, self.yookassa, merchant, self.news)

    async def customer(self, *, telegram_id: int | None = None) -> int:
        return await self.db.write(add_user, telegram_id=telegram_id)

    async def owner(self) -> Actor:
        """Of this Telegram id, who came just now if they had never been here."""
        visitor = Visitor(telegram_id=OWNER, username=None, first_name="Olga", language="ru")
        return Actor((await Users(self.db, self.clock, welcome_credits=0).enter(visitor)).id)

    async def begins(
        self, user_id: int, kopecks: int | None = 30_000, **more: Any
    ) -> PaymentView:  # Any: as TopUpRequest takes it
        """A payment with its link."""
        given = {
            "email": "anna@example.com",
            "return_url": RETURN_URL,
            "amount": None if kopecks is None else rub(kopecks),
            **more,
        }
        return await self.till.topup.start(TopUpRequest(user_id=user_id, **given))

    async def pays(self, user_id: int, kopecks: int | None = 30_000, **more: Any) -> PaymentView:  # Any: as above
        """Credited already."""
        payment = await self.begins(user_id, kopecks, **more)
        self.yookassa.pay(self.yookassa.by_our_id(payment.id).id)
        return await self.till.settlement.ask(payment.id)

    async def refunds(self, payment: PaymentView, kopecks: int, *, confirmed: bool = False) -> RefundView:
        wish = RefundRequest(
            id=uuid4(),
            payment_id=payment.id,
            amount=rub(kopecks),
            actor=await self.owner(),
            reason="asked for it",
            confirmed=confirmed,
        )
        return await self.till.refunds.start(wish)

    async def delivers(self, event: str, object_id: str) -> None:
        """A notification, as YooKassa posts it; it is only kept."""
        await self.till.events.keep(read_notification(notification(event, object_id)))

    async def notified(self) -> None:
        """All that YooKassa has to tell, handled."""
        while self.yookassa.notifications:
            await self.delivers(*self.yookassa.notifications.pop(0))
        await self.till.events.handle_due()

    async def balance(self, user_id: int) -> int:
        users = table_of(User)
        return await self.db.read(lambda s: int(s.scalars(select(users.c.balance).where(users.c.id == user_id)).one()))

    async def credited(self, payment_id: UUID) -> list[int]:
        """The amounts of the payment's top-ups."""
        lines = table_of(Transaction)
        query = select(lines.c.amount).where(lines.c.payment_id == payment_id)
        return await self.db.read(lambda s: list(s.scalars(query)))

    async def notifications(self, kind: str) -> list[JsonObject]:
        outbox = table_of(OutboxMessage)
        query = select(outbox.c.payload).where(outbox.c.kind == kind).order_by(outbox.c.id)
        return await self.db.read(lambda s: list(s.scalars(query)))

    async def facts(self) -> list[str]:
        """What users were told of payments, in order."""
        return [each["fact"] for each in await self.notifications("payment")]

    async def problems(self) -> list[str]:
        """What owners were told."""
        return [each["problem"] for each in await self.notifications("payment_problem")]

    async def notes(self) -> list[str | None]:
        """Why nothing followed from notifications."""
        events = table_of(PaymentEvent)
        return await self.db.read(lambda s: list(s.scalars(select(events.c.error).order_by(events.c.id))))

    async def events(self, *, handled: bool) -> int:
        events = table_of(PaymentEvent)
        here = events.c.handled_at.is_not(None) if handled else events.c.handled_at.is_(None)
        return await self.db.read(lambda s: s.scalars(select(func.count()).select_from(events).where(here)).one())

    async def lots(self, user_id: int) -> list[tuple[int, Any]]:  # Any: a time or None
        """(held, end) of the user's lots, oldest first."""
        lots = table_of(Lot)
        query = select(lots.c.remaining, lots.c.expires_at).where(lots.c.user_id == user_id).order_by(lots.c.id)
        return await self.db.read(lambda s: [(row.remaining, row.expires_at) for row in s.execute(query)])

    async def is_sound(self) -> None:
        report = await run_audit(self.db)
        assert report.ok, f"\n{report}"


def open_cashier(db: Database, clock: FakeClock, merchant: Merchant = MERCHANT) -> Cashier:
    news: list[bool] = []
    yookassa = FakeYooKassa(clock=clock, test=merchant.test)
    till = _open(db, clock, yookassa, merchant, news)
    return Cashier(db=db, clock=clock, yookassa=yookassa, till=till, payments=PaymentQueries(db), news=news)


def _open(db: Database, clock: FakeClock, yookassa: FakeYooKassa, merchant: Merchant, news: list[bool]) -> Payments:
    account = ProviderAccount(provider=yookassa, merchant=merchant)
    return make_till(
        db,
        clock,
        [account],
        PRICING,
        lambda: news.append(True),
        coordination=MemoryCoordination(),
        owners=merchant.owners,
    )


def notification(event: str, object_id: str, **more: Any) -> bytes:  # Any: JSON
    thing = {"id": object_id, "status": event.rpartition(".")[2], **more}
    return json.dumps({"type": "notification", "event": event, "object": thing}).encode()
