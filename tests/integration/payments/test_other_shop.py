"""The keys were changed to another shop at YooKassa: what the former one took cannot be asked for any more."""

from dataclasses import replace

import pytest

from db.tables.payments import PaymentStatus, RefundStatus
from services.payments.providers.base import OtherShop, ResultUnknown
from services.payments.refunds.begin import TakenElsewhere
from tests.support.faults import Fault
from tests.support.tills import MERCHANT, OWNER, Cashier
from tests.support.yookassa import FakeYooKassa

OTHER = "200600"


def move(cashier: Cashier) -> FakeYooKassa:
    """To another shop, which knows nothing of the former; returns the former."""
    former = cashier.yookassa
    cashier.yookassa = FakeYooKassa(clock=cashier.clock, shop_id=OTHER)
    cashier.restart(replace(MERCHANT, shop_id=OTHER))
    return former


async def test_open_payments_of_the_former_shop(cashier: Cashier) -> None:
    """Neither asked for with the wrong key nor given up; the owners are told once, with a list."""
    await cashier.customer(telegram_id=OWNER)
    anna = await cashier.customer()
    first, second = await cashier.begins(anna, 300_00), await cashier.begins(anna, 500_00)
    former = move(cashier)
    for _ in range(30):
        cashier.clock.advance(hours=2)
        await cashier.till.reconciler.round(everything=True)
    assert {call for call in cashier.yookassa.calls if call != "list"} == set()
    assert [p.status for p in (await cashier.payments.of_user(anna)).items] == [PaymentStatus.PENDING] * 2
    assert await cashier.problems() == ["other_shop"]
    [alert] = await cashier.notifications("payment_problem")
    for payment, amount in ((first, "300.00 RUB"), (second, "500.00 RUB")):
        assert f"{amount} · #{anna} · 100500 · {payment.provider_payment_id}" in alert["detail"]
    with pytest.raises(OtherShop):
        await cashier.till.settlement.ask(first.id)
    former.pay(first.provider_payment_id or "")
    cashier.yookassa = former
    cashier.restart()  # the former keys for once: nothing is lost
    await cashier.till.reconciler.round(everything=True)
    assert await cashier.balance(anna) == 3000
    await cashier.is_sound()


async def test_one_that_the_former_shop_may_not_have_made_is_closed(quick: Cashier) -> None:
    """Nobody has its link. It is not made in the new shop by a repeat."""
    anna = await quick.customer()
    quick.yookassa.faults.append(Fault.LOST_ANSWER)
    with pytest.raises(ResultUnknown):
        await quick.begins(anna)
    move(quick)
    quick.clock.advance(minutes=2)
    await quick.till.reconciler.round()
    [payment] = (await quick.payments.of_user(anna)).items
    assert (payment.status, payment.cancel_reason) == (PaymentStatus.CANCELED, "no_answer")
    assert not quick.yookassa.payments
    assert await quick.facts() == ["canceled"]


async def test_refunds_of_the_former_shops_payments(quick: Cashier) -> None:
    await quick.customer(telegram_id=OWNER)
    anna = await quick.customer()
    waits, paid = await quick.pays(anna), await quick.pays(anna)
    quick.yookassa.refunds_wait = True
    await quick.refunds(waits, 100_00)
    move(quick)
    for _ in range(3):
        quick.clock.advance(hours=25)
        await quick.till.reconciler.round(everything=True)
    [refund] = await quick.payments.refunds(waits.id)
    assert refund.status is RefundStatus.PENDING
    assert await quick.problems() == ["other_shop"]
    with pytest.raises(TakenElsewhere):
        await quick.refunds(paid, 100_00)
    with pytest.raises(TakenElsewhere):
        await quick.till.refunds.quote(paid.id)
    assert await quick.payments.refunds(paid.id) == []


async def test_the_new_shop_sells(quick: Cashier) -> None:
    anna = await quick.customer()
    await quick.pays(anna)
    move(quick)
    payment = await quick.pays(anna)
    assert payment.provider_shop_id == OTHER
    assert await quick.balance(anna) == 6000
    assert await quick.problems() == []
