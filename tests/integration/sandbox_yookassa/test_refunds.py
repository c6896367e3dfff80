"""Refunds by the shop and in the cabinet, and receipts."""

from typing import Any

import pytest

from sandbox.client.sandbox import Sandbox, SandboxError, Shop
from tests.integration.sandbox_yookassa.conftest import DAY, Api, Json, created, order, receipt


def refund(payment_id: str, value: str, **more: Any) -> Json:
    return {"payment_id": payment_id, "amount": {"value": value, "currency": "RUB"}, **more}


async def test_parts_of_a_payment_are_given_back_until_nothing_is_left(api: Api, shop: Shop) -> None:
    payment = await created(api)
    await shop.pays()
    status, first = await api("POST", "refunds", refund(payment["id"], "30.00", description="по просьбе"))
    assert (status, first["status"], first["payment_id"]) == (200, "succeeded", payment["id"])
    assert (await api("GET", f"refunds/{first['id']}"))[1] == first
    _, rest = await api("GET", f"payments/{payment['id']}")
    assert (rest["refunded_amount"]["value"], rest["refundable"]) == ("30.00", True)
    status, error = await api("POST", "refunds", refund(payment["id"], "70.01"))
    assert (status, error["parameter"]) == (400, "amount")
    _, second = await api("POST", "refunds", refund(payment["id"], "70.00"))
    assert (await api("GET", f"payments/{payment['id']}"))[1]["refundable"] is False
    assert (await api("POST", "refunds", refund(payment["id"], "0.01")))[0] == 400
    _, found = await api("GET", f"refunds?payment_id={payment['id']}")
    assert [each["id"] for each in found["items"]] == [second["id"], first["id"]]
    assert (await api("GET", "refunds?payment_id=none"))[1]["items"] == []


async def test_what_cannot_be_refunded(api: Api, sandbox: Sandbox, shop: Shop) -> None:
    payment = await created(api)
    assert (await api("POST", "refunds", refund(payment["id"], "1.00")))[1]["parameter"] == "payment_id"
    await shop.pays()
    assert (await api("POST", "refunds", refund(payment["id"], "0.00")))[1]["parameter"] == "amount.value"
    unknown = refund("22d6d597-000f-5000-9000-145f6df21d6f", "1.00")
    assert (await api("POST", "refunds", unknown))[1]["parameter"] == "payment_id"
    status, error = await api("GET", "refunds/22d6d597-0015-5000-9000-145f6df21d6f")
    assert (status, error["code"]) == (404, "not_found")
    await sandbox.advance(3 * 365 * DAY + 1)
    assert (await api("POST", "refunds", refund(payment["id"], "1.00")))[0] == 400


async def test_a_refund_in_the_cabinet(api: Api, shop: Shop) -> None:
    payment = await created(api)
    with pytest.raises(SandboxError, match="pending"):
        await shop.refunds_in_cabinet()
    await shop.pays()
    assert (await shop.refunds_in_cabinet(amount="25"))["amount"]["value"] == "25.00"
    assert (await shop.refunds_in_cabinet())["amount"]["value"] == "75.00", "all that is left"
    with pytest.raises(SandboxError, match="nothing is left"):
        await shop.refunds_in_cabinet(payment["id"])


async def test_a_payment_with_a_receipt(api: Api) -> None:
    payment = await created(api, receipt=receipt("60.00", "40.00"))
    assert payment["receipt_registration"] == "pending"
    three = receipt("33.33", quantity=3)
    assert (await api("POST", "payments", order("99.99", receipt=three)))[0] == 200


@pytest.mark.parametrize(
    "bad",
    [
        receipt("99.99"),
        receipt("100.00") | {"customer": {}},
        receipt("100.00") | {"customer": {"email": "no address"}},
        receipt("100.00") | {"customer": {"phone": "+7 900"}},
        {"items": receipt("100.00")["items"]},
        receipt() | {"items": []},
        receipt(*["1.00"] * 81),
        receipt("100.00", vat_code=0),
        receipt("100.00", vat_code=13),
        receipt("100.00", description=""),
        receipt("100.00", description="x" * 129),
        receipt("100.00", quantity=0),
        receipt("100.00", quantity="1.0001"),
        receipt("100.00", payment_subject="credits"),
        receipt("100.00", payment_mode="later"),
        receipt("100.00", measure="dozen"),
    ],
)
async def test_an_illegal_receipt(api: Api, shop: Shop, bad: Json) -> None:
    status, error = await api("POST", "payments", order(receipt=bad))
    assert (status, error["description"]) == (400, "Receipt is missing or illegal")
    assert error["parameter"] == "receipt"
    assert (await shop.log())[0]["error"] != error["description"], "the log says what is wrong with it"


async def test_a_shop_that_must_send_receipts(api: Api, shop: Shop) -> None:
    await shop.change(receipts_required=True)
    status, error = await api("POST", "payments", order())
    assert (status, error["description"]) == (400, "Receipt is missing or illegal")
    status, error = await api("POST", "payments", order(receipt=receipt("100.00")))
    assert (status, error["parameter"]) == (400, "receipt")
    assert "measure" in (await shop.log())[-1]["error"], "YooKassa's own receipts need one"
    payment = await created(api, receipt=receipt("100.00", measure="piece"))
    await shop.pays()
    part = refund(payment["id"], "40.00")
    assert (await api("POST", "refunds", part))[1]["parameter"] == "receipt"
    _, done = await api("POST", "refunds", part | {"receipt": receipt("40.00", measure="piece")})
    assert done["receipt_registration"] == "succeeded"
