"""The exchange: ISS as a client reads it, the same closes for ever, and how it breaks."""

import asyncio
import datetime as dt
from itertools import pairwise
from typing import Any

import aiohttp
import pytest

from sandbox.client.exchange import ExchangeClient
from sandbox.client.sandbox import Sandbox
from sandbox.exchange.days import days_of

HISTORY = "/history/engines/stock/markets/{market}/boards/{board}/securities/{secid}.json"
DAY = 24 * 3600.0


@pytest.fixture
def exchange(sandbox: Sandbox) -> ExchangeClient:
    return sandbox.exchange()


async def ask(sandbox: Sandbox, path: str, **query: str | int) -> Any:  # Any: JSON
    async with sandbox.http.get(sandbox.exchange().url + path, params=query) as answer:
        assert answer.status == 200
        return await answer.json()


def rows(table: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(table["columns"], row, strict=True)) for row in table["data"]]


async def closes(sandbox: Sandbox, secid: str, *, market: str = "shares", board: str = "TQBR") -> dict[str, Any]:
    """By day, of all pages."""
    found: dict[str, Any] = {}
    total = 1
    while len(found) < total:
        path = HISTORY.format(market=market, board=board, secid=secid)
        told = await ask(sandbox, path, start=len(found), **{"from": "2024-01-01"})
        total = rows(told["history.cursor"])[0]["TOTAL"]
        found |= {row["TRADEDATE"]: row["CLOSE"] for row in rows(told["history"])}
        if not told["history"]["data"]:
            break
    return found


async def test_a_word_finds_papers(sandbox: Sandbox) -> None:
    told = await ask(sandbox, "/securities.json", q="сбербанк")
    assert [row["secid"] for row in rows(told["securities"])] == ["SBER", "SBERP"]
    assert rows((await ask(sandbox, "/securities.json", q="T"))["securities"]) == []


async def test_a_paper_says_where_it_is_traded(sandbox: Sandbox) -> None:
    told = await ask(sandbox, "/securities/SPLT.json")
    assert {row["name"]: row["value"] for row in rows(told["description"])}["ISIN"] == "RU000SANDB32"
    (board,) = rows(told["boards"])
    assert (board["engine"], board["market"], board["boardid"]) == ("stock", "shares", "TQBR")
    assert (board["is_traded"], board["is_primary"]) == (1, 1)


async def test_an_unknown_paper_has_empty_tables(sandbox: Sandbox) -> None:
    told = await ask(sandbox, "/securities/NOSUCH.json")
    assert [table["data"] for table in told.values()] == [[], []]
    assert await closes(sandbox, "NOSUCH") == {}


async def test_history_comes_in_pages_of_a_hundred(sandbox: Sandbox) -> None:
    path = HISTORY.format(market="index", board="SNDX", secid="SP500")
    told = await ask(sandbox, path, **{"from": "2025-01-01", "till": "2025-12-31"})
    assert len(told["history"]["data"]) == 100
    assert rows(told["history.cursor"]) == [{"INDEX": 0, "TOTAL": 253, "PAGESIZE": 100}]
    told = await ask(sandbox, path, start=200, **{"from": "2025-01-01", "till": "2025-12-31"})
    assert len(told["history"]["data"]) == 53


async def test_only_what_is_asked_for_comes(sandbox: Sandbox) -> None:
    path = HISTORY.format(market="shares", board="TQBR", secid="SBER")
    told = await ask(sandbox, path, **{"iss.only": "history", "history.columns": "CLOSE,TRADEDATE"})
    assert list(told) == ["history"]
    assert told["history"]["columns"] == ["CLOSE", "TRADEDATE"]


async def test_todays_close_comes_after_the_session_and_no_close_ever_changes(sandbox: Sandbox) -> None:
    before = await closes(sandbox, "SBER")
    assert max(before) == "2026-09-18"  # it is Monday, afternoon in Moscow
    await sandbox.advance(3 * 3600)
    assert max(await closes(sandbox, "SBER")) == "2026-09-21"
    await sandbox.advance(200 * DAY)
    after = await closes(sandbox, "SBER")
    assert before.items() < after.items()


async def test_each_paper_has_its_trouble(sandbox: Sandbox) -> None:
    split, merged, jump = [await closes(sandbox, secid) for secid in ("SPLT", "CONS", "JUMP")]
    assert 80 < split["2026-06-30"] / split["2026-07-01"] < 120
    assert 4_000 < merged["2026-07-01"] / merged["2026-06-30"] < 6_000
    assert 0.3 < jump["2026-07-01"] / jump["2026-06-30"] < 0.5
    table = rows((await ask(sandbox, "/statistics/engines/stock/splits.json"))["splits"])
    found = {row["secid"]: (row["before"], row["after"]) for row in table if row["tradedate"] == "2026-07-01"}
    assert found == {"SPLT": (1, 100), "CONS": (5000, 1)}

    halted = await closes(sandbox, "HALT")
    assert [day for day, close in halted.items() if close is None and day > "2026"] == [
        "2026-05-04",
        "2026-05-05",
        "2026-05-06",
    ]
    assert not any("2026-05-07" <= day <= "2026-05-12" for day in halted)
    assert max(await closes(sandbox, "GONE")) == "2025-03-14"
    assert await closes(sandbox, "SOON") == {}
    assert len(await closes(sandbox, "NEWB")) == 60
    for secid, share in (("THIN", 1 / 5), ("RARE", 2 / 3)):
        told = list((await closes(sandbox, secid)).values())
        assert told.count(None) / len(told) == pytest.approx(share, abs=0.01)


async def test_indices_are_the_series_that_come_along(sandbox: Sandbox) -> None:
    index = list((await closes(sandbox, "NASDAQ", market="index", board="SNDX")).values())
    changes = [after / before - 1 for before, after in pairwise(index)]
    assert all(abs(change) < 0.06 for change in changes)
    assert len({round(change, 6) for change in changes}) > 500


async def test_closes_also_come_as_csv(sandbox: Sandbox, exchange: ExchangeClient) -> None:
    async with sandbox.http.get(exchange.csv_url.replace("{symbol}", "SBER")) as answer:
        lines = (await answer.text()).split()
    assert lines[0] == "Date,Close"
    assert lines[-1].startswith("2026-09-18,")
    async with sandbox.http.get(exchange.csv_url.replace("{symbol}", "NOSUCH")) as answer:
        assert answer.status == 404


async def test_it_breaks_when_told(sandbox: Sandbox, exchange: ExchangeClient) -> None:
    path = exchange.url + HISTORY.format(market="shares", board="TQBR", secid="SBER")
    for kind in ("zero", "null", "negative"):
        await exchange.fault(kind, on="history", times=1)
        told = rows((await ask(sandbox, path.removeprefix(exchange.url)))["history"])
        assert all(row["CLOSE"] is None or row["CLOSE"] <= 0 for row in told)
    await exchange.fault("down")
    async with sandbox.http.get(path) as answer:
        assert answer.status == 503
    await exchange.clear_faults()
    await exchange.fault("html", times=1)
    async with sandbox.http.get(path) as answer:
        assert answer.content_type == "text/html"
    await exchange.fault("endless_pages", times=1)
    told = await ask(sandbox, path.removeprefix(exchange.url), start=5_000_000)
    assert (len(told["history"]["data"]), rows(told["history.cursor"])[0]["TOTAL"]) == (100, 1_000_000_000)
    assert [call["fault"] for call in await exchange.log()][-3:] == ["down", "html", "endless_pages"]


async def test_what_it_told_of_wednesdays_may_change(sandbox: Sandbox, exchange: ExchangeClient) -> None:
    async def files() -> list[list[str]]:
        async with sandbox.http.get(exchange.csv_url.replace("{symbol}", "SBER")) as answer:
            return [line.split(",") for line in (await answer.text()).split()[1:]]

    def is_wednesday(day: str) -> bool:
        return dt.date.fromisoformat(day).weekday() == 2

    before, file = await closes(sandbox, "SBER"), await files()
    await exchange.fault("restated")
    after = await closes(sandbox, "SBER")
    assert after == pytest.approx({day: close * 0.9 if is_wednesday(day) else close for day, close in before.items()})
    corrected = {day for (day, was), (_, now) in zip(file, await files(), strict=True) if was != now}
    assert corrected == {day for day, _ in file if is_wednesday(day)}
    await exchange.clear_faults()
    await exchange.fault("lost")
    assert await closes(sandbox, "SBER") == {day: close for day, close in before.items() if not is_wednesday(day)}
    assert await files() == [line for line in file if not is_wednesday(line[0])]


async def test_endless_bytes_end_with_the_connection(sandbox: Sandbox, exchange: ExchangeClient) -> None:
    await exchange.fault("endless_bytes", times=1)
    async with aiohttp.ClientSession() as http, http.get(f"{exchange.url}/securities.json?q=sber") as answer:
        read = 0
        while read < 1_000_000:
            read += len(await answer.content.readany())
    assert await asyncio.wait_for(ask(sandbox, "/securities.json", q="sber"), 5)


def test_the_calendar_knows_weekends_and_holidays() -> None:
    days = [day for day in days_of(2026) if dt.date(2026, 4, 29) <= day <= dt.date(2026, 5, 5)]
    assert [day.day for day in days] == [29, 30, 4, 5]
