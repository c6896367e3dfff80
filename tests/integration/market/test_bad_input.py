"""What owners type, and what an exchange may answer where nobody looks at it: the weekly list, and the job that judges.
Nothing is published or judged of nonsense, nothing breaks, and the next time all is well."""

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.forecasts import Forecast, ForecastOutcome, OpenForecast
from sandbox.client.exchange import ExchangeClient
from sandbox.exchange.closes import closes
from sandbox.exchange.papers import PAPERS
from services.errors import ShopError
from services.forecasts import publish
from services.forecasts.judgement import Judgement
from services.forecasts.listing import SeveralPapers
from services.forecasts.sources import PriceSource
from services.market.errors import InstrumentUnknown
from services.market.market import Market
from tests.integration.market.conftest import MOEX
from tests.support.clock import FakeClock
from tests.support.counter import Counter
from tests.support.forecasts import forecast
from tests.support.risk_shop import list_of, list_owner, open_risk_shop, risk_market, weekly_of
from tests.support.shop import add_model

OWNER = 77
NONSENSE = [
    *("down", "html", "garbage", "redirect", "empty", "endless_pages", "endless_bytes"),
    *("tomorrow", "zero", "null", "negative"),
]
HORIZON = 21


@pytest.fixture
async def counter(sqlite_database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Counter]:
    counter = await open_risk_shop(sqlite_database, clock, tmp_path)
    yield counter
    await counter.check()
    await counter.exits.aclose()


async def add(counter: Counter, market: PriceSource, *typed: str) -> list[str]:
    """The tickers that were put on the list."""
    owner, papers = await list_owner(counter), list_of(counter, market)
    return [(await papers.add(each, actor=owner)).symbol for each in typed]


def failures(logs: Sequence[object]) -> list[object]:
    return [each for each in logs if isinstance(each, dict) and each["log_level"] in ("error", "critical")]


@pytest.mark.parametrize(
    ("typed", "symbol"),
    [
        ("sber", "SBER"),
        ("ЅВЕR", "SBER"),
        (" s B e r ", "SBER"),
        ("«SBER»", "SBER"),
        ("RU0009029540", "SBER"),
        ("ru0009029540", "SBER"),
        ('ПАО "Газпром"', "GAZP"),
        ("т", "T"),
    ],
)
async def test_an_owner_may_spell_a_paper_as_a_customer_may(
    counter: Counter, small_market: Market, typed: str, symbol: str
) -> None:
    assert await add(counter, small_market, typed) == [symbol]
    assert await weekly_of(counter, small_market).look() == 1
    (made,) = await counter.rows(Forecast)
    assert (made.symbol, made.name) == (symbol, PAPERS[symbol].name)


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("NOSUCH", InstrumentUnknown),
        ("", InstrumentUnknown),
        ("'; DROP TABLE users; --", InstrumentUnknown),
        ("SU26238RMFS4", InstrumentUnknown),
        ("сбербанк", SeveralPapers),
    ],
)
async def test_what_is_no_paper_is_not_put_on_the_list(
    counter: Counter, small_market: Market, typed: str, error: type[ShopError]
) -> None:
    with pytest.raises(error):
        await add(counter, small_market, typed)
    assert await weekly_of(counter, small_market).look() == 0


@pytest.mark.parametrize("kind", NONSENSE)
async def test_no_forecast_is_made_of_nonsense(
    counter: Counter, quick_market: Market, exchange: ExchangeClient, clock: FakeClock, kind: str
) -> None:
    await add(counter, quick_market, "SBER")
    clock.advance(days=1)  # what adding it may have fetched is old
    await exchange.fault(kind)
    job = weekly_of(counter, quick_market)
    with capture_logs() as logs:
        assert await job.look() == 0
    assert failures(logs) == []
    await exchange.clear_faults()
    clock.advance(minutes=31)
    assert await job.look() == 1
    (made,) = await counter.rows(Forecast)
    assert (made.last_day, made.last_close) == (dt.date(2026, 11, 16), close_of("SBER", dt.date(2026, 11, 16)))


async def test_no_forecast_is_made_of_prices_that_stand_in_for_newer_ones(
    counter: Counter, small_market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    """A customer looked at them on Friday; on Monday the exchange is silent."""
    clock.advance(days=-3)
    await add(counter, small_market, "SBER")
    assert (await small_market.closes(MOEX, "SBER", least=253)).days[-1] == dt.date(2026, 11, 12)
    clock.advance(days=3)
    await exchange.fault("down")
    assert (await small_market.closes(MOEX, "SBER", least=253)).stale
    job = weekly_of(counter, small_market)
    assert await job.look() == 0
    await exchange.clear_faults()
    clock.advance(minutes=31)
    assert await job.look() == 1
    assert [row.last_day for row in await counter.rows(Forecast)] == [dt.date(2026, 11, 13)]


async def test_columns_in_another_order_are_read_by_their_names(
    counter: Counter, small_market: Market, exchange: ExchangeClient
) -> None:
    await exchange.fault("columns")
    await add(counter, small_market, "SPLT")
    assert await weekly_of(counter, small_market).look() == 1
    (made,) = await counter.rows(Forecast)
    assert (made.last_day, made.last_close) == (dt.date(2026, 11, 13), close_of("SPLT", dt.date(2026, 11, 13)))


@pytest.mark.parametrize(
    ("symbol", "added", "looked"),
    [
        ("GONE", dt.date(2025, 3, 3), dt.date(2025, 3, 17)),
        ("LONG", dt.date(2026, 4, 6), dt.date(2026, 6, 15)),
        ("LONG", dt.date(2026, 4, 6), dt.date(2026, 7, 20)),
        ("JUMP", dt.date(2026, 6, 15), dt.date(2026, 7, 6)),
    ],
    ids=["delisted", "halted", "after a halt", "jumped"],
)
async def test_a_paper_that_goes_wrong_on_the_list_stops_no_other(
    counter: Counter, small_market: Market, clock: FakeClock, *, symbol: str, added: dt.date, looked: dt.date
) -> None:
    clock.now = dt.datetime.combine(added, dt.time(9), dt.UTC)
    await add(counter, risk_market(symbol, "SBER"), symbol, "SBER")  # nothing was wrong with it yet
    clock.now = dt.datetime.combine(looked, dt.time(9), dt.UTC)
    with capture_logs() as logs:
        assert await weekly_of(counter, small_market).look() == 1
    assert failures(logs) == []
    assert [row.symbol for row in await counter.rows(Forecast)] == ["SBER"]


def close_of(symbol: str, day: dt.date) -> float:
    ((_, close),) = closes(PAPERS[symbol], day, day)
    assert close is not None
    return close


async def published(database: Database, symbol: str, day: dt.date) -> None:
    await database.write(add_model)
    made = forecast(last_day=day, last_close=close_of(symbol, day), symbol=symbol)
    await database.write(
        publish.publish, made, week=day.strftime("%G-W%V"), now=dt.datetime.combine(day, dt.time(17), dt.UTC)
    )


async def rows_of(database: Database, table: type[ForecastOutcome | OpenForecast]) -> Sequence[AnyRow]:
    return await database.read(lambda session: session.execute(select(table_of(table))).all())


def changes_by_hand(symbol: str, day: dt.date) -> tuple[float, float]:
    """To the lowest of the next 21 closes, and to the last of them."""
    told = [close for _, close in closes(PAPERS[symbol], day, day + dt.timedelta(days=60)) if close is not None]
    base, after = told[0], told[1 : HORIZON + 1]
    return (min(after) / base - 1) * 100, (after[-1] / base - 1) * 100


@pytest.mark.parametrize("symbol", ["SBER", "THIN"])
@pytest.mark.parametrize("kind", ["columns", *NONSENSE])
async def test_nothing_is_judged_by_nonsense(
    sqlite_database: Database,
    quick_market: Market,
    exchange: ExchangeClient,
    clock: FakeClock,
    *,
    kind: str,
    symbol: str,
) -> None:
    day = dt.date(2026, 9, 28)
    await published(sqlite_database, symbol, day)
    await exchange.fault(kind)
    job = Judgement(sqlite_database, quick_market, clock, lambda: None)
    good = kind == "columns"
    with capture_logs() as logs:
        assert await job.run_due() == good
    assert failures(logs) == []
    if not good:
        assert len(await rows_of(sqlite_database, OpenForecast)) == 1
        assert await rows_of(sqlite_database, ForecastOutcome) == []
        await exchange.clear_faults()
        clock.advance(hours=6, minutes=1)
        assert await job.run_due() == 1
    found = {row.name: row for row in await rows_of(sqlite_database, ForecastOutcome)}
    assert (found["drawdown"].observed, found["band"].observed) == pytest.approx(changes_by_hand(symbol, day))
