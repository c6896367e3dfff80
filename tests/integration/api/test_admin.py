"""The shop run by programs of those who run it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime

import httpx
import pytest_asyncio
from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.identities import ApiScope, WebSession
from db.tables.users import Edge, Role
from sandbox.client.sandbox import Sandbox
from sandbox.client.shop import Shop
from services.billing.audit import run_audit
from services.identity.sessions import FRESH
from services.users.accounts import UserView
from services.users.actor import Actor
from tests.conversations.payments.conftest import open_till
from tests.conversations.stage import Stage
from tests.integration.api.conftest import Callers, problem
from tests.integration.api.test_payments import succeeded
from tests.support.web import browser


@pytest_asyncio.fixture(loop_scope="module")
async def stage(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[Stage]:
    async with open_till(sandbox, sqlite_url) as stage:
        yield stage
        report = await run_audit(stage.app.db)
        assert report.ok, str(report)


@pytest_asyncio.fixture(loop_scope="module")
async def callers(stage: Stage) -> AsyncIterator[Callers]:
    async with AsyncExitStack() as exits:
        yield Callers(stage.app, exits)


@pytest_asyncio.fixture(loop_scope="module")
async def owner(callers: Callers) -> UserView:
    return await callers.owner()


@pytest_asyncio.fixture(loop_scope="module")
async def office(callers: Callers, owner: UserView) -> httpx.AsyncClient:
    return await callers.program(owner, ApiScope.ADMIN)


@pytest_asyncio.fixture(loop_scope="module")
async def moderator(callers: Callers, owner: UserView) -> UserView:
    user = await callers.customer("Мария")
    assert user.telegram_id is not None
    await callers.app.services.admins.appoint(user.telegram_id, Role.MODERATOR, actor=Actor(owner.id))
    return user


async def test_customers_are_found_and_given_credits(callers: Callers, office: httpx.AsyncClient) -> None:
    anna = await callers.customer("Аннушка")
    (found,) = (await office.get("admin/users", params={"q": "Аннушка"})).json()["items"]
    assert (found["id"], found["balance"], found["role"]) == (anna.id, 1000, None)
    place, key = f"admin/users/{anna.id}", {"idempotency-key": "one"}
    for _ in range(2):
        given = await office.post(f"{place}/credits", json={"amount": 500, "reason": "за терпение"}, headers=key)
        assert given.json() == {"balance": 1500}
    taken = await office.post(f"{place}/credits", json={"amount": -200, "reason": "ошибка"})
    assert taken.json() == {"balance": 1300}
    problem(await office.post(f"{place}/credits", json={"amount": -9000, "reason": "много"}), 409, "cannot_take")
    problem(await office.post(f"{place}/credits", json={"amount": 1, "reason": " "}), 422, "invalid_reason")
    assert (await office.get(place)).json()["balance"] == 1300
    log = (await office.get("admin/audit-log", params={"target_user_id": anna.id})).json()["items"]
    assert [(each["action"], each["edge"]) for each in log] == [("credits.take", "api"), ("credits.grant", "api")]
    assert log[1]["after"] == {"amount": 500, "balance": 1500}


async def test_the_shop_is_closed_to_somebody(callers: Callers, office: httpx.AsyncClient, owner: UserView) -> None:
    anna = await callers.customer()
    hers = await callers.program(anna)
    for reason in ("", "a\x85b", "x" * 201):  # which the description tells
        refused = await office.patch(f"admin/users/{anna.id}", json={"disabled": True, "reason": reason})
        assert refused.status_code == 422
        nothing = {"amount": 0, "reason": reason}
        assert (await office.post(f"admin/users/{anna.id}/credits", json=nothing)).status_code == 422
    closed = await office.patch(f"admin/users/{anna.id}", json={"disabled": True, "reason": "спам"})
    assert closed.json()["disabled"] is True
    problem(await hers.get("me"), 403, "user_disabled")
    await office.patch(f"admin/users/{anna.id}", json={"disabled": False})
    assert (await hers.get("me")).status_code == 200
    problem(await office.patch(f"admin/users/{owner.id}", json={"disabled": True}), 409, "one_of_us")
    problem(await office.get("admin/users/999999"), 404, "user_not_found")


async def test_a_price_and_the_menu(callers: Callers, office: httpx.AsyncClient) -> None:
    changed = await office.patch("admin/models/wine", json={"price": 150})
    assert (changed.json()["price"], changed.json()["manifest_price"], changed.json()["enabled"]) == (150, 100, True)
    program = await callers.program(await callers.customer())
    assert (await program.get("models/wine")).json()["price"] == 150
    assert (await office.patch("admin/models/wine", json={"enabled": False})).json()["price"] == 150
    problem(await program.get("models/wine"), 404, "model_not_on_sale")
    assert (await office.patch("admin/models/wine", json={"price": None, "enabled": True})).json()["price"] == 100
    assert "wine" in {each["slug"] for each in (await office.get("admin/models")).json()["items"]}
    problem(await office.patch("admin/models/nothing", json={"price": 1}), 404, "model_not_found")
    problem(await office.patch("admin/models/wine", json={"price": -1}), 422, "invalid_request")
    page = (await office.get("admin/audit-log", params={"limit": 2, "edge": Edge.API})).json()
    rest = (await office.get("admin/audit-log", params={"edge": Edge.API, "cursor": page["next_cursor"]})).json()
    assert [each["action"] for each in [*page["items"], *rest["items"]]] == [
        "model.enable",
        "model.price",
        "model.disable",
        "model.price",
    ]


async def test_money_is_sent_back_once(stage: Stage, callers: Callers, office: httpx.AsyncClient) -> None:
    yookassa: Shop = await stage.sandbox.shop()
    hers = await callers.program(await callers.customer())
    begun = (await hers.post("payments", json={"amount": 30_000})).json()
    place = f"admin/payments/{begun['id']}"
    problem(await office.post(f"{place}/refunds", json={"reason": "рано"}), 409, "not_refundable")
    await yookassa.pays()
    await succeeded(hers, f"payments/{begun['id']}")
    key = {"idempotency-key": "part"}
    part = await office.post(f"{place}/refunds", json={"amount": 10_000, "reason": "просил"}, headers=key)
    assert (part.status_code, part.json()["status"], part.json()["amount"]["amount"]) == (201, "succeeded", 10_000)
    again = await office.post(f"{place}/refunds", json={"amount": 10_000, "reason": "просил"}, headers=key)
    assert again.json() == part.json()
    problem(await office.post(f"{place}/refunds", json={"amount": 99_000, "reason": "x"}), 422, "refund_too_large")
    rest = await office.post(f"{place}/refunds", json={"reason": "всё"})
    assert rest.json()["amount"]["amount"] == 20_000
    problem(await office.post(f"{place}/refunds", json={"reason": "ещё"}), 409, "already_refunded")
    assert (await office.get(place)).json()["refunded"] == 30_000
    (listed,) = (await office.get("admin/payments", params={"status": "succeeded"})).json()["items"]
    assert (listed["id"], listed["refunded"]) == (begun["id"], 30_000)
    assert (await hers.get("me/balance")).json()["balance"] == 1000


async def test_what_hinders_a_refund(stage: Stage, callers: Callers, office: httpx.AsyncClient) -> None:
    yookassa: Shop = await stage.sandbox.shop()
    anna = await callers.customer()
    hers = await callers.program(anna)
    begun = (await hers.post("payments", json={"amount": 30_000})).json()
    await yookassa.pays()
    await succeeded(hers, f"payments/{begun['id']}")
    balance = (await hers.get("me/balance")).json()["balance"]
    spent = await office.post(f"admin/users/{anna.id}/credits", json={"amount": -balance, "reason": "x"})
    assert spent.json() == {"balance": 0}, spent.text
    place = f"admin/payments/{begun['id']}/refunds"
    problem(await office.post(place, json={"reason": "просил"}), 409, "refund_needs_confirmation")
    await yookassa.fault("403", "*", times=1)
    surely = {"reason": "просил", "confirmed": True}
    problem(await office.post(place, json=surely), 502, "payment_provider_failed")


async def test_who_runs_nothing_sees_nothing(callers: Callers, owner: UserView) -> None:
    """Neither by all the rights of a key, nor by a role without the right."""
    program = await callers.program(await callers.customer(), *ApiScope)
    without = await callers.program(owner, *(each for each in ApiScope if each is not ApiScope.ADMIN))
    for path in ("users", f"users/{owner.id}", "models", "payments", "audit-log"):
        problem(await program.get(f"admin/{path}"), 403, "not_allowed")
        problem(await without.get(f"admin/{path}"), 403, "scope_missing")
    problem(await program.patch("admin/models/wine", json={"price": 0}), 403, "not_allowed")


async def test_moderators_look_only(callers: Callers, moderator: UserView) -> None:
    program = await callers.program(moderator, ApiScope.ADMIN)
    for path in ("users", f"users/{moderator.id}", "models", "payments"):
        assert (await program.get(f"admin/{path}")).status_code == 200
    problem(await program.get("admin/audit-log"), 403, "not_allowed")
    gift = {"amount": 100, "reason": "себе"}
    problem(await program.post(f"admin/users/{moderator.id}/credits", json=gift), 403, "not_allowed")
    problem(await program.patch("admin/models/wine", json={"enabled": False}), 403, "not_allowed")


async def test_without_a_second_factor_nobody_acts(callers: Callers, owner: UserView) -> None:
    terms = {"title": "office", "scopes": ["admin"]}
    async with browser(callers.app, owner.id, second_factor=False) as halfway:
        assert (await halfway.get("/api/v1/admin/users")).status_code == 200
        refused = await halfway.patch("/api/v1/admin/models/wine", json={"price": 0})
        problem(refused, 403, "second_factor_wanted")
        problem(await halfway.post("/api/v1/keys", json=terms), 403, "second_factor_wanted")
    async with browser(callers.app, owner.id) as whole:
        assert (await whole.patch("/api/v1/admin/models/wine", json={"price": 0})).json()["price"] == 0
        assert (await whole.post("/api/v1/keys", json=terms)).status_code == 201


async def test_a_key_is_made_by_who_has_just_proved_it(callers: Callers, owner: UserView) -> None:
    """It acts for as long as it lives: a page that was left open makes none."""
    terms = {"title": "office", "scopes": ["admin"]}
    async with browser(callers.app, owner.id) as desk:
        await callers.app.db.write(_grow_old, owner.id, callers.app.clock() - FRESH)
        problem(await desk.post("/api/v1/keys", json=terms), 403, "prove_again")
        problem(await desk.post("/api/v1/keys", json=terms | {"scopes": ["read"]}), 403, "prove_again")
        page = await desk.post("/keys", data={"name": "office", "scopes": ["read", "admin"]})
        assert page.status_code == 403
        assert 'href="/keys/new"' in (await desk.get("/keys")).text
        asked = await desk.get("/keys/new")
        assert asked.headers["location"] == "/sign-in/telegram?again=yes&next=%2Fkeys%2Fnew"
    assert await callers.app.services.api_keys.all(owner.id) == []


def _grow_old(session: Session, user_id: int, proved: datetime) -> None:
    sessions = table_of(WebSession)
    session.execute(update(sessions).where(sessions.c.user_id == user_id).values(authenticated_at=proved))
