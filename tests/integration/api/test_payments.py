"""Credits that programs buy, and bonuses that they read of."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from uuid import uuid4

import httpx
import pytest_asyncio

from db.tables.billing import TransactionKind
from db.tables.identities import ApiScope
from sandbox.client.sandbox import Sandbox
from sandbox.client.shop import Shop
from services.billing.audit import run_audit
from services.money import rub
from services.payments.packages import PackageOffer
from services.users.accounts import Visitor
from services.users.actor import Actor
from tests.conversations.payments.conftest import open_till
from tests.conversations.stage import OWNER_ID, Stage
from tests.integration.api.conftest import Callers, problem
from tests.support.databases import SqliteServer
from tests.support.waiting import until

ORDER = {"amount": 30_000}
TITLE = {"ru": "Сотня", "en": "A hundred"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(world: Sandbox, sqlite_server: SqliteServer) -> AsyncIterator[Stage]:
    async with open_till(world, sqlite_server.create()) as stage:
        yield stage
        report = await run_audit(stage.app.db)
        assert report.ok, str(report)


@pytest_asyncio.fixture(loop_scope="module")
async def callers(stage: Stage) -> AsyncIterator[Callers]:
    async with AsyncExitStack() as exits:
        yield Callers(stage.app, exits)


@pytest_asyncio.fixture(loop_scope="module")
async def yookassa(stage: Stage) -> AsyncIterator[Shop]:
    shop = await stage.sandbox.shop()
    yield shop
    await shop.clear_faults()


async def succeeded(program: httpx.AsyncClient, place: str) -> dict[str, Any]:
    async def paid() -> dict[str, Any]:
        told: dict[str, Any] = (await program.get(place)).json()
        return told if told["status"] == "succeeded" else {}

    return await until(paid)


async def test_credits_are_bought(callers: Callers, yookassa: Shop) -> None:
    anna = await callers.customer()
    program = await callers.program(anna, ApiScope.PAY, ApiScope.READ)
    (way,) = (await program.get("payments/ways")).json()["items"]
    assert (way["provider"], way["currency"], way["wants_email"]) == ("yookassa", "RUB", False)
    begun = await program.post("payments", json=ORDER | {"return_url": "https://example.com/done"})
    assert begun.status_code == 201, begun.text
    payment = begun.json()
    assert (payment["status"], payment["price"]) == ("pending", {"amount": 30_000, "currency": "RUB"})
    assert payment["credits"] == 30_000 * 100 // way["credit_price"]
    assert payment["confirmation_url"].startswith("http")
    await yookassa.pays()
    paid = await succeeded(program, f"payments/{payment['id']}")
    assert (paid["confirmation_url"], paid["paid_at"] is not None) == (None, True)
    assert (await program.get("me/balance")).json()["balance"] == 1000 + payment["credits"]
    (topup,) = (await program.get("me/transactions", params={"kind": "topup"})).json()["items"]
    assert topup["money"] == {"amount": 30_000, "currency": "RUB"}
    assert (await program.get("me/transactions", params={"kind": "charge"})).json()["items"] == []
    assert (await program.get("payments", params={"status": "canceled"})).json()["items"] == []
    assert (await program.get("payments")).json()["items"] == [paid]


async def test_a_package(callers: Callers) -> None:
    owner = await callers.app.services.users.enter(
        Visitor(telegram_id=OWNER_ID, username=None, first_name="Ольга", language="ru")
    )
    offer = PackageOffer(title=TITLE, credits=10_000, price=rub(90_000), valid_days=30)
    await callers.app.services.packages.create(offer, actor=Actor(owner.id))
    program = await callers.program(await callers.customer())
    (package,) = (await program.get("packages")).json()["items"]
    assert (package["title"], package["price"]["amount"], package["valid_days"]) == ("Сотня", 90_000, 30)
    payment = (await program.post("payments", json={"package_id": package["id"]})).json()
    assert (payment["package_id"], payment["credits"], payment["valid_days"]) == (package["id"], 10_000, 30)
    assert payment["price"] == package["price"]


async def test_sent_again_it_is_one_payment(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    key = {"idempotency-key": "one"}
    first, again = [await program.post("payments", json=ORDER, headers=key) for _ in range(2)]
    assert (again.json(), again.headers["idempotent-replayed"]) == (first.json(), "true")
    problem(await program.post("payments", json={"amount": 50_000}, headers=key), 422, "idempotency_key_reused")
    boris = await callers.program(await callers.customer())
    assert (await boris.post("payments", json=ORDER, headers=key)).json()["id"] != first.json()["id"]
    assert len((await program.get("payments")).json()["items"]) == 1


async def test_who_takes_the_money_does_not_answer(callers: Callers, yookassa: Shop) -> None:
    """The payment is there, and has its address when it is asked for again."""
    await yookassa.fault("500", "payments.create", times=99)
    program = await callers.program(await callers.customer())
    key = {"idempotency-key": "slow"}
    begun = await program.post("payments", json=ORDER, headers=key, timeout=60)
    assert (begun.status_code, begun.json()["confirmation_url"]) == (202, None)
    await yookassa.clear_faults()
    (known,) = (await program.get("payments")).json()["items"]
    assert known["id"] == begun.json()["id"]


async def test_what_is_refused(callers: Callers) -> None:
    anna = await callers.customer()
    program = await callers.program(anna)
    for order, status, code in (
        ({}, 422, "invalid_request"),
        (ORDER | {"package_id": 1}, 422, "invalid_request"),
        ({"amount": 1}, 422, "amount_out_of_bounds"),
        ({"amount": 2**53}, 422, "amount_out_of_bounds"),
        ({"package_id": 404}, 404, "package_not_found"),
        (ORDER | {"provider": "robokassa"}, 422, "way_not_offered"),
        (ORDER | {"email": "нет"}, 422, "invalid_email"),
        (ORDER | {"return_url": "javascript:alert(1)"}, 422, "invalid_request"),
        (ORDER | {"status": "succeeded"}, 422, "invalid_request"),
    ):
        problem(await program.post("payments", json=order), status, code)
    reader = await callers.program(anna, ApiScope.READ)
    problem(await reader.post("payments", json=ORDER), 403, "scope_missing")
    assert (await program.get("payments")).json()["items"] == []


async def test_a_receipt_wants_an_address(sandbox: Sandbox, sqlite_url: str) -> None:
    async with open_till(sandbox, sqlite_url, yookassa_vat_code=1) as stage, AsyncExitStack() as exits:
        callers = Callers(stage.app, exits)
        program = await callers.program(await callers.customer())
        problem(await program.post("payments", json=ORDER), 422, "email_needed")


async def test_nobody_goes_while_money_is_under_way(callers: Callers) -> None:
    anna = await callers.customer()
    assert (await (await callers.program(anna)).post("payments", json=ORDER)).status_code == 201
    browser = await callers.person(anna)
    problem(await browser.request("DELETE", "me", json={"balance": 1000}), 409, "money_under_way")


async def test_lists_go_on(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    ids = [(await program.post("payments", json=ORDER)).json()["id"] for _ in range(3)]
    part = (await program.get("payments", params={"limit": 2})).json()
    assert ([each["id"] for each in part["items"]], part["has_more"]) == (ids[:0:-1], True)
    rest = (await program.get("payments", params={"cursor": part["next_cursor"]})).json()
    assert ([each["id"] for each in rest["items"]], rest["has_more"]) == (ids[:1], False)


async def test_what_is_anothers_is_not_there(callers: Callers) -> None:
    anna, boris = [await callers.program(await callers.customer()) for _ in range(2)]
    hers = (await anna.post("payments", json=ORDER)).json()["id"]
    problem(await boris.get(f"payments/{hers}"), 404, "payment_not_found")
    problem(await boris.get(f"payments/{uuid4()}"), 404, "payment_not_found")
    assert (await boris.get("payments")).json()["items"] == []


async def test_bonuses(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    state = (await program.get("bonuses")).json()
    assert (state["amount"], state["next_at"], state["last"]) == (0, None, [])
    (welcome,) = (await program.get("me/transactions", params={"kind": TransactionKind.WELCOME})).json()["items"]
    assert welcome["amount"] == 1000
