"""Telegram's last question before it takes Stars for a plan: what is not sold so any more is not taken; and what was
taken after all goes back."""

import pytest
from sqlalchemy import update

from db.base import table_of
from db.engine import Database
from db.tables.plans import Plan
from services.money import Money
from services.payments.providers.stars.question import (
    InvoiceChanged,
    InvoiceOfAnother,
    InvoiceOver,
    InvoiceOvertaken,
    InvoicePaid,
    PreCheckout,
)
from services.payments.queries import PaymentView
from tests.support.clock import FakeClock
from tests.support.star_plans import ANNA, StarShop, costs, open_star_shop


@pytest.fixture
async def shop(sqlite_database: Database, clock: FakeClock) -> StarShop:
    return await open_star_shop(sqlite_database, clock)


async def asks(shop: StarShop, invoice: PaymentView, *, payer: int = ANNA, amount: Money | None = None) -> None:
    """As Telegram does. Raises what stands in the way."""
    asked = PreCheckout(payload=str(invoice.id), payer_id=payer, amount=amount or invoice.amount)
    await shop.stars.may_pay(asked)


async def switch_off(shop: StarShop) -> None:
    plans = table_of(Plan)
    off = update(plans).where(plans.c.id == shop.plus).values(enabled=False)
    await shop.shop.cashier.db.write(lambda session: session.execute(off) and None)


async def test_the_plan_is_dearer_by_now(shop: StarShop) -> None:
    invoice = await shop.begins()
    await asks(shop, invoice)
    await shop.shop.cashier.db.write(costs, shop.plus, 201)
    with pytest.raises(InvoiceChanged):
        await asks(shop, invoice)


async def test_the_plan_is_switched_off(shop: StarShop) -> None:
    invoice = await shop.begins()
    await switch_off(shop)
    with pytest.raises(InvoiceChanged):
        await asks(shop, invoice)


async def test_switched_off_between_the_question_and_the_money(shop: StarShop) -> None:
    invoice = await shop.begins()
    await asks(shop, invoice)
    await switch_off(shop)
    await shop.pays(invoice)
    await shop.shop.lives(hours=1)
    assert await shop.shop.sent_back() == {invoice.id: 200}
    assert await shop.shop.periods(shop.anna) == []
    assert [charge for _, charge in shop.telegram.canceled] == ["charge-1"], "and it does not charge again"
    await shop.shop.cashier.is_sound()


@pytest.mark.parametrize("consent", [True, False])
async def test_another_person_pays_a_forwarded_invoice(shop: StarShop, *, consent: bool) -> None:
    invoice = await shop.begins(consent=consent)
    with pytest.raises(InvoiceOfAnother):
        await asks(shop, invoice, payer=ANNA + 1)


async def test_another_sum(shop: StarShop) -> None:
    invoice = await shop.begins()
    with pytest.raises(InvoiceChanged):
        await asks(shop, invoice, amount=invoice.amount.of(199))


async def test_one_invoice_is_paid_once(shop: StarShop) -> None:
    invoice = await shop.begins(consent=False)
    await shop.pays(invoice)
    with pytest.raises(InvoicePaid):
        await asks(shop, invoice)


async def test_the_plan_was_paid_at_another_page(shop: StarShop) -> None:
    invoice, page = await shop.begins(), await shop.begins(provider="yookassa", email="anna@example.com")
    await asks(shop, invoice)
    await shop.shop.pays(page)
    with pytest.raises(InvoicePaid):
        await asks(shop, invoice)


async def test_a_dearer_plan_was_begun_meanwhile(shop: StarShop) -> None:
    invoice, dearer = await shop.begins(), await shop.shop.sells("pro", stars=500)
    await shop.pays(await shop.begins(dearer))
    with pytest.raises(InvoiceOvertaken):
        await asks(shop, invoice)


async def test_the_plan_that_it_goes_on_with_has_ended(shop: StarShop) -> None:
    """An owner has sent the money of the first period back."""
    first = await shop.begins(consent=False)
    await shop.pays(first)
    invoice = await shop.begins(consent=False)
    await asks(shop, invoice)
    shop.telegram.sends_back("charge-1")
    await shop.shop.cashier.till.reconciler.round(everything=True)
    with pytest.raises(InvoiceOvertaken):
        await asks(shop, invoice)


async def test_its_deadline_is_over(shop: StarShop) -> None:
    invoice = await shop.begins()
    shop.shop.clock.advance(minutes=60)
    await asks(shop, invoice)
    shop.shop.clock.advance(seconds=1)
    with pytest.raises(InvoiceOver):
        await asks(shop, invoice)


async def test_another_way_of_paying_was_chosen(shop: StarShop) -> None:
    await shop.pays(await shop.begins(consent=False))
    invoice = await shop.begins(consent=False)
    await asks(shop, invoice)
    await shop.begins(consent=False, provider="yookassa", email="anna@example.com")
    with pytest.raises(InvoiceOver):
        await asks(shop, invoice)


async def test_the_next_period_keeps_its_price(shop: StarShop) -> None:
    """Also of a plan that is dearer, or not sold any more."""
    await shop.pays(await shop.begins(consent=False))
    await shop.shop.cashier.db.write(costs, shop.plus, 300)
    await switch_off(shop)
    invoice = await shop.begins(consent=False)
    assert invoice.amount.minor == 200
    await asks(shop, invoice)
