"""Whole tables, sent by programs."""

import asyncio
from typing import Any

import httpx
import pytest_asyncio
from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.tables.models import Model
from services.billing.audit import run_audit
from tests.conversations.scoring.tables import RUSSIAN, csv_table, read_csv, read_workbook, wines, workbook
from tests.integration.api.conftest import Callers, problem

TABLE = csv_table([RUSSIAN, *wines(3), ["пять", *wines(1)[0][1:]]], delimiter=";")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest_asyncio.fixture(loop_scope="module")
async def callers(own_callers: Callers) -> Callers:
    """All that was bought is counted, and models change."""
    return own_callers


async def sends(program: httpx.AsyncClient, content: bytes = TABLE, **more: Any) -> httpx.Response:
    return await program.post("scorings", params={"model": "wine"}, files={"file": ("wines.csv", content)}, **more)


async def ended(program: httpx.AsyncClient, place: str) -> JsonObject:
    async with asyncio.timeout(30):
        while (found := (await program.get(place)).json())["finished_at"] is None:  # noqa: ASYNC110 - as a program asks
            await asyncio.sleep(0.05)
    told: JsonObject = found
    return told


async def test_sent_ordered_and_fetched(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    sent = await sends(program, headers={"idempotency-key": "a-table"})
    draft = sent.json()
    assert sent.status_code == 201, sent.text
    assert (draft["status"], draft["rows"], draft["bad_rows"], draft["price"]) == ("draft", 4, 1, 100)
    assert (draft["total"], draft["unclear"], draft["problems"][0]["row"]) == (300, [], 5)
    again = await sends(program, headers={"idempotency-key": "a-table"})
    assert (again.json()["id"], again.headers["idempotent-replayed"]) == (draft["id"], "true")
    place = f"scorings/{draft['id']}"
    assert (await program.get("scorings")).json()["items"] == []
    problem(await program.get(f"{place}/result"), 404, "file_not_found")
    refused = problem(await program.post(f"{place}/order", json={"total": 200}), 409, "price_changed")
    assert refused["price"] == 300
    for _ in range(2):
        assert (await program.post(f"{place}/order", json={"total": 300})).status_code == 200
    done = await ended(program, place)
    assert (done["status"], done["done_rows"], done["failed_rows"], done["paid_back"]) == ("succeeded", 3, 0, 0)
    result = await program.get(f"{place}/result")
    assert "wines-wine.csv" in result.headers["content-disposition"]
    assert len(read_csv(result.content, ";")) == 5
    assert (await program.get("scorings")).json()["items"] == [done]
    assert (await program.get("me/balance")).json()["balance"] == 700
    problem(await program.post(f"{place}/cancel"), 409, "too_late_to_cancel")
    assert (await run_audit(callers.app.db)).ok


async def test_columns_that_are_unclear(callers: Callers) -> None:
    program = await callers.program(await callers.customer())
    content = workbook([["first", "second", *RUSSIAN[2:]], *wines(2)])
    sent = await program.post("scorings", params={"model": "wine"}, content=content, headers={"content-type": XLSX})
    draft = sent.json()
    one, other = draft["unclear"]
    place = f"scorings/{draft['id']}"
    problem(await program.post(f"{place}/order", json={"total": 0}), 422, "no_row_to_answer")
    for columns in ({one: 0, other: 0}, {one: 2}, {one: 99}, {"sugar": 0}, {"ash": 0}):
        problem(await program.post(f"{place}/columns", json={"columns": columns}), 422, "invalid_columns")
    asked = (await program.post(f"{place}/columns", json={"columns": {one: 0}})).json()
    assert (asked["unclear"], asked["rows"]) == ([other], 0)
    ready = (await program.post(f"{place}/columns", json={"columns": {other: 1}})).json()
    assert (ready["unclear"], ready["rows"], ready["total"], ready["kind"]) == ([], 2, 200, "workbook")
    await program.post(f"{place}/order", json={"total": 200})
    assert (await ended(program, place))["status"] == "succeeded"
    assert len(read_workbook((await program.get(f"{place}/result")).content)) == 3


async def test_what_is_refused(callers: Callers) -> None:
    anna, other = await callers.customer(), await callers.program(await callers.customer())
    program = await callers.program(anna)
    problem(await sends(program, b""), 422, "no_file")
    problem(await sends(program, b"\x00\x01\x02"), 422, "invalid_value")
    problem(await program.post("scorings", params={"model": "wine"}, json={}), 415, "unsupported_media_type")
    problem(await program.post("scorings", params={"model": "lost"}, files={"file": TABLE}), 404, "model_not_on_sale")
    place = f"scorings/{(await sends(program, csv_table([RUSSIAN, *wines(11)]))).json()['id']}"
    problem(await program.post(f"{place}/order", json={"total": 1100}), 402, "insufficient_balance")
    for path in (place, f"{place}/result"):
        problem(await other.get(path), 404, "scoring_not_found")
    problem(await other.post(f"{place}/order", json={"total": 1100}), 404, "scoring_not_found")
    draft = (await sends(program)).json()
    await callers.app.db.write(new_version)
    problem(await program.post(f"scorings/{draft['id']}/order", json={"total": 300}), 409, "model_changed")
    assert (await program.get("me/balance")).json()["balance"] == 1000


def new_version(session: Session) -> None:
    session.execute(update(table_of(Model)).where(table_of(Model).c.slug == "wine").values(version="99.0"))
