"""The public track record: for everybody, in both languages, and so that anybody can check it."""

import csv
import datetime as dt
import hashlib
import io
from collections.abc import AsyncIterator

import httpx
import pytest_asyncio
from sqlalchemy.orm import Session

from bot.app import App
from sandbox.client.sandbox import Sandbox
from services.forecasts import publish
from services.forecasts.judgement import Judgement
from services.market.errors import InstrumentUnknown
from tests.conversations.stage import shop_settings
from tests.support.databases import SqliteServer
from tests.support.forecasts import PaperMarket, forecast, said, walk, weekdays
from tests.support.web import browser

DAYS = weekdays(400, dt.date(2025, 1, 6))
PAPERS = ("SBER", "GAZP", "LKOH")


def publish_year(session: Session) -> None:
    for number, place in enumerate(range(4, 300, 5)):
        for seed, symbol in enumerate(PAPERS):
            close = walk(400, seed=seed + 1)[place]
            told = said(probability=((number * 7 + seed * 3) % 10) / 14 + 0.03, close=close)
            made = forecast(
                slug="wine", last_day=DAYS[place], last_close=close, symbol=symbol, outcomes=told,
                version="1.0.0" if number < 30 else "2.0.0",
            )  # fmt: skip
            at = dt.datetime.combine(DAYS[place], dt.time(9), dt.UTC)
            publish.publish(session, made, week=DAYS[place].strftime("%G-W%V"), now=at)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def told(world: Sandbox, sqlite_server: SqliteServer) -> AsyncIterator[App]:
    """A shop with a year that was judged, for tests that only look at it."""
    async with App(shop_settings(world, sqlite_server.create())).running() as app:
        await app.db.write(publish_year)
        market = PaperMarket(today=DAYS[-1])
        for seed, symbol in enumerate(PAPERS):
            market.lists(symbol, DAYS, walk(400, seed=seed + 1))
        day = dt.datetime.combine(DAYS[-1], dt.time(9), dt.UTC)
        assert await Judgement(app.db, market, lambda: day, lambda: None).run_due() == 180
        yield app


@pytest_asyncio.fixture(loop_scope="module")
async def empty(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[App]:
    """One where nothing was ever forecast, of the test's own."""
    async with App(shop_settings(sandbox, sqlite_url)).running() as app:
        yield app


async def text_of(app: App, path: str, language: str = "en") -> httpx.Response:
    async with browser(app) as web:
        answer = await web.get(path, headers={"accept-language": language})
        assert answer.status_code == 200, answer.text
        return answer


async def test_it_says_so_where_it_is_too_early(empty: App) -> None:
    assert "Nothing has been forecast for the list yet." in (await text_of(empty, "/track")).text
    assert (await text_of(empty, "/track.csv")).text.count("\n") == 1
    made = forecast(slug="wine", last_day=DAYS[2], last_close=100.0, symbol="MGNT")
    await empty.db.write(publish.publish, made, week="2025-W02", now=dt.datetime(2025, 1, 8, 9, tzinfo=dt.UTC))
    empty.services.track.forget()
    page = (await text_of(empty, "/track")).text
    assert "It is too early to say how good they are" in page
    assert "Judged: <b>0</b>, waiting: 1, void: 0." in page
    assert "Brier score" not in page


async def test_everybody_sees_how_often_it_came_true(told: App) -> None:
    for language, words in (
        (
            "en",
            (
                "Judged: <b>180</b>, waiting: 0, void: 0.",
                "Brier score",
                "less is better",
                "Version 2.0.0",
                "Paper GAZP (GAZP)",
            ),
        ),
        ("ru", ("Проверено: <b>180</b>", "оценка Брайера", "Чем меньше, тем лучше.", "Версия 2.0.0", "торговый день")),
    ):
        page = (await text_of(told, "/track", language)).text
        for word in words:
            assert word in page, word
        assert page.count("<circle") >= 5
        assert "—</td>" not in page, "no line has dashes only"


async def test_it_says_what_void_means(empty: App) -> None:
    made = forecast(slug="wine", last_day=DAYS[2], last_close=100.0, symbol="TATN")
    await empty.db.write(publish.publish, made, week="2025-W02", now=dt.datetime(2025, 1, 8, 9, tzinfo=dt.UTC))
    market = PaperMarket(today=DAYS[-1], trouble={"TATN": InstrumentUnknown("TATN")})
    for days in range(90, 100, 2):
        at = dt.datetime.combine(DAYS[2] + dt.timedelta(days=days), dt.time(9), dt.UTC)
        await Judgement(empty.db, market, lambda at=at: at, lambda: None).run_due()  # type: ignore[misc]  # a clock
    empty.services.track.forget()
    assert "Void is a forecast of which something could not be judged" in (await text_of(empty, "/track")).text


async def test_every_page_leads_to_it(told: App) -> None:
    for path in ("/", "/sign-in"):
        assert '<a href="/track">' in (await text_of(told, path)).text


async def test_anybody_can_check_the_chain(told: App) -> None:
    """As the page says how: with nothing of ours."""
    answer = await text_of(told, "/track.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 360
    last = "0" * 64
    for number, row in enumerate(rows, start=1):
        assert row["number"] == str(number)
        last = hashlib.sha256(f"{last}\n{row['text']}".encode()).hexdigest()
        assert row["hash"] == last
    assert last in (await text_of(told, "/track")).text
    assert {row["kind"] for row in rows} == {"forecast", "judgement"}


async def test_the_whole_chain_is_not_read_for_one_network_all_the_time(empty: App) -> None:
    async with browser(empty) as web:
        answers = [(await web.get("/track.csv")).status_code for _ in range(12)]
        assert answers[0] == 200
        assert answers[-1] == 429
        assert (await web.get("/track")).status_code == 200
