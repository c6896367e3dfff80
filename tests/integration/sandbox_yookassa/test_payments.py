"""The life of a payment as a shop sees it."""

import base64
import re

import pytest

from sandbox.client.sandbox import Sandbox, SandboxError, Shop
from tests.integration.sandbox_yookassa.conftest import DAY, HOUR, Api, Json, authorization, created, order


async def test_a_payment_is_made_paid_and_told(api: Api, shop: Shop) -> None:
    payment = await created(api)
    assert re.fullmatch(r"[0-9a-f]{8}-000f-5000-8000-[0-9a-f]{12}", payment["id"])
    assert (payment["status"], payment["paid"], payment["test"]) == ("pending", False, True)
    assert payment["amount"] == {"value": "100.00", "currency": "RUB"}
    assert payment["recipient"]["account_id"] == shop.shop_id
    assert payment["confirmation"]["confirmation_url"].endswith(f"/yookassa/checkout/{payment['id']}")
    assert payment["metadata"] == {"payment_id": "7"}
    await shop.pays()
    _, paid = await api("GET", f"payments/{payment['id']}")
    assert (paid["status"], paid["paid"], paid["refundable"]) == ("succeeded", True, True)
    assert paid["payment_method"]["card"]["last4"] == "4477"
    assert paid["captured_at"] == "2026-09-21T14:13:20.000Z"
    assert "confirmation" not in paid


async def test_without_capture_the_money_is_held_first(api: Api, shop: Shop) -> None:
    body = order()
    del body["capture"]
    _, payment = await api("POST", "payments", body)
    assert (await shop.pays(method="sbp"))["status"] == "waiting_for_capture"
    _, held = await api("GET", f"payments/{payment['id']}")
    assert (held["paid"], held["refundable"], held["expires_at"]) == (True, False, "2026-09-21T20:13:20.000Z")
    part = {"amount": {"value": "30.50", "currency": "RUB"}}
    status, taken = await api("POST", f"payments/{payment['id']}/capture", part)
    assert (status, taken["status"], taken["amount"]["value"]) == (200, "succeeded", "30.50")
    status, error = await api("POST", f"payments/{payment['id']}/capture")
    assert (status, error["code"]) == (400, "invalid_request")


async def test_only_held_money_can_be_let_go(api: Api, shop: Shop) -> None:
    payment = await created(api, capture=False)
    assert (await api("POST", f"payments/{payment['id']}/cancel"))[0] == 400
    await shop.pays()
    status, canceled = await api("POST", f"payments/{payment['id']}/cancel")
    assert (status, canceled["status"]) == (200, "canceled")
    assert canceled["cancellation_details"] == {"party": "merchant", "reason": "canceled_by_merchant"}


async def test_the_link_lives_an_hour_of_the_sandbox(api: Api, sandbox: Sandbox) -> None:
    payment = await created(api)
    await sandbox.advance(HOUR - 1)
    assert (await api("GET", f"payments/{payment['id']}"))[1]["status"] == "pending"
    await sandbox.advance(1)
    _, expired = await api("GET", f"payments/{payment['id']}")
    assert expired["cancellation_details"] == {"party": "yoo_money", "reason": "expired_on_confirmation"}


async def test_held_money_goes_back_when_the_shop_does_not_take_it(api: Api, sandbox: Sandbox, shop: Shop) -> None:
    payment = await created(api, capture=False)
    await shop.pays()
    await sandbox.advance(7 * DAY)
    _, expired = await api("GET", f"payments/{payment['id']}")
    assert expired["cancellation_details"]["reason"] == "expired_on_capture"


async def test_a_payer_can_be_declined_and_cannot_pay_then(api: Api, shop: Shop) -> None:
    await created(api)
    declined = await shop.declines("card_expired")
    assert declined["cancellation_details"] == {"party": "payment_network", "reason": "card_expired"}
    with pytest.raises(SandboxError, match="the payment is canceled"):
        await shop.pays()
    assert (await shop.pays(force=True))["status"] == "succeeded", "late, but paid"


async def test_a_saved_card_pays_by_itself(api: Api, shop: Shop) -> None:
    payment = await created(api, save_payment_method=True)
    refused = order(payment_method_id=payment["id"])
    assert (await api("POST", "payments", refused))[1]["parameter"] == "payment_method_id"
    paid = await shop.pays()
    assert (paid["payment_method"]["saved"], paid["payment_method"]["status"]) == (True, "active")
    body = {"amount": order()["amount"], "capture": True, "payment_method_id": payment["id"]}
    status, again = await api("POST", "payments", body)
    assert (status, again["status"], again["payment_method"]["id"]) == (200, "succeeded", payment["id"])
    assert again["id"] != payment["id"]


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"amount": None}, "amount"),
        ({"amount": {"value": "0.99", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "700000.01", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "100.001", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "1e3", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "-5", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "٣٠٠", "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": 100, "currency": "RUB"}}, "amount.value"),
        ({"amount": {"value": "100.00", "currency": "USD"}}, "amount.currency"),
        ({"confirmation": None}, "confirmation"),
        ({"confirmation": {"type": "redirect"}}, "confirmation.return_url"),
        ({"confirmation": {"type": "embedded"}}, "confirmation.type"),
        ({"description": "х" * 129}, "description"),
        ({"metadata": {str(n): "" for n in range(17)}}, "metadata"),
        ({"metadata": {"k" * 33: ""}}, f"metadata.{'k' * 33}.[key]"),
        ({"metadata": {"k": "v" * 513}}, "metadata.k"),
        ({"payment_method_data": {"type": "cash"}}, "payment_method_data.type"),
        ({"payment_token": "t"}, "payment_token"),
    ],
)
async def test_what_is_wrong_is_named(api: Api, shop: Shop, change: Json, parameter: str) -> None:
    status, error = await api("POST", "payments", order() | change)
    assert (status, error["type"], error["parameter"]) == (400, "error", parameter)
    assert await shop.payments() == []


async def test_a_card_takes_less_than_sbp(api: Api, shop: Shop) -> None:
    big = order("350000.01")
    card = big | {"payment_method_data": {"type": "bank_card"}}
    assert (await api("POST", "payments", card))[1]["parameter"] == "amount.value"
    assert (await api("POST", "payments", big))[0] == 200
    with pytest.raises(SandboxError, match="bank_card"):
        await shop.pays()
    assert (await shop.pays(method="sbp"))["payment_method"]["type"] == "sbp"


async def test_strangers_are_told_nothing(api: Api, sandbox: Sandbox, shop: Shop) -> None:
    payment = await created(api)
    for auth in [(shop.shop_id, "wrong"), ("1", shop.secret_key), ("", "")]:
        status, error = await api("GET", f"payments/{payment['id']}", auth=auth)
        assert (status, error["code"], error["parameter"]) == (401, "invalid_credentials", "Authorization")
        assert error["description"].startswith("Error in shopId or secret key. Check their validity.")
    other = ("100500", "test_sandbox-key")
    assert (await api("GET", "me", auth=other))[1]["account_id"] == "100500", "the shop of the page"
    status, error = await api("GET", f"payments/{payment['id']}", auth=other)
    assert (status, error["code"], error["parameter"]) == (404, "not_found", "payment_id")
    token = base64.b64encode(b"nonsense").decode()
    for header in ("", "Basic", "Basic ***", f"Basic {token}", "Bearer x"):
        async with sandbox.http.get(f"{shop.api_url}/me", headers={"Authorization": header}) as response:
            assert response.status == 401


async def test_bodies_that_are_not_json_objects(sandbox: Sandbox, shop: Shop) -> None:
    signed = authorization(shop.shop_id, shop.secret_key)
    headers = {**signed, "Idempotence-Key": "1", "Content-Type": "application/json"}
    for body in (b"{", b"[]", b"1", b"\xff", b"x" * 600_000):
        async with sandbox.http.post(f"{shop.api_url}/payments", data=body, headers=headers) as response:
            assert (response.status, (await response.json())["code"]) == (400, "invalid_request")
    headers["Content-Type"] = "text/plain"
    async with sandbox.http.post(f"{shop.api_url}/payments", data=b"{}", headers=headers) as response:
        assert response.status == 415
    async with sandbox.http.get(f"{shop.api_url}/payments/1/capture", headers=signed) as response:
        assert response.status == 405
    async with sandbox.http.get(f"{shop.api_url}/nothing", headers=signed) as response:
        assert (response.status, (await response.json())["code"]) == (404, "not_found")


async def test_fields_that_the_api_does_not_have_are_reported(api: Api, shop: Shop) -> None:
    await created(api, sum=5, confirmation={"type": "redirect", "return_url": "https://a.example", "url": "x"})
    assert (await shop.log("payments.create"))[0]["unknown"] == ["sum", "confirmation.url"]


async def test_me(api: Api, shop: Shop) -> None:
    _, me = await api("GET", "me")
    assert (me["account_id"], me["test"], me["status"]) == (shop.shop_id, True, "enabled")
    assert me["fiscalization_enabled"] is False
    await shop.change(test=False, receipts_required=True)
    _, me = await api("GET", "me")
    assert (me["test"], me["fiscalization_enabled"], me["fiscalization"]["enabled"]) == (False, True, True)


async def test_lists_are_paged_and_filtered(api: Api, sandbox: Sandbox, shop: Shop) -> None:
    ids = []
    for _ in range(5):
        ids.append((await created(api))["id"])
        await sandbox.advance(60)
    await shop.pays(ids[1])
    _, first = await api("GET", "payments?limit=2")
    assert [each["id"] for each in first["items"]] == [ids[4], ids[3]]
    _, second = await api("GET", f"payments?limit=3&cursor={first['next_cursor']}")
    assert [each["id"] for each in second["items"]] == [ids[2], ids[1], ids[0]]
    assert "next_cursor" not in second
    _, paid = await api("GET", "payments?status=succeeded&payment_method=bank_card")
    assert [each["id"] for each in paid["items"]] == [ids[1]]
    third = (await shop.payment(ids[2]))["created_at"]
    for query, expected in {"gte": ids[:1:-1], "gt": ids[:2:-1], "lte": ids[2::-1], "lt": ids[1::-1]}.items():
        _, found = await api("GET", f"payments?created_at.{query}={third}")
        assert [each["id"] for each in found["items"]] == expected, query
    for query in ("limit=0", "limit=101", "status=paid", "cursor=x", "created_at.gt=yesterday"):
        assert (await api("GET", f"payments?{query}"))[0] == 400, query
