"""Forecasts judged by an exchange: splits, delisted papers, long silence, and a table of splits that is away."""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.forecasts import ForecastOutcome
from sandbox.client.exchange import ExchangeClient
from services.forecasts import publish
from services.forecasts.judgement import Judgement
from services.market.market import Market
from tests.integration.market.conftest import MOEX
from tests.support.clock import FakeClock
from tests.support.forecasts import forecast
from tests.support.shop import add_model

SINCE = dt.date(2025, 1, 1)


async def told(database: Database, market: Market, symbol: str, *days: dt.date) -> None:
    await database.write(add_model)
    history = await market.history(MOEX, symbol, since=SINCE)
    for day in days:
        close = history.values[history.days.index(day)]
        made = forecast(last_day=day, last_close=close, symbol=symbol)
        await database.write(
            publish.publish, made, week=day.strftime("%G-W%V"), now=dt.datetime.combine(day, dt.time(20), dt.UTC)
        )


async def outcomes(database: Database, name: str) -> Sequence[AnyRow]:
    table = table_of(ForecastOutcome)
    wanted = select(table).where(table.c.name == name).order_by(table.c.forecast_id)
    return await database.read(lambda session: session.execute(wanted).all())


async def test_a_split_is_no_fall_and_waits_for_its_table(
    database: Database, market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    clock.now = dt.datetime(2026, 8, 20, 9, tzinfo=dt.UTC)
    await told(database, market, "SPLT", dt.date(2026, 6, 15))
    await exchange.fault("down", on="splits")
    clock.advance(days=1)
    job = Judgement(database, market, clock, lambda: None)
    assert await job.run_due() == 0, "1:100 without its table is a fall of 99 %"
    await exchange.clear_faults()
    clock.advance(hours=7)
    assert await job.run_due() == 1
    (found,) = await outcomes(database, "band")
    assert found.void is None
    assert -50 < found.observed < 50


async def test_a_table_that_was_away_is_asked_for_soon(
    small_market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    await exchange.fault("down", on="splits", times=1)
    assert not (await small_market.closes(MOEX, "SPLT", least=100)).splits_known
    clock.advance(minutes=14)
    assert not (await small_market.closes(MOEX, "SPLT", least=100)).splits_known
    clock.advance(minutes=2)
    assert (await small_market.closes(MOEX, "SPLT", least=100)).splits_known


async def test_a_delisted_paper_is_judged_by_the_closes_that_it_had(
    database: Database, market: Market, clock: FakeClock
) -> None:
    await told(database, market, "GONE", dt.date(2025, 1, 15), dt.date(2025, 3, 12))
    job = Judgement(database, market, clock, lambda: None)
    assert await job.run_due() == 1
    for _ in range(6):
        clock.advance(days=1)
        assert await job.run_due() == 0, "what cannot be told is looked at for a week"
    clock.advance(days=1)
    assert await job.run_due() == 1
    assert [row.void for row in await outcomes(database, "band")] == [None, "delisted"]


async def test_a_long_silence_is_no_end(database: Database, market: Market, clock: FakeClock) -> None:
    await told(database, market, "LONG", dt.date(2026, 4, 28))
    assert await Judgement(database, market, clock, lambda: None).run_due() == 1
    (found,) = await outcomes(database, "band")
    assert found.void is None
