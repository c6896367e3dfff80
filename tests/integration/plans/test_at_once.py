"""Two of the same decision at once, and owners who change a plan while it is being bought."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from uuid import uuid4

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus
from db.tables.plans import PlanPrice
from services.errors import ShopError
from services.money import rub
from services.payments.queries import find_payment
from services.plans.checkout import PlanOrder
from services.plans.manage import FreePlanThere, PlanManagement, PlanNameTaken
from services.plans.plan_offer import PlanOffer
from services.plans.plans import PlanView, find_plan
from services.plans.promised import GivesLess
from services.users.roles import Staff
from tests.support.clock import FakeClock
from tests.support.plans import PlanShop
from tests.support.tills import OWNER, RETURN_URL, checkout_of, open_cashier


async def test_clicks_at_once_are_one_payment(shop: PlanShop) -> None:
    """Of the next period: none of them takes its own page for another one."""
    plus = await shop.sells()
    for _ in range(5):
        anna = await shop.cashier.customer()
        await shop.subscribes(anna, plus, consent=False)
        order = PlanOrder(id=uuid4(), user_id=anna, plan_id=plus, email="a@example.com", return_url=RETURN_URL)
        pages = await asyncio.gather(*(checkout_of(shop.cashier.till).start(order) for _ in range(3)))
        assert len({page.confirmation_url for page in pages}) == 1
        kept = await shop.cashier.db.read(find_payment, order.id)
        assert kept is not None
        assert (kept.status, kept.cancel_reason) == (PaymentStatus.PENDING, None)


async def test_owners_at_once(shop: PlanShop) -> None:
    """Who is slower reads what is in the way."""
    manage, owner = PlanManagement(shop.cashier.db, shop.clock, Staff((OWNER,))), await shop.cashier.owner()
    title = {"ru": "План", "en": "Plan"}
    paid = PlanOffer(name="paid", title=title, prices={Currency.RUB: rub(10_000)})
    free = [PlanOffer(name=f"free{number}", title=title, is_free=True) for number in range(3)]
    for offers, refused in (([paid] * 3, PlanNameTaken), (free, FreePlanThere)):
        came = await asyncio.gather(*(outcome(manage.create(each, actor=owner)) for each in offers))
        assert sorted(came, key=str) == sorted([PlanView, refused, refused], key=str)


async def test_no_cut_between_a_page_and_its_money(postgres_database: Database, clock: FakeClock) -> None:
    """An owner's change has looked who pays for the plan, and a page opens before it is written."""
    shop = PlanShop(cashier=open_cashier(postgres_database, clock))
    anna, plus, owner = await shop.cashier.customer(), await shop.sells(credits=1000), await shop.cashier.owner()
    manage = PlanManagement(shop.cashier.db, shop.clock, Staff((OWNER,)))
    less = replace(PlanOffer.of(await shop.cashier.db.read(find_plan, plus)), credits=1)

    def hold_prices(session: Session) -> None:  # a change writes them last
        session.execute(select(table_of(PlanPrice)).with_for_update()).all()
        session.execute(text("SELECT pg_sleep(2)"))

    async with asyncio.TaskGroup() as tasks:
        holding = tasks.create_task(shop.cashier.db.write(hold_prices))
        await asyncio.wait({holding}, timeout=0.3)
        change = tasks.create_task(outcome(manage.edit(plus, less, actor=owner)))
        await asyncio.wait({change}, timeout=0.5)
        opening = tasks.create_task(shop.begins(anna, plus))
        await asyncio.wait({opening, change}, return_when=asyncio.FIRST_COMPLETED)
        came_first = not change.done()
    assert change.result() is GivesLess or not came_first, "the page is of what the plan gives now"


async def outcome(change: Awaitable[object]) -> type[object]:
    try:
        return type(await change)
    except ShopError as error:
        return type(error)
