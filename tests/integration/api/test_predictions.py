"""Predictions bought by programs."""

import asyncio
import json
from typing import Any

import httpx
import pytest_asyncio
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.identities import ApiScope
from db.tables.models import Model
from db.tables.predictions import Prediction
from db.tables.users import User
from services.billing.audit import run_audit
from services.idempotency import Idempotency
from services.identity.merging import look, merge_accounts
from tests.integration.api.conftest import Callers, problem
from tests.support.counter import BAROLO

ORDER = {"model": "wine", "input": BAROLO}


@pytest_asyncio.fixture(loop_scope="module")
async def callers(own_callers: Callers) -> Callers:
    """All that was bought is counted, and prices change."""
    return own_callers


async def test_bought_waited_for_and_listed(callers: Callers) -> None:
    anna = await callers.customer()
    program = await callers.program(anna)
    bought = await program.post("predictions", json=ORDER | {"price": 100}, headers={"prefer": "wait=30"})
    assert bought.status_code == 201, bought.text
    assert bought.headers["preference-applied"] == "wait=30"
    prediction = bought.json()
    assert (prediction["status"], prediction["price"], prediction["input"]) == ("succeeded", 100, BAROLO)
    schema = (await program.get("models/wine")).json()["output_schema"]
    assert prediction["output"].keys() == set(schema["required"])
    assert (await program.get(bought.headers["location"].removeprefix("/api/v1/"))).json() == prediction
    assert (await program.get("predictions")).json()["items"] == [prediction]
    assert (await program.get("me/balance")).json()["balance"] == 900
    assert (await program.get("me/transactions")).json()["items"][0]["prediction_id"] == prediction["id"]


async def test_lists_are_filtered_and_go_on(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    ids = [(await program.post("predictions", json=ORDER, headers={"prefer": "wait"})).json()["id"] for _ in range(3)]
    first = (await program.get("predictions", params={"limit": 2, "model": "wine", "status": "succeeded"})).json()
    assert ([each["id"] for each in first["items"]], first["has_more"]) == (ids[:0:-1], True)
    rest = (await program.get("predictions", params={"cursor": first["next_cursor"]})).json()
    assert ([each["id"] for each in rest["items"]], rest["has_more"]) == (ids[:1], False)
    assert (await program.get("predictions", params={"status": "failed"})).json()["items"] == []
    assert (await program.get("predictions", params={"model": "investment-risk"})).json()["items"] == []
    problem(await program.get("predictions", params={"status": "lost"}), 422, "invalid_request")
    problem(await program.get("predictions", params={"cursor": "MTc"}), 422, "invalid_request")


async def test_answers_that_do_not_fit(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    wrong = {**BAROLO, "alcohol": "много", "ash": 10**9, "sugar": 1, "hue": True}
    refused = problem(await program.post("predictions", json={"model": "wine", "input": wrong}), 422, "invalid_input")
    errors = {each["field"]: each for each in refused["errors"]}
    assert {name: each["code"] for name, each in errors.items()} == {
        "body.input.sugar": "unknown_field",
        "body.input.alcohol": "not_a_number",
        "body.input.ash": "out_of_range",
        "body.input.hue": "not_a_number",
    }
    assert errors["body.input.ash"]["detail"].startswith("Нужно число от")
    assert await bought_of(callers) == 0


async def test_what_is_refused(callers: Callers) -> None:
    anna = await callers.customer()
    program = await callers.program(anna)
    for order, status, code in (
        ({"model": "nothing", "input": {}}, 404, "model_not_on_sale"),
        ({"model": "wine", "input": []}, 422, "invalid_request"),
        ({"model": "wine"}, 422, "invalid_request"),
        (ORDER | {"price": 99}, 409, "price_changed"),
        (ORDER | {"max_price": 99}, 409, "price_changed"),
        (ORDER | {"user_id": 1}, 422, "invalid_request"),
    ):
        problem(await program.post("predictions", json=order), status, code)
    assert problem(await program.post("predictions", json=ORDER | {"price": 99}), 409, "price_changed")["price"] == 100
    await callers.app.db.write(_reprice, 5000)
    short = problem(await program.post("predictions", json=ORDER), 402, "insufficient_balance")
    assert (short["needed"], short["balance"]) == (5000, 1000)
    reader = await callers.program(anna, ApiScope.READ)
    problem(await reader.post("predictions", json=ORDER), 403, "scope_missing")
    problem(await (await callers.person()).post("predictions", json=ORDER), 401, "not_signed_in")
    assert await bought_of(callers) == 0


async def test_what_is_anothers_is_not_there(callers: Callers) -> None:
    anna, boris = [await callers.program(await callers.customer()) for _ in range(2)]
    place = f"predictions/{(await anna.post('predictions', json=ORDER)).json()['id']}"
    for method, path in (("GET", place), ("POST", f"{place}/cancel"), ("GET", f"{place}/files/picture")):
        problem(await boris.request(method, path), 404, "prediction_not_found")
    stream = await boris.get(place, headers={"accept": "text/event-stream"})
    problem(stream, 404, "prediction_not_found")
    assert (await boris.get("predictions")).json()["items"] == []
    problem(await anna.get(f"{place}/files/picture"), 404, "file_not_found")


async def test_at_once_or_later(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    at_once = await program.post("predictions", json=ORDER, headers={"prefer": "respond-async"})
    assert (at_once.status_code, at_once.headers["preference-applied"]) == (202, "respond-async")
    for odd in ("wait=abc", "handling=lenient", ""):
        assert (await program.post("predictions", json=ORDER, headers={"prefer": odd})).status_code == 201


async def test_followed_to_its_end(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    place = f"predictions/{(await program.post('predictions', json=ORDER)).json()['id']}"
    async with program.stream("GET", place, headers={"accept": "text/event-stream"}) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        events = [event async for event in _events(stream)]
    assert {name for name, _ in events[:-1]} <= {"progress"}
    name, prediction = events[-1]
    assert (name, prediction["status"]) == ("finished", "succeeded")
    assert prediction == (await program.get(place)).json()
    problem(await program.post(f"{place}/cancel"), 409, "too_late_to_cancel")


async def test_sent_again_it_is_bought_once(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    key = {"idempotency-key": "one"}
    first = await program.post("predictions", json=ORDER, headers=key)
    again = await program.post("predictions", json=ORDER, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["location"] == first.headers["location"]
    assert ("idempotent-replayed" in first.headers, again.headers["idempotent-replayed"]) == (False, "true")
    other = await program.post("predictions", json=ORDER | {"price": 100}, headers=key)
    problem(other, 422, "idempotency_key_reused")
    boris = await callers.program(await callers.customer())
    assert (await boris.post("predictions", json=ORDER, headers=key)).json()["id"] != first.json()["id"]
    assert await bought_of(callers) == 2


async def test_a_key_without_the_right_is_told_nothing_of_what_another_bought(callers: Callers) -> None:
    anna = await callers.customer()
    buys, reads = await callers.program(anna), await callers.program(anna, ApiScope.READ)
    key = {"idempotency-key": "one"}
    assert (await buys.post("predictions", json=ORDER, headers=key)).status_code == 201
    problem(await reads.post("predictions", json=ORDER, headers=key), 403, "scope_missing")


async def test_twenty_at_once_are_one(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    sent = [program.post("predictions", json=ORDER, headers={"idempotency-key": '"one"'}) for _ in range(20)]
    answers = await asyncio.gather(*sent)
    codes = {answer.json().get("code") for answer in answers if answer.status_code != 201}
    assert codes <= {"request_still_running"}
    assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert await bought_of(callers) == 1


async def test_what_was_refused_may_be_tried_again(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    key = {"idempotency-key": "later"}
    await callers.app.db.write(_reprice, 5000)
    problem(await program.post("predictions", json=ORDER, headers=key), 402, "insufficient_balance")
    await callers.app.db.write(_reprice, 100)
    assert (await program.post("predictions", json=ORDER, headers=key)).status_code == 201


async def test_a_record_that_was_lost_sells_nothing_twice(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    key = {"idempotency-key": "one"}
    first = await program.post("predictions", json=ORDER, headers=key)
    years_later = Idempotency(callers.app.db, lambda: callers.app.clock().replace(year=2030))
    assert await years_later.sweep() == 1
    again = await program.post("predictions", json=ORDER, headers=key)
    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (first.json()["id"], "true")
    assert await callers.app.services.idempotency.sweep() == 0
    assert await years_later.sweep() == 1
    other = {"model": "wine", "input": BAROLO | {"alcohol": 13}}
    problem(await program.post("predictions", json=other, headers=key), 422, "idempotency_key_reused")
    assert await bought_of(callers) == 1


async def test_an_account_that_became_part_of_another_buys_nothing_twice(callers: Callers) -> None:
    by_mail, heir = await callers.customer(), await callers.customer("Анна в Telegram")
    await callers.app.db.write(_without_telegram, by_mail.id)
    program, other = [await callers.program(each, ApiScope.PREDICT) for each in (by_mail, heir)]
    key, both = {"idempotency-key": "one", "prefer": "wait=30"}, {"idempotency-key": "both", "prefer": "wait=30"}
    first = await program.post("predictions", json=ORDER, headers=key)
    hers = [await each.post("predictions", json=ORDER, headers=both) for each in (program, other)]
    both_accounts = await callers.app.db.read(look, by_mail.id, heir.id)
    await callers.app.db.write(merge_accounts, both_accounts, callers.app.clock())
    again = await program.post("predictions", json=ORDER, headers=key)
    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (first.json()["id"], "true")
    assert (await program.post("predictions", json=ORDER, headers=both)).json()["id"] == hers[0].json()["id"]
    assert await bought_of(callers) == 3
    assert (await run_audit(callers.app.db)).ok


async def test_series_by_name_and_by_numbers(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    model = (await program.get("models/investment-risk")).json()
    bought = await program.post(
        "predictions", json={"model": "investment-risk", "input": model["example"]}, headers={"prefer": "wait=30"}
    )
    assert bought.json()["status"] == "succeeded", bought.text
    name = next(name for name, each in model["input_schema"]["properties"].items() if "anyOf" in each)
    for series, code in (([1.0], "too_few_values"), (["x"], "not_a_number"), ("nothing", "invalid_value")):
        order = {"model": "investment-risk", "input": model["example"] | {name: series}}
        refused = problem(await program.post("predictions", json=order), 422, "invalid_input")
        assert [each["code"] for each in refused["errors"]] == [code]
    assert (await run_audit(callers.app.db)).ok


async def test_a_paper_by_its_symbol(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    ask = {"amount": 1000, "limit": 10}
    order = {"model": "investment-risk", "input": ask | {"prices": {"symbol": "SBER"}}}
    bought = (await program.post("predictions", json=order, headers={"prefer": "wait=30"})).json()
    assert bought["status"] == "succeeded"
    told = bought["input"]["prices"]
    assert (told["symbol"], told["provider"], len(told["values"])) == ("SBER", "moex", 253)
    for prices, code in (
        ({"symbol": "NOSUCH"}, "instrument_unknown"),
        ({"symbol": "GONE"}, "not_traded"),
        ({"symbol": "SBER", "provider": "nyse"}, "instrument_unknown"),
        ({"symbol": "SBER", "values": [1.0] * 253}, "invalid_value"),
        (told | {"values": [1.0] * 253}, "invalid_value"),
        ({"values": [1.0] * 253, "live": {"provider": "moex", "symbol": "SBER"}}, "invalid_value"),
    ):
        wrong = {"model": "investment-risk", "input": ask | {"prices": prices}}
        refused = problem(await program.post("predictions", json=wrong), 422, "invalid_input")
        assert [each["code"] for each in refused["errors"]] == [code]
    assert (await run_audit(callers.app.db)).ok


async def test_prices_that_jumped_are_bought_by_who_accepts_them(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    ask = {"amount": 1000, "limit": 10}
    fine = {"model": "investment-risk", "input": ask | {"prices": {"symbol": "SBER"}}}
    last = (await program.post("predictions", json=fine, headers={"prefer": "wait=30"})).json()["input"]["prices"][
        "last"
    ]
    order = {"model": "investment-risk", "input": ask | {"prices": {"symbol": "JUMP"}}}
    refused = problem(await program.post("predictions", json=order), 422, "invalid_input")
    (error,) = refused["errors"]
    assert error["code"] == "prices_jumped"
    for accept, status in (("2026-01-01", 422), (last, 201)):
        order["input"] = ask | {"prices": {"symbol": "JUMP", "accept": accept}}
        bought = await program.post("predictions", json=order, headers={"prefer": "wait=30"})
        assert bought.status_code == status, bought.text
    told = bought.json()["input"]["prices"]
    assert (len(told["jumps"]), told["splits"], told["stale"]) == (1, [], False)
    assert await bought_of(callers) == 2


async def bought_of(callers: Callers) -> int:
    count = select(func.count()).select_from(table_of(Prediction))
    return await callers.app.db.read(lambda session: session.scalar(count) or 0)


def _reprice(session: Any, price: int) -> None:
    session.execute(update(table_of(Model)).where(table_of(Model).c.slug == "wine").values(admin_price=price))


async def _events(stream: httpx.Response) -> Any:
    name = ""
    async for line in stream.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def _without_telegram(session: Session, user_id: int) -> None:
    users = table_of(User)
    session.execute(update(users).where(users.c.id == user_id).values(telegram_id=None))
