"""A shop with two providers, one for roubles and one for Stars: what was begun with one is asked, settled and sent
back with that one."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import pytest

from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus
from services.coordination.memory import MemoryCoordination
from services.money import Money, rub
from services.notifications.sending import Outbox
from services.payments.context import ProviderAccount
from services.payments.merchant import Merchant
from services.payments.pricing import CreditPrice, CurrencyNotTaken
from services.payments.providers.base import OtherShop, ProviderEvent, Subject
from services.payments.queries import PaymentView
from services.payments.refunds.begin import RefundRequest, TakenElsewhere
from services.payments.service import Payments
from services.payments.topup import TopUpRequest
from services.predictions.history import History
from services.reports.statistics import Statistics
from tests.support.faults import Fault
from tests.support.files import files_of
from tests.support.tills import MERCHANT, OWNER, PRICING, RETURN_URL, Cashier, make_till
from tests.support.yookassa import FakeYooKassa

BANK = "bank"
PRICES = {**PRICING, Currency.XTR: CreditPrice(minor=10, currency=Currency.XTR)}
WORDS = {"money_came": Subject.PAYMENT, "money_went": Subject.REFUND}


class Bank(FakeYooKassa):
    """Keeps Stars as the other one keeps roubles, and speaks of it in words of its own."""

    def subject_of(self, event: str) -> Subject | None:
        return WORDS.get(event)


@dataclass(slots=True, kw_only=True)
class Shop:
    cashier: Cashier
    bank: Bank
    till: Payments

    async def begins(self, user_id: int, **more: Any) -> PaymentView:  # Any: as TopUpRequest takes it
        wish = TopUpRequest(
            user_id=user_id, email=None, return_url=RETURN_URL, amount=Money(300, Currency.XTR), provider=BANK, **more
        )
        return await self.till.topup.start(wish)

    async def sends_back(self, payment: PaymentView, money: Money) -> None:
        wish = RefundRequest(id=uuid4(), payment_id=payment.id, amount=money, actor=await self.cashier.owner())
        await self.till.refunds.start(wish)


@pytest.fixture
def shop(cashier: Cashier) -> Shop:
    bank = Bank(clock=cashier.clock, shop_id="branch-7", name=BANK)
    merchant: Merchant = replace(MERCHANT, provider=BANK, shop_id="branch-7", currency=Currency.XTR)
    accounts = [
        ProviderAccount(provider=cashier.yookassa, merchant=MERCHANT),
        ProviderAccount(provider=bank, merchant=merchant),
    ]
    till = make_till(
        cashier.db, cashier.clock, accounts, PRICES, lambda: None, coordination=MemoryCoordination(), owners=(OWNER,)
    )
    return Shop(cashier=cashier, bank=bank, till=till)


async def test_its_own_words_bring_the_credits(shop: Shop) -> None:
    anna = await shop.cashier.customer()
    payment = await shop.begins(anna)
    shop.bank.pay(payment.provider_payment_id or "")
    await shop.till.events.keep(event("payment.succeeded", payment))  # a word of the other one means nothing here
    await shop.till.events.keep(event("money_came", payment))
    await shop.till.events.handle_due()
    assert await shop.cashier.balance(anna) == 3000
    assert await shop.cashier.notes() == ["unknown event", None]
    assert shop.cashier.yookassa.calls == []
    await shop.cashier.is_sound()


async def test_a_round_asks_each_for_its_own(shop: Shop) -> None:
    anna = await shop.cashier.customer()
    there, here = await shop.begins(anna), await shop.cashier.begins(anna, 500_00)
    shop.bank.pay(there.provider_payment_id or "")
    shop.cashier.yookassa.pay(here.provider_payment_id or "")
    await shop.till.reconciler.round(everything=True)
    assert await shop.cashier.balance(anna) == 8000
    await shop.cashier.is_sound()


async def test_an_answer_that_was_lost_is_asked_for_where_it_was_lost(shop: Shop) -> None:
    anna = await shop.cashier.customer()
    shop.bank.faults.append(Fault.LOST_ANSWER)
    with pytest.raises(Exception, match="ReadTimeout"):
        await shop.begins(anna)
    shop.cashier.clock.advance(minutes=2)
    await shop.till.reconciler.round()
    [payment] = (await shop.cashier.payments.of_user(anna)).items
    assert payment.provider == BANK
    assert payment.confirmation_url is not None
    assert len(shop.bank.payments) == 1
    assert "create" not in shop.cashier.yookassa.calls


async def test_the_same_id_at_both_is_not_the_same_payment(shop: Shop) -> None:
    anna, john = await shop.cashier.customer(), await shop.cashier.customer()
    here = await shop.cashier.begins(anna, 500_00)
    shop.cashier.yookassa.pay(here.provider_payment_id or "")
    await shop.begins(john)
    await shop.till.events.keep(event("money_came", here))  # the bank does not know it
    await shop.till.events.handle_due()
    assert (await shop.cashier.balance(anna), await shop.cashier.balance(john)) == (0, 0)
    assert await shop.cashier.notes() == ["the provider knows no such object"]


async def test_money_goes_back_where_it_came_from(shop: Shop) -> None:
    await shop.cashier.customer(telegram_id=OWNER)
    anna = await shop.cashier.customer()
    payment = await shop.begins(anna)
    shop.bank.pay(payment.provider_payment_id or "")
    payment = await shop.till.settlement.ask(payment.id)
    await shop.sends_back(payment, Money(300, Currency.XTR))
    assert [each.amount for each in shop.bank.refunds.values()] == [Money(300, Currency.XTR)]
    assert not shop.cashier.yookassa.refunds
    assert await shop.cashier.balance(anna) == 0
    await shop.cashier.is_sound()


async def test_as_many_of_another_currency_is_another_amount(shop: Shop) -> None:
    await shop.cashier.customer(telegram_id=OWNER)
    anna = await shop.cashier.customer()
    payment = await shop.begins(anna)
    remote = shop.bank.payments[payment.provider_payment_id or ""]
    shop.bank.payments[remote.id] = replace(remote, amount=rub(300))
    shop.bank.pay(remote.id)
    await shop.till.reconciler.round(everything=True)
    assert await shop.cashier.balance(anna) == 0
    assert await shop.cashier.problems() == ["payment_mismatch"]


async def test_roubles_are_neither_taken_nor_given_for_stars(shop: Shop) -> None:
    await shop.cashier.customer(telegram_id=OWNER)
    anna = await shop.cashier.customer()
    with pytest.raises(CurrencyNotTaken):
        await shop.till.topup.start(
            TopUpRequest(user_id=anna, email=None, return_url=RETURN_URL, amount=rub(300_00), provider=BANK)
        )
    payment = await shop.begins(anna)
    shop.bank.pay(payment.provider_payment_id or "")
    payment = await shop.till.settlement.ask(payment.id)
    with pytest.raises(CurrencyNotTaken):
        await shop.sends_back(payment, rub(300))
    assert not shop.bank.refunds


async def test_statistics_keep_currencies_apart(shop: Shop) -> None:
    anna = await shop.cashier.customer()
    payment = await shop.begins(anna)
    shop.bank.pay(payment.provider_payment_id or "")
    await shop.till.settlement.ask(payment.id)
    await shop.cashier.pays(anna, 500_00)
    db, clock = shop.cashier.db, shop.cashier.clock
    history, outbox = History(db, files_of(db, clock)), Outbox(db, clock)
    statistics = Statistics(db, clock, zone="UTC", history=history, outbox=outbox)
    numbers = await statistics.numbers(7)
    assert set(numbers.revenue) == {rub(500_00), Money(300, Currency.XTR)}


async def test_a_provider_that_the_settings_do_not_name_any_more(shop: Shop) -> None:
    """Its payments are nobody's to ask for: they wait, owners are told, nothing goes to the other one."""
    await shop.cashier.customer(telegram_id=OWNER)
    anna = await shop.cashier.customer()
    payment = await shop.begins(anna)
    shop.cashier.restart()  # with the first provider alone
    await shop.cashier.till.events.keep(event("money_came", payment))
    await shop.cashier.till.reconciler.round(everything=True)
    with pytest.raises(OtherShop):
        await shop.cashier.till.settlement.ask(payment.id)
    assert (await shop.cashier.payments.get(payment.id)).status is PaymentStatus.PENDING
    assert await shop.cashier.problems() == ["other_shop"]
    assert {call for call in shop.cashier.yookassa.calls if call != "list"} == set()
    shop.bank.pay(payment.provider_payment_id or "")
    paid = await shop.till.settlement.ask(payment.id)  # it is named again
    assert paid.status is PaymentStatus.SUCCEEDED
    with pytest.raises(TakenElsewhere):
        await shop.cashier.till.refunds.quote(payment.id)


def event(word: str, payment: PaymentView) -> ProviderEvent:
    return ProviderEvent(provider=BANK, event=word, object_id=payment.provider_payment_id or "", body={})
