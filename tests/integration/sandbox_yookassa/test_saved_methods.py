"""Means of payment that were saved: charged without their owner, declined for a reason, pending, forgotten."""

from typing import Any

import pytest

from sandbox.client.sandbox import Shop
from sandbox.yookassa.shop import DECLINES
from tests.integration.sandbox_yookassa.conftest import Api, Json, created, order


async def saved(api: Api, shop: Shop) -> str:
    await created(api, save_payment_method=True)
    await shop.pays()
    method_id: str = (await shop.methods())[0]["id"]
    return method_id


def charge(method_id: str, **more: Any) -> Json:
    body = order("399.00", payment_method_id=method_id, **more)
    del body["confirmation"]
    return body


async def test_a_saved_card_pays_by_itself(api: Api, shop: Shop) -> None:
    method_id = await saved(api, shop)
    status, payment = await api("POST", "payments", charge(method_id))
    assert (status, payment["status"], payment["payment_method"]["id"]) == (200, "succeeded", method_id)
    assert (payment["payment_method"]["saved"], "confirmation" in payment) == (True, False)


@pytest.mark.parametrize("reason", DECLINES)
async def test_each_reason_ends_the_charge(api: Api, shop: Shop, reason: str) -> None:
    method_id = await saved(api, shop)
    await shop.declines_charges(reason)
    _, payment = await api("POST", "payments", charge(method_id))
    assert (payment["status"], payment["cancellation_details"]["reason"]) == ("canceled", reason)
    assert (await shop.webhooks())[-1]["event"] == "payment.canceled"
    await shop.declines_charges(None)
    assert (await api("POST", "payments", charge(method_id)))[1]["status"] == "succeeded"


async def test_a_charge_may_wait(api: Api, shop: Shop) -> None:
    method_id = await saved(api, shop)
    await shop.declines_charges(None, waits=True)
    _, payment = await api("POST", "payments", charge(method_id))
    assert payment["status"] == "pending"
    paid = await shop.pays(payment["id"])
    assert (paid["status"], paid["payment_method"]["id"]) == ("succeeded", method_id)


async def test_a_method_that_is_gone_and_a_shop_that_may_save_none(api: Api, shop: Shop) -> None:
    method_id = await saved(api, shop)
    await shop.change(autopay=False)
    for body in (charge(method_id), order(save_payment_method=True)):
        assert (await api("POST", "payments", body))[0] == 403
    await shop.change(autopay=True)
    await shop.forgets_method()
    status, told = await api("POST", "payments", charge(method_id))
    assert (status, told["parameter"]) == (400, "payment_method_id")
