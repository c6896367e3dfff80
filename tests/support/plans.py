"""A till that sells plans, and customers who subscribe."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.tables.currencies import Currency
from db.tables.payments import Payment, PaymentStatus, Refund
from db.tables.plans import (
    AllowanceUnit,
    PeriodAllowance,
    Plan,
    PlanAllowance,
    PlanPrice,
    Subscription,
    SubscriptionPeriod,
)
from services.billing import ledger
from services.payments.providers.base import RemotePayment
from services.payments.queries import PaymentView, find_payment
from services.plans.allowances import take_for_prediction
from services.plans.checkout import PlanOrder
from services.plans.methods import PaymentMethods
from services.plans.periods import paid
from services.plans.subscriptions import Subscriptions, SubscriptionView
from services.plans.times import GRACE
from services.users.departures import PersonKey
from tests.support.clock import START, FakeClock
from tests.support.shop import add_payment, add_prediction
from tests.support.tills import MERCHANT, PRICING, RETURN_URL, Cashier, checkout_of, renewals_of
from tests.support.yookassa import FakeYooKassa

MONTH = timedelta(days=30)
PEOPLE = PersonKey.of("people of this shop")


def add_plan(
    session: Session,
    /,
    name: str = "plus",
    *,
    kopecks: int | None = 30_000,
    stars: int | None = None,
    allowances: Sequence[tuple[AllowanceUnit, int, Sequence[str]]] = (),
    **more: Any,  # Any: the columns' values
) -> int:
    row = {
        "name": name,
        "title": {"ru": name.title(), "en": name.title()},
        "months": 1,
        "credits": 0,
        "discount_percent": 0,
        "trial_days": 0,
        "is_free": kopecks is None and stars is None,
        "enabled": True,
        "position": 100,
        "created_at": START,
    }
    plans = table_of(Plan)
    plan_id: int = session.execute(insert(plans).returning(plans.c.id), row | more).scalar_one()
    for currency, amount in ((Currency.RUB, kopecks), (Currency.XTR, stars)):
        if amount is not None:
            price = {"plan_id": plan_id, "currency": currency, "amount": amount}
            session.execute(insert(table_of(PlanPrice)), price)
    for place, (unit, amount, slugs) in enumerate(allowances):
        given = {"plan_id": plan_id, "unit": unit, "amount": amount, "slugs": list(slugs), "position": place}
        session.execute(insert(table_of(PlanAllowance)), given)
    return plan_id


def end_plans(session: Session) -> None:
    session.execute(update(table_of(Plan)).values(enabled=False))


def used(session: Session) -> list[int]:
    """Of each allowance that was given, oldest first."""
    given = table_of(PeriodAllowance)
    return list(session.scalars(select(given.c.used).order_by(given.c.id)))


@dataclass(slots=True, kw_only=True)
class PlanShop:
    cashier: Cashier
    grace: timedelta = GRACE

    @property
    def clock(self) -> FakeClock:
        return self.cashier.clock

    @property
    def yookassa(self) -> FakeYooKassa:
        return self.cashier.yookassa

    @property
    def subscriptions(self) -> Subscriptions:
        return Subscriptions(self.cashier.db, self.clock, PRICING, PEOPLE)

    @property
    def methods(self) -> PaymentMethods:
        return PaymentMethods(self.cashier.db, self.clock)

    async def sells(self, name: str = "plus", **more: Any) -> int:  # Any: as `add_plan` takes it
        return await self.cashier.db.write(lambda session: add_plan(session, name, **more))

    async def begins(self, user_id: int, plan_id: int, *, consent: bool = True, **more: Any) -> PaymentView:
        till, given = (
            self.cashier.till,
            {"email": "anna@example.com", "return_url": RETURN_URL, "consent": consent, **more},
        )
        return await checkout_of(till).start(PlanOrder(user_id=user_id, plan_id=plan_id, **given))

    async def pays(self, payment: PaymentView) -> PaymentView:
        self.yookassa.pay(self.yookassa.by_our_id(payment.id).id)
        return await self.cashier.till.settlement.ask(payment.id)

    async def subscribes(self, user_id: int, plan_id: int, *, consent: bool = True) -> SubscriptionView:
        await self.pays(await self.begins(user_id, plan_id, consent=consent))
        return await self.of(user_id)

    async def of(self, user_id: int) -> SubscriptionView:
        found = await self.subscriptions.of(user_id)
        assert found is not None
        return found

    async def lives(self, **time: float) -> None:
        """Time passes, and the clock wakes whoever it wakes whenever there is something to do."""
        until = self.clock() + timedelta(**time)
        while self.clock() < until:
            due = await self.cashier.db.read(next_due)
            self.clock.now = until if due is None else min(until, max(due, self.clock() + timedelta(minutes=1)))
            await self.round()

    async def jumps_to(self, moment: datetime) -> None:
        self.clock.now = moment
        await self.round()

    async def round(self) -> None:
        till = self.cashier.till
        await renewals_of(till, self.grace).round()
        await till.settlement.check_due()
        await till.refunds.check_due()
        await self.cashier.db.write(ledger.expire, now=self.clock())

    async def periods(self, user_id: int) -> list[AnyRow]:
        """In the order of their beginnings."""
        rows = table_of(SubscriptionPeriod)
        query = select(rows).where(rows.c.user_id == user_id).order_by(rows.c.starts_at, rows.c.id)
        return await self.cashier.db.read(lambda s: list(s.execute(query)))

    async def row(self, user_id: int) -> AnyRow:
        """The newest subscription."""
        rows = table_of(Subscription)
        query = select(rows).where(rows.c.user_id == user_id).order_by(rows.c.started_at.desc()).limit(1)
        return await self.cashier.db.read(lambda s: s.execute(query).one())

    async def news(self) -> list[JsonObject]:
        return await self.cashier.notifications("plan")

    async def facts(self) -> list[str]:
        """What subscribers were told, in order."""
        return [each["fact"] for each in await self.news()]

    async def sent_back(self) -> dict[UUID, int]:
        """Minor units by payment."""
        rows = table_of(Refund)
        query = select(rows.c.payment_id, rows.c.amount_kopecks).where(rows.c.status == PaymentStatus.SUCCEEDED)
        return await self.cashier.db.read(lambda s: {row[0]: row[1] for row in s.execute(query)})

    @property
    def charged(self) -> list[str]:
        """What the provider holds of ours: status of each payment, oldest first."""
        return [each.status for each in self.yookassa.payments.values()]


def next_due(session: Session) -> datetime | None:
    columns = (table_of(Subscription).c.look_at, table_of(Payment).c.next_check_at, table_of(Refund).c.next_check_at)
    found = (session.scalar(select(func.min(column))) for column in columns)
    return min((moment for moment in found if moment is not None), default=None)


def add_subscriber(session: Session, user_id: int) -> UUID:
    """With a paid period and an allowance of which a prediction took one; the id of the payment. There has to be a
    model."""
    plan_id = add_plan(session, allowances=[(AllowanceUnit.REQUESTS, 2, [])])
    payment_id = add_payment(session, user_id=user_id, amount=1)
    here = table_of(Payment).c.id == payment_id
    terms = {"plan_id": plan_id, "credits": 0, "amount_kopecks": 30_000, "paid_at": START}
    session.execute(update(table_of(Payment)).where(here).values(terms))
    payment = find_payment(session, payment_id)
    assert payment is not None
    remote = RemotePayment(
        id="1",
        shop_id=MERCHANT.shop_id,
        status=PaymentStatus.SUCCEEDED,
        amount=payment.amount,
        test=True,
        our_id=str(payment_id),
        refunded=payment.amount.of(0),
    )
    paid(session, payment, remote, MERCHANT, START)
    prediction_id = add_prediction(session, user_id=user_id, price=0)
    assert take_for_prediction(session, user_id, "wine", prediction_id, START)
    return payment_id
