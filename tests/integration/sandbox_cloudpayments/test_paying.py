"""Orders and who pays them: the shop is asked, the bank answers, the shop is told."""

from decimal import Decimal

import pytest

from sandbox.client.cloudpayments import CloudPaymentsSite
from sandbox.client.sandbox import Sandbox, SandboxError
from tests.integration.sandbox_cloudpayments.conftest import (
    ASKS_CODE,
    DAY,
    NO_MONEY,
    PASSES,
    PAYS_ONCE,
    Api,
    Receiver,
    order,
)


async def test_an_order_is_paid_and_found(api: Api, site: CloudPaymentsSite, receiver: Receiver) -> None:
    made = (await api("orders/create", **order()))["Model"]
    assert made["Status"] == "Created"
    assert made["Url"].endswith(f"/cloudpayments/d/{made['Id']}")
    assert await api("payments/find", InvoiceId="top-7") == {"Success": False, "Message": "Not found"}
    paid = await site.pays(made["Id"])
    check, pay = await receiver.next(), await receiver.next()
    assert (check.kind, check.fields["Status"], pay.kind, pay.fields["Status"]) == (
        "check",
        "Completed",
        "pay",
        "Completed",
    )
    assert check.fields["InvoiceId"] == pay.fields["InvoiceId"] == "top-7"
    assert (pay.fields["Amount"], pay.fields["AccountId"]) == ("299.10", "17")
    assert "Token" not in check.fields
    found = (await api("payments/find", InvoiceId="top-7"))["Model"]
    assert found == (await api("payments/get", TransactionId=paid["TransactionId"]))["Model"]
    assert (found["Status"], found["Amount"], found["CardLastFour"]) == ("Completed", Decimal("299.10"), PASSES[-4:])
    assert found["JsonData"] == '{"purpose": "a+b&c=d"}'
    assert (await site.order())["Status"] == "Paid"


@pytest.mark.parametrize(("code", "reason"), [(10, 3001), (11, 3002), (12, 3003), (13, 3004), (20, 3005), (7, 3006)])
async def test_the_shop_may_refuse(
    api: Api, site: CloudPaymentsSite, receiver: Receiver, code: int, reason: int
) -> None:
    await api("orders/create", **order())
    receiver.checks.append(code)
    assert (await site.pays())["ReasonCode"] == reason
    assert await receiver.kinds(2) == ["check", "fail"]
    assert (await site.pays())["Status"] == "Completed"  # the order can still be paid


async def test_a_shop_that_does_not_answer_is_paid_nothing(
    api: Api, site: CloudPaymentsSite, receiver: Receiver
) -> None:
    await api("orders/create", **order())
    await site.fault("lose", "check")
    assert (await site.pays())["ReasonCode"] == 3008
    await site.change(off=["check"])
    assert (await site.pays())["Status"] == "Completed"  # who switched it off is not asked


async def test_the_bank_may_ask_for_a_code(api: Api, site: CloudPaymentsSite, receiver: Receiver) -> None:
    await api("orders/create", **order())
    assert (await site.pays(card=ASKS_CODE, secure=False))["ReasonCode"] == 5207
    waits = await site.pays(card=ASKS_CODE, secure=None)
    assert waits["Status"] == "AwaitingAuthentication"
    assert (await api("orders/cancel", Id=(await site.order())["Id"]))["Success"]
    assert (await site.secures())["Status"] == "Completed"  # the bank knows of no cancelling: a late payment
    with pytest.raises(SandboxError, match="the order is"):
        await site.pays()
    assert (await site.pays(force=True))["InvoiceId"] == "top-7"  # twice, as a page in two windows may be


async def test_who_may_call_and_what(api: Api, site: CloudPaymentsSite) -> None:
    assert (await api("test"))["Success"]
    assert await api("test", secret="another") == {"status": 401}
    assert await api("payments/nothing") == {"status": 404}
    assert (await api("orders/create", Currency="RUB"))["Message"] == "Amount is required"
    assert (await api("orders/create", **order(Amount=1.005)))["Message"] == "Amount is invalid"
    assert (await api("orders/create", **order(Email=None)))["Message"] == "Email is invalid"
    assert not (await api("orders/cancel", Id="nobody"))["Success"]


async def test_a_call_is_done_once(api: Api, sandbox: Sandbox, site: CloudPaymentsSite) -> None:
    first = await api("orders/create", "key", **order())
    assert await api("orders/create", "key", **order()) == first
    await sandbox.advance(3601)
    assert await api("orders/create", "key", **order()) != first  # the result is kept for an hour
    await site.fault("500_after", "orders/create")
    assert await api("orders/create", "lost", **order()) == {"status": 500}
    made = len(await site.orders())
    assert (await api("orders/create", "lost", **order()))["Success"]
    assert len(await site.orders()) == made
    assert not (await api("orders/create", "refused"))["Success"]
    assert (await api("orders/create", "refused", **order()))["Success"]  # what was refused binds no key


def charge(token: str, **more: object) -> dict[str, object]:
    return {
        "Amount": 399,
        "AccountId": "17",
        "Token": token,
        "TrInitiatorCode": 0,
        "PaymentScheduled": 1,
        "InvoiceId": "sub-1",
        **more,
    }


async def test_a_card_is_charged_again(api: Api, site: CloudPaymentsSite, receiver: Receiver) -> None:
    await api("orders/create", **order())
    token = (await site.pays())["Token"]
    await receiver.kinds(2)
    charged = await api("payments/tokens/charge", **charge(token))
    assert (charged["Success"], charged["Model"]["Status"]) == (True, "Completed")
    assert charged["Model"]["TrInitiatorCode"] == 0
    assert await receiver.kinds(2) == ["check", "pay"]
    assert (await api("payments/tokens/charge", **charge(token, AccountId="18")))["Message"] == "Token not found"
    await site.change(saves_cards=False)
    await api("orders/create", **order(AccountId="19"))
    assert (await site.pays())["Token"] is None


async def test_after_two_tries_a_card_rests_for_a_day(
    api: Api, sandbox: Sandbox, site: CloudPaymentsSite, receiver: Receiver
) -> None:
    await api("orders/create", **order())
    token = (await site.pays(card=PAYS_ONCE))["Token"]
    for _ in range(2):
        declined = await api("payments/tokens/charge", **charge(token))
        assert (declined["Success"], declined["Model"]["ReasonCode"]) == (False, 5051)
    await site.declines_charges(0)
    await site.declines_charges(5051)
    for _ in range(2):
        await api("payments/tokens/charge", **charge(token))
    fails = [each for each in [await receiver.next() for _ in range(10)] if each.kind == "fail"]
    assert [bool(each.fields["RetryAfter"]) for each in fails] == [False, True, False, True]
    await sandbox.advance(DAY)
    await site.declines_charges(0)
    assert (await api("payments/tokens/charge", **charge(token)))["Success"]


async def test_some_refusals_are_for_good(api: Api, sandbox: Sandbox, site: CloudPaymentsSite) -> None:
    await api("orders/create", **order())
    assert (await site.pays(card=NO_MONEY))["ReasonCode"] == 5051
    token = (await site.pays())["Token"]
    await site.declines_charges(5005)
    assert (await api("payments/tokens/charge", **charge(token)))["Model"]["ReasonCode"] == 5005
    assert (await site.tokens())[0]["refused_for_good"] == 5005
    await sandbox.advance(30 * DAY)
    assert (await api("payments/tokens/charge", **charge(token)))["Model"]["ReasonCode"] == 5005


async def test_money_goes_back_in_parts(api: Api, site: CloudPaymentsSite, receiver: Receiver) -> None:
    await api("orders/create", **order())
    paid = await site.pays()
    await receiver.kinds(2)
    back = (await api("payments/refund", TransactionId=paid["TransactionId"], Amount=99))["Model"]
    told = await receiver.next()
    assert (told.kind, told.fields["TransactionId"]) == ("refund", str(back["TransactionId"]))
    assert (told.fields["PaymentTransactionId"], told.fields["Amount"]) == (str(paid["TransactionId"]), "99.00")
    assert "Status" not in told.fields
    assert (await api("v2/payments/find", InvoiceId="top-7"))["Model"]["Type"] == 1
    assert (await api("payments/find", InvoiceId="top-7"))["Model"]["Refunded"] is True
    assert not (await api("payments/refund", TransactionId=paid["TransactionId"], Amount=200.11))["Success"]
    await site.refunds_in_cabinet()
    assert (await receiver.next()).fields["Amount"] == "200.10"
    page = (
        await api("v2/payments/list", CreatedDateGte="2020-01-01T00:00:00Z", CreatedDateLte="2100-01-01T00:00:00Z")
    )["Model"]
    assert [(each["Type"], each["Amount"]) for each in page] == [
        (0, Decimal("299.10")),
        (1, Decimal("99.00")),
        (1, Decimal("200.10")),
    ]


async def test_nobody_tells_of_a_chargeback(api: Api, site: CloudPaymentsSite, receiver: Receiver) -> None:
    await api("orders/create", **order())
    await site.pays()
    await receiver.kinds(2)
    await site.charges_back()
    assert [each["event"] for each in await site.webhooks()] == ["check", "pay"]


async def test_money_is_held_until_the_shop_takes_it(api: Api, site: CloudPaymentsSite, receiver: Receiver) -> None:
    await api("orders/create", **order(RequireConfirmation=True))
    held = await site.pays()
    assert held["Status"] == "Authorized"
    assert (await api("payments/confirm", TransactionId=held["TransactionId"], Amount=299.1))["Success"]
    assert not (await api("payments/void", TransactionId=held["TransactionId"]))["Success"]
    await api("orders/create", **order(RequireConfirmation=True))
    other = await site.pays()
    assert (await api("payments/void", TransactionId=other["TransactionId"]))["Success"]
    assert await receiver.kinds(6) == ["check", "pay", "confirm", "check", "pay", "cancel"]
