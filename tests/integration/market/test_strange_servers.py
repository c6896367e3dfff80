"""Servers that answer anything at all: what comes is a sentence, never a traceback."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from db.engine import Database
from services.manifests.live import ListedSymbol, LivePrices
from services.manifests.schema import Text
from services.market.errors import AnswerUnreadable, ExchangeSilent, NoPrices
from services.market.market import Market
from tests.integration.market.conftest import MOEX
from tests.support.clock import FakeClock

GOOD: dict[str, Any] = {  # Any: JSON
    "description": {"columns": ["name", "value"], "data": [["NAME", "Paper"], ["ISIN", 7]]},
    "boards": {
        "columns": ["boardid", "engine", "market", "is_traded", "is_primary", "history_from", "history_till"],
        "data": [["TQBR", "stock", "shares", 1, 1, "2020-01-01", None]],
    },
    "history": {"columns": ["TRADEDATE", "CLOSE"], "data": [["2026-11-12", 10], ["2026-11-13", 11.5]]},
    "splits": {"columns": ["tradedate", "secid", "before", "after"], "data": [["x", "ANY", None, "1"], [1, 2, 3, 4]]},
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def table(columns: object, data: object) -> dict[str, object]:
    return {"columns": columns, "data": data}


HOSTILE: list[dict[str, Any]] = [  # Any: JSON
    {"history": []},
    {"history": table(None, [])},
    {"history": table(["TRADEDATE"], [["2026-11-13"]])},
    {"history": table(["TRADEDATE", "CLOSE"], {"a": 1})},
    {"history": table(["TRADEDATE", "CLOSE"], ["2026-11-13"])},
    {"history": table(["TRADEDATE", "CLOSE"], [["2026-11-13"]])},
    {"history": table(["TRADEDATE", "CLOSE"], [["2026-11-13", "11"]])},
    {"history": table(["TRADEDATE", "CLOSE"], [["2026-11-13", True]])},
    {"history": table(["TRADEDATE", "CLOSE"], [["2026-11-13", [1]]])},
    {"history": table(["TRADEDATE", "CLOSE"], [["2026-11-13", 10**400]])},
    {"history": table(["TRADEDATE", "CLOSE"], [["2026-11-13", float("nan")]])},
    {"history": table(["TRADEDATE", "CLOSE"], [["2026-11-13", float("inf")]])},
    {"history": table(["TRADEDATE", "CLOSE"], [["2026-02-30", 1]])},
    {"history": table(["TRADEDATE", "CLOSE"], [[None, 1]])},
    {"history": table(["TRADEDATE", "CLOSE"], [["2026-11-13", 1], ["2026-11-12", 1]])},
    {"history": GOOD["history"], "history.cursor": table(["TOTAL"], [[10**9]])},
    {"history": GOOD["history"], "history.cursor": table(["TOTAL"], [])},
    {"history": GOOD["history"], "history.cursor": table(["TOTAL"], [["many"]])},
    {"boards": table(["boardid"], [["../../x"]])},
    {"boards": table(["boardid", "engine", "market"], [["../x", "stock", "shares"]])},
    {"boards": table(["boardid", "engine", "market"], [[{}, "stock", "shares"], [1, [], {}]])},
    {"description": table(["name", "value"], [[None, None]])},
    {"description": table(["name", "value"], [["NAME", {"x": "\u202e\x00"}]])},
    {"description": 5, "boards": "none"},
]


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def outcome(database: Database, clock: FakeClock, url: str) -> str:
    market = Market(database, clock, url=url, seconds=3.0)
    try:
        prices = await market.closes(MOEX, "ANY", least=1)
    except NoPrices as error:
        return type(error).__name__
    finally:
        await market.close()
    return f"{prices.values}"


async def test_a_plain_server_is_understood(sqlite_database: Database, clock: FakeClock) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response(GOOD)

    async with serving(answer) as url:
        assert await outcome(sqlite_database, clock, url) == "[10.0, 11.5]"


@pytest.mark.parametrize("told", HOSTILE, ids=range(len(HOSTILE)))
async def test_hostile_tables_become_a_sentence(
    sqlite_database: Database, clock: FakeClock, told: dict[str, object]
) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(text=json.dumps(GOOD | told), content_type="application/json")

    async with serving(answer) as url:
        found = await outcome(sqlite_database, clock, url)
    assert found in ("AnswerUnreadable", "InstrumentUnknown", "NotYetTraded", "NoLongerTraded", "[10.0, 11.5]")


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"7", b'"x"', b"[" * 100_000, b"\xff\xfe", b'{"a": NaN}'])
async def test_what_is_no_table_becomes_a_sentence(sqlite_database: Database, clock: FakeClock, body: bytes) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=body)

    async with serving(answer) as url:
        assert await outcome(sqlite_database, clock, url) == "AnswerUnreadable"


async def test_a_redirection_leads_to_no_other_server(sqlite_database: Database, clock: FakeClock) -> None:
    asked: list[str] = []

    async def secret(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return web.Response(text="Date,Close\n2026-11-13,1\n")

    async with serving(secret) as hidden:
        inside = hidden.replace("127.0.0.1", "localhost")

        async def away(_request: web.Request) -> web.StreamResponse:
            raise web.HTTPFound(f"{inside}/latest/meta-data")

        async with serving(away) as url:
            listed = (ListedSymbol(value="ANY", label=Text({"en": "Any"})),)
            source = LivePrices(provider="csv", url=f"{url}/{{symbol}}.csv", symbols=listed)
            market = Market(sqlite_database, clock, url=url, seconds=3.0)
            for call in (market.closes(source, "ANY", least=1), market.closes(MOEX, "ANY", least=1)):
                with pytest.raises(AnswerUnreadable):
                    await call
            await market.close()
    assert asked == []


async def test_a_csv_that_moved_on_its_server_is_followed(sqlite_database: Database, clock: FakeClock) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/ANY.csv":
            raise web.HTTPMovedPermanently("/new.csv")
        return web.Response(text="Date,Close\n2026-11-13,1\n")

    async with serving(answer) as url:
        listed = (ListedSymbol(value="ANY", label=Text({"en": "Any"})),)
        source = LivePrices(provider="csv", url=f"{url}/{{symbol}}.csv", symbols=listed)
        market = Market(sqlite_database, clock, url=url, seconds=3.0)
        assert list((await market.closes(source, "ANY", least=1)).values) == [1.0]
        await market.close()


@pytest.mark.parametrize("status", [204, 400, 403, 404, 429, 500, 502])
async def test_a_status_that_is_none_of_success_is_silence(
    sqlite_database: Database, clock: FakeClock, status: int
) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status)

    async with serving(answer) as url:
        assert await outcome(sqlite_database, clock, url) == ExchangeSilent.__name__
