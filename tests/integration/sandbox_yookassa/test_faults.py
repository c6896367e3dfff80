"""YooKassa on a bad day."""

import asyncio

import aiohttp
import pytest

from sandbox.client.sandbox import Sandbox, SandboxError, Shop
from tests.integration.sandbox_yookassa.conftest import Api, authorization, created, order


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("500", 500, "internal_server_error"),
        ("429", 429, "too_many_requests"),
        ("401", 401, "invalid_credentials"),
        ("403", 403, "forbidden"),
    ],
)
async def test_refusals_do_nothing(api: Api, shop: Shop, kind: str, status: int, code: str) -> None:
    await shop.fault(kind, "payments.create")
    found, error = await api("POST", "payments", order(), key="a")
    assert (found, error["code"]) == (status, code)
    assert await shop.payments() == []
    assert (await api("POST", "payments", order(), key="a"))[0] == 200


async def test_an_error_after_the_deed_is_undone_by_the_same_key(api: Api, shop: Shop) -> None:
    await shop.fault("500_after")
    assert (await api("POST", "payments", order(), key="a"))[0] == 500
    made = (await shop.payment())["id"]
    _, payment = await api("POST", "payments", order(), key="a")
    assert payment["id"] == made
    assert len(await shop.payments()) == 1


async def raw(sandbox: Sandbox, shop: Shop, *, key: str = "a") -> tuple[int, str, bytes]:
    headers = {**authorization(shop.shop_id, shop.secret_key), "Idempotence-Key": key}
    async with sandbox.http.post(f"{shop.api_url}/payments", json=order(), headers=headers) as response:
        return response.status, response.content_type, await response.read()


@pytest.mark.parametrize(("kind", "made"), [("html", 0), ("html_after", 1)])
async def test_a_page_instead_of_json(sandbox: Sandbox, shop: Shop, kind: str, made: int) -> None:
    await shop.fault(kind)
    status, content_type, body = await raw(sandbox, shop)
    assert (status, content_type) == (502, "text/html")
    assert b"Bad Gateway" in body
    assert len(await shop.payments()) == made


async def test_broken_json(sandbox: Sandbox, shop: Shop) -> None:
    await shop.fault("broken")
    status, content_type, body = await raw(sandbox, shop)
    assert (status, content_type) == (200, "application/json")
    assert body.startswith(b'{"id":')
    assert not body.endswith(b"}")
    assert len(await shop.payments()) == 1


@pytest.mark.parametrize(("kind", "made"), [("cut", 0), ("cut_after", 1)])
async def test_a_cut_connection(sandbox: Sandbox, shop: Shop, kind: str, made: int) -> None:
    await shop.fault(kind)
    with pytest.raises(aiohttp.ClientError):
        await raw(sandbox, shop)
    assert len(await shop.payments()) == made
    assert (await shop.log())[0]["status"] == 0


@pytest.mark.parametrize(("kind", "before", "after"), [("hang", 0, 0), ("hang_after", 1, 1), ("slow", 0, 1)])
async def test_silence(sandbox: Sandbox, shop: Shop, kind: str, before: int, after: int) -> None:
    await shop.fault(kind, seconds=60)
    async with asyncio.TaskGroup() as group:
        call = group.create_task(patient(sandbox, shop))
        while not await shop.log():
            pass
        await sandbox.advance(59)
        assert not call.done()
        assert len(await shop.payments()) == before
        await sandbox.advance(1)
    assert call.result() == (kind == "slow")
    assert len(await shop.payments()) == after


async def patient(sandbox: Sandbox, shop: Shop) -> bool:
    try:
        return (await raw(sandbox, shop))[0] == 200
    except aiohttp.ClientError:
        return False


async def test_an_answer_with_another_amount(api: Api, shop: Shop) -> None:
    payment = await created(api)
    await shop.fault("amount", "payments.get", value="1.00")
    path = f"payments/{payment['id']}"
    assert (await api("GET", path))[1]["amount"]["value"] == "1.00"
    assert (await api("GET", path))[1]["amount"]["value"] == "100.00"


async def test_a_payment_that_changed(api: Api, shop: Shop) -> None:
    payment = await created(api)
    await shop.tampers(amount="99999.00", currency="KZT", test=False, account_id="1", metadata={"payment_id": "8"})
    _, found = await api("GET", f"payments/{payment['id']}")
    assert found["amount"] == {"value": "99999.00", "currency": "KZT"}
    assert (found["test"], found["recipient"]["account_id"], found["metadata"]) == (False, "1", {"payment_id": "8"})


async def test_faults_are_for_a_call_and_so_many_times(api: Api, shop: Shop) -> None:
    await shop.fault("500", "payments.get", times=2)
    payment = await created(api)
    path = f"payments/{payment['id']}"
    assert [(await api("GET", path))[0] for _ in range(3)] == [500, 500, 200]
    await shop.fault("500", times=0)
    assert [(await api("GET", "me"))[0] for _ in range(3)] == [500, 500, 500]
    await shop.clear_faults()
    assert (await api("GET", "me"))[0] == 200


async def test_faults_that_there_are_not(shop: Shop) -> None:
    for kind, on in [("nonsense", "*"), ("500", "payment.succeeded"), ("lose", "payments.get")]:
        with pytest.raises(SandboxError):
            await shop.fault(kind, on)
