"""Plans that programs choose, pay, change and end."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from uuid import UUID, uuid4

import httpx
import pytest_asyncio
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.identities import ApiScope
from db.tables.payments import Payment, PaymentStatus
from db.tables.plans import AllowanceUnit, Plan, PlanPrice, PlanTrial
from sandbox.client.shop import Shop
from sandbox.testing import new_token, new_world, running_sandbox
from services.billing.audit import run_audit
from services.payments.queries import find_payment
from services.payments.refunds.apply import refuse
from services.payments.refunds.begin import insert_refund
from tests.conversations.payments.conftest import open_till
from tests.conversations.stage import Stage
from tests.integration.api.conftest import Callers, problem
from tests.integration.api.test_payments import succeeded
from tests.support.databases import SqliteServer
from tests.support.plans import add_plan


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(sqlite_server: SqliteServer) -> AsyncIterator[Stage]:
    """One shop for all of them."""
    async with (
        running_sandbox() as url,
        new_world(url, token=new_token()) as sandbox,
        open_till(sandbox, sqlite_server.create()) as stage,
    ):
        yield stage
        report = await run_audit(stage.app.db)
        assert report.ok, str(report)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def callers(stage: Stage) -> AsyncIterator[Callers]:
    async with AsyncExitStack() as exits:
        yield Callers(stage.app, exits)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def yookassa(stage: Stage) -> Shop:
    return await stage.sandbox.shop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plans(stage: Stage) -> dict[str, int]:
    def sell(session: Session) -> dict[str, int]:
        given = [(AllowanceUnit.REQUESTS, 100, ["wine"])]
        return {
            "plus": add_plan(session, "plus", kopecks=30_000, allowances=given, trial_days=3, position=1),
            "pro": add_plan(session, "pro", kopecks=90_000, credits=50_000, position=2),
            "old": add_plan(session, "old", kopecks=20_000, position=3),
        }

    return await stage.app.db.write(sell)


async def buys(program: httpx.AsyncClient, yookassa: Shop, plan_id: int, *, consent: bool = True) -> None:
    begun = await program.post(f"plans/{plan_id}/payments", json={"consent": consent})
    assert begun.status_code == 201, begun.text
    await yookassa.pays()
    await succeeded(program, f"payments/{begun.json()['id']}")


async def test_a_plan_is_bought_and_ended(callers: Callers, yookassa: Shop, plans: dict[str, int]) -> None:
    program = await callers.program(await callers.customer(), ApiScope.PAY, ApiScope.READ)
    problem(await program.get("subscription"), 404, "subscription_not_found")
    sold = (await program.get("plans")).json()["items"]
    assert [each["name"] for each in sold] == ["plus", "pro", "old"]
    assert sold[0]["allowances"] == [{"unit": "requests", "amount": 100, "models": ["wine"]}]
    quote = (await program.get(f"plans/{plans['plus']}/quote")).json()
    (way,) = quote["ways"]
    assert (quote["at_once"], quote["returned"], way["provider"]) == (True, 0, "yookassa")
    assert way["consent"].startswith("Списывать 300\u00a0₽ каждый месяц")
    order = {"provider": "yookassa", "price": way["price"]["amount"], "consent": True}
    problem(await program.post(f"plans/{plans['plus']}/payments", json=order | {"price": 1}), 409, "plan_price_changed")
    old = {"terms": "of another day"}
    problem(await program.post(f"plans/{plans['plus']}/payments", json=order | old), 409, "plan_terms_changed")
    order |= {"terms": sold[0]["terms"]}
    key = {"idempotency-key": "one-decision"}
    first, again = [await program.post(f"plans/{plans['plus']}/payments", json=order, headers=key) for _ in range(2)]
    assert first.json() == again.json()
    assert first.json()["plan_id"] == plans["plus"]
    await yookassa.pays()
    await succeeded(program, f"payments/{first.json()['id']}")
    mine = (await program.get("subscription")).json()
    assert (mine["plan"]["name"], mine["status"], mine["renews"]) == ("plus", "active", True)
    assert mine["next_charge"]["price"] == {"amount": 30_000, "currency": "RUB"}
    assert mine["allowances"] == [{"unit": "requests", "models": ["wine"], "amount": 100, "left": 100}]
    assert mine["credits_left"] == mine["credits"] == mine["plan"]["credits"]
    assert mine["runs_until"] == mine["ends_at"]  # nothing is paid ahead
    problem(await program.post(f"plans/{plans['plus']}/payments", json={}), 409, "already_subscribed")
    assert (await program.post("subscription/cancel")).status_code == 204
    assert (await program.get("subscription")).json()["next_charge"] is None
    assert (await program.post("subscription/resume")).status_code == 204
    assert (await program.get("subscription")).json()["renews"] is True
    (period,) = (await program.get("subscription/periods")).json()["items"]
    assert (period["kind"], period["payment_id"]) == ("paid", first.json()["id"])


async def test_a_card_is_taken_back(callers: Callers, yookassa: Shop, plans: dict[str, int]) -> None:
    program = await callers.program(await callers.customer(), ApiScope.PAY, ApiScope.READ)
    other = await callers.program(await callers.customer("Джон", "en"), ApiScope.PAY, ApiScope.READ)
    await buys(program, yookassa, plans["plus"])
    (card,) = (await program.get("payment-methods")).json()["items"]
    assert card["state"] == "active"
    problem(await other.delete(f"payment-methods/{card['id']}"), 404, "payment_method_not_found")
    assert (await program.delete(f"payment-methods/{card['id']}")).status_code == 204
    problem(await program.delete(f"payment-methods/{card['id']}"), 404, "payment_method_not_found")
    assert (await program.get("payment-methods")).json()["items"] == []
    mine = (await program.get("subscription")).json()
    assert (mine["status"], mine["renews"]) == ("active", False)
    problem(await program.post("subscription/resume"), 409, "cannot_resume")


async def test_dearer_at_once_cheaper_later(callers: Callers, yookassa: Shop, plans: dict[str, int]) -> None:
    program = await callers.program(await callers.customer(), ApiScope.PAY, ApiScope.READ)
    await buys(program, yookassa, plans["plus"])
    problem(await program.post("subscription/plan", json={"plan_id": plans["pro"]}), 409, "plan_begins_at_once")
    assert (await program.get(f"plans/{plans['pro']}/quote")).json()["returned"] > 0
    await buys(program, yookassa, plans["pro"])
    later = (await program.get(f"plans/{plans['plus']}/quote")).json()
    assert (later["at_once"], later["ways"]) == (False, [])
    problem(await program.post(f"plans/{plans['plus']}/payments", json={}), 409, "plan_begins_later")
    assert (await program.post("subscription/plan", json={"plan_id": plans["plus"]})).status_code == 204
    mine = (await program.get("subscription")).json()
    assert (mine["plan"]["name"], mine["next_plan"]["name"], mine["next_price"]["amount"]) == ("pro", "plus", 30_000)
    problem(await program.post("subscription/plan", json={"plan_id": 999}), 404, "plan_not_found")
    price = mine["plan"]["prices"][0]
    problem(await program.post("subscription/price", json=price), 409, "plan_price_stays")


async def test_a_dearer_plan_is_charged_from_a_saved_card(
    callers: Callers, yookassa: Shop, plans: dict[str, int]
) -> None:
    program = await callers.program(await callers.customer(), ApiScope.PAY, ApiScope.READ)
    await buys(program, yookassa, plans["plus"])
    place = f"plans/{plans['pro']}"
    (way,) = (await program.get(f"{place}/quote")).json()["ways"]
    order = {"method_id": way["method_id"], "price": way["price"]["amount"]}
    problem(await program.post(f"{place}/payments", json=order), 422, "invalid_request")
    other = order | {"consent": True, "method_id": str(uuid4())}
    problem(await program.post(f"{place}/payments", json=other), 404, "payment_method_not_found")
    paid = await program.post(f"{place}/payments", json=order | {"consent": True})
    assert (paid.status_code, paid.json()["status"]) == (201, "succeeded")
    mine = (await program.get("subscription")).json()
    assert (mine["plan"]["name"], mine["renews"]) == ("pro", True)


async def test_a_trial_and_a_new_price(stage: Stage, callers: Callers, yookassa: Shop, plans: dict[str, int]) -> None:
    program = await callers.program(await callers.customer(), ApiScope.PAY, ApiScope.READ)
    assert (await program.post(f"plans/{plans['plus']}/trial")).status_code == 204
    assert (await program.get("subscription")).json()["status"] == "trialing"
    problem(await program.post(f"plans/{plans['plus']}/trial"), 409, "already_subscribed")
    await buys(program, yookassa, plans["old"])
    prices = table_of(PlanPrice)
    dearer = update(prices).where(prices.c.plan_id == plans["old"]).values(amount=25_000)
    await stage.app.db.write(lambda session: session.execute(dearer))
    price = {"amount": 24_000, "currency": "RUB"}
    problem(await program.post("subscription/price", json=price), 409, "plan_price_changed")
    assert (await program.post("subscription/price", json=price | {"amount": 25_000})).status_code == 204
    mine = (await program.get("subscription")).json()
    assert (mine["price"]["amount"], mine["next_price"]["amount"]) == (20_000, 25_000)


async def test_a_trial_is_had_once_and_a_period_paid_once(
    stage: Stage, callers: Callers, yookassa: Shop, plans: dict[str, int]
) -> None:
    anna = await callers.customer()
    program = await callers.program(anna, ApiScope.PAY, ApiScope.READ)
    had = {"user_id": anna.id, "plan_id": plans["plus"], "started_at": stage.app.clock()}
    await stage.app.db.write(lambda session: session.execute(insert(table_of(PlanTrial)).values(had)))
    problem(await program.post(f"plans/{plans['plus']}/trial"), 409, "trial_used")
    await buys(program, yookassa, plans["old"], consent=False)
    next_period = await program.post(f"plans/{plans['old']}/payments", json={})
    assert next_period.status_code == 201, next_period.text
    await stage.app.db.write(_moves, next_period.json()["id"], PaymentStatus.WAITING_FOR_CAPTURE)
    problem(await program.post(f"plans/{plans['old']}/payments", json={}), 409, "renewal_under_way")
    await stage.app.db.write(_moves, next_period.json()["id"], PaymentStatus.PENDING)


def _moves(session: Session, payment_id: str, status: PaymentStatus) -> None:
    rows = table_of(Payment)
    session.execute(update(rows).where(rows.c.id == UUID(payment_id)).values(status=status))


async def test_no_other_plan_while_money_for_the_present_one_goes_back(
    stage: Stage, callers: Callers, yookassa: Shop, plans: dict[str, int]
) -> None:
    program = await callers.program(await callers.customer(), ApiScope.PAY, ApiScope.READ)
    await buys(program, yookassa, plans["plus"])
    (period,) = (await program.get("subscription/periods")).json()["items"]
    first, refund_id, now = UUID(period["payment_id"]), uuid4(), stage.app.clock()

    def go_back(session: Session) -> None:
        payment = find_payment(session, first)
        assert payment is not None
        insert_refund(session, refund_id, payment, payment.amount, now)

    await stage.app.db.write(go_back)
    problem(await program.get(f"plans/{plans['pro']}/quote"), 409, "refund_under_way")
    problem(await program.post(f"plans/{plans['pro']}/payments", json={}), 409, "refund_under_way")
    await stage.app.db.write(lambda s: refuse(s, refund_id, "general_decline", now, seen=True))
    assert (await program.get(f"plans/{plans['pro']}/quote")).json()["returned"] > 0


async def test_a_plan_for_stars_alone(stage: Stage, callers: Callers) -> None:
    program = await callers.program(await callers.customer(), ApiScope.PAY, ApiScope.READ)
    plan_id = await stage.app.db.write(partial(add_plan, name="starry", kopecks=None, stars=300))
    problem(await program.post(f"plans/{plan_id}/payments", json={}), 422, "currency_not_taken")
    table = table_of(Plan)
    off = update(table).where(table.c.id == plan_id).values(enabled=False)
    await stage.app.db.write(lambda session: session.execute(off))  # others look at all that is sold


async def test_a_key_that_reads_pays_nothing(callers: Callers, plans: dict[str, int]) -> None:
    program = await callers.program(await callers.customer(), ApiScope.READ)
    for place in (f"plans/{plans['plus']}/payments", f"plans/{plans['plus']}/trial", "subscription/cancel"):
        problem(await program.post(place, json={} if "payments" in place else None), 403, "scope_missing")
