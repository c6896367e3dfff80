"""Idempotence keys."""

import asyncio

import pytest

from sandbox.client.sandbox import Sandbox, Shop
from tests.integration.sandbox_yookassa.conftest import DAY, Api, created, order


async def test_the_first_answer_is_given_again(api: Api, shop: Shop) -> None:
    first = await api("POST", "payments", order(), key="a")
    await shop.pays()
    assert await api("POST", "payments", order(), key="a") == first, "as it was then"
    assert len(await shop.payments()) == 1


async def test_a_key_with_another_body_is_refused(api: Api, shop: Shop) -> None:
    _, payment = await api("POST", "payments", order(capture=False), key="a")
    for path, body in [("payments", order("100.01", capture=False)), (f"payments/{payment['id']}/cancel", None)]:
        status, error = await api("POST", path, body, key="a")
        assert (status, error["description"]) == (400, "Idempotence key duplicated")
        assert error["parameter"] == "Idempotence-Key"
    assert len(await shop.payments()) == 1


async def test_a_key_lives_a_day(api: Api, sandbox: Sandbox, shop: Shop) -> None:
    await api("POST", "payments", order(), key="a")
    await sandbox.advance(DAY - 1)
    await api("POST", "payments", order(), key="a")
    assert len(await shop.payments()) == 1
    await sandbox.advance(1)
    await api("POST", "payments", order("5.00"), key="a")
    assert len(await shop.payments()) == 2


@pytest.mark.parametrize("key", [None, "k" * 65])
async def test_a_key_is_needed_and_not_too_long(api: Api, shop: Shop, key: str | None) -> None:
    status, error = await api("POST", "payments", order(), key=key)
    assert (status, error["parameter"]) == (400, "Idempotence-Key")
    assert await shop.payments() == []


async def test_a_refused_request_leaves_its_key_free(api: Api) -> None:
    assert (await api("POST", "payments", order("0.10"), key="a"))[0] == 400
    assert (await api("POST", "payments", order("10.00"), key="a"))[0] == 200


async def test_shops_do_not_share_keys(api: Api, shop: Shop) -> None:
    other = ("100500", "test_sandbox-key")
    _, first = await api("POST", "payments", order(), key="a")
    _, second = await api("POST", "payments", order("1.00"), key="a", auth=other)
    assert first["id"] != second["id"]


async def test_many_at_once_with_one_key_make_one_payment(api: Api, shop: Shop) -> None:
    async with asyncio.TaskGroup() as group:
        calls = [group.create_task(_create(api)) for _ in range(20)]
    assert len({call.result() for call in calls}) == 1
    assert len(await shop.payments()) == 1


async def _create(api: Api) -> str:
    return str((await api("POST", "payments", order(), key="same"))[1]["id"])


async def test_refunds_have_keys_too(api: Api, shop: Shop) -> None:
    payment = await created(api)
    await shop.pays()
    body = {"payment_id": payment["id"], "amount": {"value": "40.00", "currency": "RUB"}}
    first = await api("POST", "refunds", body, key="r")
    assert await api("POST", "refunds", body, key="r") == first
    assert len(await shop.refunds()) == 1
