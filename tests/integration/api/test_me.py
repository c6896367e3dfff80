"""The caller's account."""

from datetime import timedelta
from uuid import uuid4

from db.tables.billing import TransactionKind
from services.billing import ledger
from tests.integration.api.conftest import Callers, problem


async def test_who_one_is(callers: Callers) -> None:
    anna = await callers.customer()
    program = await callers.program(anna)
    assert (await program.get("me")).json() == {
        "id": anna.id,
        "name": "Анна",
        "language": "ru",
        "gender": None,
        "age": None,
        "email": None,
        "telegram": True,
        "balance": 1000,
    }


async def test_a_profile_is_changed_in_part(callers: Callers) -> None:
    browser = await callers.person(await callers.customer())
    changed = await browser.patch("me", json={"age": 35, "gender": "female", "email": "anna@example.com"})
    assert changed.status_code == 200
    assert (await browser.patch("me", json={"age": None, "language": "en"})).json() | {"id": 0} == {
        "id": 0,
        "name": "Анна",
        "language": "en",
        "gender": "female",
        "age": None,
        "email": "anna@example.com",
        "telegram": True,
        "balance": 1000,
    }


async def test_what_a_profile_cannot_be(callers: Callers) -> None:
    browser = await callers.person(await callers.customer())
    problem(await browser.patch("me", json={"email": "anna@localhost"}), 422, "invalid_email")
    problem(await browser.patch("me", json={"name": "Ольга"}), 409, "name_of_telegram")
    for change in ({"age": 0}, {"age": "35"}, {"gender": "x"}, {"balance": 5}, {"id": 1}, {"language": "de"}):
        refused = problem(await browser.patch("me", json=change), 422, "invalid_request")
        assert refused["errors"][0]["field"] == f"body.{next(iter(change))}"


async def test_credits_that_expire(callers: Callers) -> None:
    anna = await callers.customer()
    ends = callers.app.clock() + timedelta(days=3)
    await callers.app.db.write(
        ledger.grant,
        user_id=anna.id,
        amount=200,
        kind=TransactionKind.GRANT,
        key=f"test:{uuid4()}",
        now=callers.app.clock(),
        expires_at=ends,
    )
    balance = (await (await callers.program(anna)).get("me/balance")).json()
    assert balance["balance"] == 1200
    assert [lot["remaining"] for lot in balance["expiring"]] == [200]


async def test_transactions_a_part_at_a_time(callers: Callers) -> None:
    anna = await callers.customer()
    program = await callers.program(anna)
    for amount in (100, 200, 300):
        await _give(callers, anna.id, amount)
    first = (await program.get("me/transactions", params={"limit": 2})).json()
    assert [line["amount"] for line in first["items"]] == [300, 200]
    assert first["has_more"] is True
    await _give(callers, anna.id, 400)  # shifts nothing
    rest = (await program.get("me/transactions", params={"cursor": first["next_cursor"]})).json()
    assert [(line["amount"], line["kind"]) for line in rest["items"]] == [(100, "grant"), (1000, "welcome")]
    assert (rest["has_more"], rest["next_cursor"]) == (False, None)


async def test_cursors_and_limits_that_are_none(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    problem(await program.get("me/transactions", params={"cursor": "YWJj"}), 422, "invalid_request")
    problem(await program.get("me/transactions", params={"cursor": "a"}), 422, "invalid_request")
    for limit in (0, 101, "x"):
        problem(await program.get("me/transactions", params={"limit": limit}), 422, "invalid_request")


async def _give(callers: Callers, user_id: int, amount: int) -> None:
    key, kind = f"test:{uuid4()}", TransactionKind.GRANT
    now = callers.app.clock()
    await callers.app.db.write(ledger.grant, user_id=user_id, amount=amount, kind=kind, key=key, now=now)
