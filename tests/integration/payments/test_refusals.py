"""The provider says no: whose fault it is decides who hears of it."""

from dataclasses import replace

import pytest

from db.tables.payments import PaymentStatus, RefundStatus
from services.payments.providers.base import (
    AmountRefused,
    NewPayment,
    NewRefund,
    NotAuthorized,
    RemotePayment,
    RemoteRefund,
    ResultUnknown,
    ShopRefused,
)
from services.payments.providers.reasons import payment_reason
from tests.support.faults import Fault
from tests.support.tills import MERCHANT, OWNER, Cashier
from tests.support.yookassa import FakeYooKassa

RECEIPT = ShopRefused(code="invalid_request", detail="Receipt is missing or illegal receipt", parameter="receipt")
METHOD = ShopRefused(
    code="invalid_request", detail="Payment method is not available payment_method", parameter="payment_method"
)
AMOUNT = AmountRefused(code="invalid_request", detail="Payment amount is out of bounds", parameter="amount.value")


class Unkind(FakeYooKassa):
    """Refuses what would make money move."""

    error: Exception = RECEIPT

    async def create(self, payment: NewPayment) -> RemotePayment:
        raise self.error

    async def refund(self, refund: NewRefund) -> RemoteRefund:
        raise self.error


def refuses(cashier: Cashier, error: Exception) -> None:
    former = cashier.yookassa
    cashier.yookassa = Unkind(clock=cashier.clock, payments=former.payments, refunds=former.refunds)
    cashier.yookassa.error = error
    cashier.restart()


@pytest.mark.parametrize(("error", "problem"), [(RECEIPT, "receipt_refused"), (METHOD, "shop_refused")])
async def test_what_lies_in_the_shop_is_told_its_owners_once(quick: Cashier, error: ShopRefused, problem: str) -> None:
    await quick.customer(telegram_id=OWNER)
    anna = await quick.customer()
    refuses(quick, error)
    for _ in range(3):
        with pytest.raises(ShopRefused) as refused:
            await quick.begins(anna)
        assert "amount" not in refused.value.message
        quick.clock.advance(days=1)
    assert await quick.problems() == [problem]
    [alert] = await quick.notifications("payment_problem")
    assert error.detail in alert["detail"]
    payment = (await quick.payments.of_user(anna)).items[0]
    assert (payment.status, payment.cancel_reason) == (PaymentStatus.CANCELED, "shop_refused")
    assert "not your fault" in payment_reason(payment.cancel_reason)
    quick.restart(replace(MERCHANT, vat_code=1))  # the setting is another now, and still wrong
    with pytest.raises(ShopRefused):
        await quick.begins(anna)
    assert await quick.problems() == [problem] * 2


async def test_what_lies_in_the_wish_is_nobody_elses_business(quick: Cashier) -> None:
    await quick.customer(telegram_id=OWNER)
    refuses(quick, AMOUNT)
    with pytest.raises(AmountRefused) as refused:
        await quick.begins(await quick.customer())
    assert "amount" in refused.value.message
    assert await quick.problems() == []


async def test_a_repeat_that_is_refused(quick: Cashier) -> None:
    await quick.customer(telegram_id=OWNER)
    anna = await quick.customer()
    quick.yookassa.faults.append(Fault.LOST)
    with pytest.raises(ResultUnknown):
        await quick.begins(anna)
    refuses(quick, RECEIPT)
    quick.clock.advance(minutes=1)
    await quick.till.reconciler.round()
    [payment] = (await quick.payments.of_user(anna)).items
    assert (payment.status, payment.cancel_reason) == (PaymentStatus.CANCELED, "shop_refused")
    assert (await quick.facts(), await quick.problems()) == (["canceled"], ["receipt_refused"])


async def test_a_refund_that_is_refused(quick: Cashier) -> None:
    await quick.customer(telegram_id=OWNER)
    payment = await quick.pays(await quick.customer())
    refuses(quick, RECEIPT)
    for _ in range(2):
        with pytest.raises(ShopRefused):
            await quick.refunds(payment, 100_00)
    assert await quick.problems() == ["receipt_refused"]
    assert {each.status for each in await quick.payments.refunds(payment.id)} == {RefundStatus.CANCELED}


async def test_forbidden_is_told_in_the_providers_words(quick: Cashier) -> None:
    await quick.customer(telegram_id=OWNER)
    refuses(quick, NotAuthorized(code="forbidden", detail="You don't have the permission"))
    with pytest.raises(NotAuthorized):
        await quick.begins(await quick.customer())
    [alert] = await quick.notifications("payment_problem")
    assert alert["detail"] == "forbidden: You don't have the permission"
    assert alert["provider"] == "yookassa"
    payment = (await quick.payments.latest()).items[0]
    assert "not your fault" in payment_reason(payment.cancel_reason)
