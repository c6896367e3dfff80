"""The checkout's own calls, and paying as a part of a conversation."""

from typing import Any

import aiohttp
import pytest

from sandbox.client.sandbox import Sandbox, SandboxError, Shop
from tests.integration.sandbox_yookassa.conftest import HOUR, RETURN_URL, Api, created


async def look(sandbox: Sandbox, payment_id: str) -> dict[str, Any]:
    found: dict[str, Any] = await sandbox.request("GET", f"/yookassa/checkout/{payment_id}/payment")
    return found


async def act(sandbox: Sandbox, payment_id: str, name: str, **body: str) -> dict[str, Any]:
    found: dict[str, Any] = await sandbox.request("POST", f"/yookassa/checkout/{payment_id}/{name}", body=body)
    return found


async def test_the_link_shows_a_page(api: Api, sandbox: Sandbox) -> None:
    payment = await created(api)
    async with sandbox.http.get(payment["confirmation"]["confirmation_url"]) as response:
        assert (response.status, response.content_type) == (200, "text/html")
        page = await response.text()
    for name in ("checkout.css", "checkout.js"):
        assert f"/sandbox/static/checkout/{name}" in page
        await sandbox.download(f"/sandbox/static/checkout/{name}")


async def test_what_the_page_knows(api: Api, sandbox: Sandbox, shop: Shop) -> None:
    await shop.change(name="Кассандра")
    payment = await created(api, "1999.90", save_payment_method=True)
    await sandbox.advance(60)
    found = await look(sandbox, payment["id"])
    assert found.pop("reasons")[0] == "insufficient_funds"
    assert found == {
        "id": payment["id"],
        "status": "pending",
        "amount": {"value": "1999.90", "currency": "RUB"},
        "description": "Кредиты",
        "shop": "Кассандра",
        "test": True,
        "locale": None,
        "methods": ["bank_card", "sbp"],
        "reason": None,
        "return_url": RETURN_URL,
        "seconds_left": HOUR - 60,
        "saves": True,
    }


async def test_means_of_payment_that_do_not_fit_are_not_offered(api: Api, sandbox: Sandbox) -> None:
    big = await created(api, "350000.01")
    assert (await look(sandbox, big["id"]))["methods"] == ["sbp"]
    only = await created(api, payment_method_data={"type": "bank_card"})
    assert (await look(sandbox, only["id"]))["methods"] == ["bank_card"]


async def test_the_way_back_to_a_bot_of_the_sandbox(api: Api, sandbox: Sandbox) -> None:
    """There is no t.me here; its chat is on the page."""
    bots = {each["bot_id"]: each["username"] for each in await sandbox.request("GET", "/sandbox/api/worlds")}
    address = f"https://t.me/{bots[sandbox.bot_id]}"
    payment = await created(api, confirmation={"type": "redirect", "return_url": address})
    assert (await look(sandbox, payment["id"]))["return_url"] == f"{sandbox.base_url}/?bot={sandbox.bot_id}"
    assert payment["confirmation"]["type"] == "redirect"
    payment = await created(api, confirmation={"type": "redirect", "return_url": f"{address}?startapp=balance"})
    there = f"{sandbox.base_url}/?bot={sandbox.bot_id}&startapp=balance"
    assert (await look(sandbox, payment["id"]))["return_url"] == there


async def test_paying_with_a_card(api: Api, sandbox: Sandbox, shop: Shop) -> None:
    payment = await created(api)
    with pytest.raises(SandboxError, match="number"):
        await act(sandbox, payment["id"], "pay", number="4111")
    paid = await act(sandbox, payment["id"], "pay", number="2202474301322987")
    assert (paid["status"], paid["return_url"]) == ("succeeded", RETURN_URL)
    card = (await shop.payment())["payment_method"]["card"]
    assert (card["card_type"], card["first6"], card["last4"]) == ("Mir", "220247", "2987")
    for name in ("pay", "decline"):
        with pytest.raises(SandboxError, match="the payment is succeeded"):
            await act(sandbox, payment["id"], name)


async def test_being_declined(api: Api, sandbox: Sandbox) -> None:
    payment = await created(api)
    with pytest.raises(SandboxError, match="a reason is one of"):
        await act(sandbox, payment["id"], "decline", reason="bad_mood")
    assert (await act(sandbox, payment["id"], "decline", reason="invalid_csc"))["reason"] == "invalid_csc"
    assert (await look(sandbox, payment["id"]))["status"] == "canceled"


async def test_coming_too_late(api: Api, sandbox: Sandbox) -> None:
    payment = await created(api)
    await sandbox.advance(HOUR)
    with pytest.raises(SandboxError, match="canceled"):
        await act(sandbox, payment["id"], "pay")
    found = await look(sandbox, payment["id"])
    assert (found["reason"], found["seconds_left"]) == ("expired_on_confirmation", 0)


async def test_payments_that_there_are_not(sandbox: Sandbox) -> None:
    with pytest.raises(SandboxError, match="no such payment"):
        await look(sandbox, "22d6d597-000f-5000-9000-145f6df21d6f")


async def test_a_person_pays_by_the_button_of_a_message(api: Api, sandbox: Sandbox, shop: Shop) -> None:
    anna = await sandbox.person("Анна")
    await anna.says("/topup")
    payment = await created(api)
    link = payment["confirmation"]["confirmation_url"]
    button = {"text": "Оплатить 100 ₽", "url": link}
    message = {"chat_id": anna.id, "text": "Счёт", "reply_markup": {"inline_keyboard": [[button]]}}
    async with sandbox.http.post(f"{sandbox.base_url}/bot{sandbox.token}/sendMessage", json=message) as response:
        assert response.status == 200
    assert await anna.pays("Оплатить") == RETURN_URL
    assert (await shop.payment())["status"] == "succeeded"
    with pytest.raises(SandboxError, match="the payment is succeeded"):
        await anna.pays(link)


async def test_the_page_is_for_people_and_needs_no_key(api: Api, base_url: str) -> None:
    payment = await created(api)
    async with aiohttp.ClientSession() as stranger:
        async with stranger.get(f"{base_url}/yookassa/checkout/{payment['id']}/payment") as response:
            assert "secret" not in await response.text()
        async with stranger.get(f"{base_url}/yookassa/v3/payments/{payment['id']}") as response:
            assert response.status == 401
