"""A shop that sells a plan in Stars beside roubles, to a customer of Telegram."""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.currencies import Currency
from db.tables.plans import PlanPrice
from services.coordination.memory import MemoryCoordination
from services.payments.context import ProviderAccount
from services.payments.pricing import CreditPrice, Pricing
from services.payments.providers.stars.gateway import NAME
from services.payments.providers.stars.provider import Stars
from services.payments.providers.stars.service import StarsPayments, StarsReceived
from services.payments.queries import PaymentView
from tests.support.clock import FakeClock
from tests.support.plans import PlanShop
from tests.support.stars import FakeStars
from tests.support.tills import MERCHANT, OWNER, PRICING, make_till, open_cashier

ANNA, BOT = 501, "4242"


@dataclass(slots=True, kw_only=True)
class StarShop:
    shop: PlanShop
    telegram: FakeStars
    stars: StarsPayments
    anna: int
    plus: int

    async def begins(self, plan: int | None = None, **more: Any) -> PaymentView:  # Any: as a PlanOrder takes it
        given = {"provider": NAME, "email": None, **more}
        return await self.shop.begins(self.anna, plan or self.plus, **given)

    async def pays(self, payment: PaymentView, *, again: bool = False) -> StarsReceived:
        month = payment.consent is not None
        money = self.telegram.pays(ANNA, str(payment.id), payment.amount.minor, month=month, again=again)
        await self.stars.received(money)
        return money

    def reopens(self, offered: str | None, *, retired: str | None = None, pricing: Pricing | None = None) -> None:
        """With these ways of paying alone; None: it takes no money any more. `pricing`: another one."""
        till = self.shop.cashier.till
        accounts = [] if offered is None else [till.accounts.of(offered)]
        db, clock, box = self.shop.cashier.db, self.shop.clock, MemoryCoordination()
        former = [] if retired is None else [till.accounts.of(retired)]
        self.shop.cashier.till = make_till(
            db,
            clock,
            accounts,
            pricing or till.pricing,
            lambda: None,
            coordination=box,
            owners=(OWNER,),
            retired=former,
        )
        if NAME in (offered, retired):
            self.stars = StarsPayments(self.shop.cashier.till, self.shop.cashier.till.accounts.of(NAME), clock)


async def open_star_shop(database: Database, clock: FakeClock) -> StarShop:
    cashier, telegram = open_cashier(database, clock), FakeStars(clock=clock)
    pricing = {**PRICING, Currency.XTR: CreditPrice(minor=Fraction(100, 13), currency=Currency.XTR)}
    roubles = replace(MERCHANT, pricing=pricing)
    ours: dict[str, Any] = {"test": False, "keeps_strays": True, "charges_itself": True, "pricing": pricing}
    merchant = replace(MERCHANT, provider=NAME, shop_id=BOT, currency=Currency.XTR, **ours)
    account = ProviderAccount(provider=Stars(telegram, clock, shop_id=BOT), merchant=merchant)
    card = ProviderAccount(provider=cashier.yookassa, merchant=roubles)
    box = MemoryCoordination()
    cashier.till = make_till(database, clock, [card, account], pricing, lambda: None, coordination=box, owners=(OWNER,))
    plans = PlanShop(cashier=cashier)
    return StarShop(
        shop=plans,
        telegram=telegram,
        stars=StarsPayments(cashier.till, account, clock),
        anna=await cashier.customer(telegram_id=ANNA),
        plus=await plans.sells(stars=200),
    )


def costs(session: Session, plan_id: int, stars: int) -> None:
    prices = table_of(PlanPrice)
    here = (prices.c.plan_id == plan_id) & (prices.c.currency == Currency.XTR)
    session.execute(update(prices).where(here).values(amount=stars))
