"""One request a day, paper and shop; what is kept stands in for an exchange that is down, for some days."""

import asyncio
import datetime as dt

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.market import MarketSeries
from sandbox.client.exchange import ExchangeClient
from services.market.errors import ExchangeSilent, HistoryTooShort
from services.market.market import Market
from tests.integration.market.conftest import MOEX
from tests.support.clock import FakeClock

YEAR = 253
_series = table_of(MarketSeries)


async def calls(exchange: ExchangeClient) -> list[str]:
    return [each["call"] for each in await exchange.log()]


async def test_a_hundred_customers_make_one_request(market: Market, exchange: ExchangeClient) -> None:
    found = await asyncio.gather(*(market.closes(MOEX, "SBER", least=YEAR) for _ in range(100)))
    assert len({each.values[-1] for each in found}) == 1
    assert await calls(exchange) == ["paper", "history", "history", "history", "history", "splits"]


async def test_two_processes_make_one_request(database_url: str, clock: FakeClock, exchange: ExchangeClient) -> None:
    databases = [Database(database_url) for _ in range(2)]
    markets = [Market(database, clock, url=exchange.url) for database in databases]
    found = await asyncio.gather(*(each.closes(MOEX, "SBER", least=YEAR) for each in markets for _ in range(5)))
    assert {each.stale for each in found} == {False}
    assert (await calls(exchange)).count("paper") == 1
    for market, database in zip(markets, databases, strict=True):
        await market.close()
        await database.close()


async def test_who_searches_the_same_again_is_told_from_memory(
    small_market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    for typed, minutes, asked in (("сбербанк", 0, 1), (" «Сбербанк»", 9, 1), ("сбербанк", 2, 2)):
        clock.advance(minutes=minutes)
        assert [each.symbol for each in await small_market.find(MOEX, typed)] == ["SBER", "SBERP"]
        assert (await calls(exchange)).count("search") == asked


async def test_a_paper_that_is_kept_is_found_without_asking(small_market: Market, exchange: ExchangeClient) -> None:
    await small_market.closes(MOEX, "SBER", least=YEAR)
    before = len(await calls(exchange))
    for typed in ("sber", "RU0009029540"):
        assert [each.symbol for each in await small_market.find(MOEX, typed)] == ["SBER"]
    assert len(await calls(exchange)) == before


async def test_it_is_asked_again_after_the_next_session(
    small_market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    for hours, asked in ((0, 1), (6.9, 1), (0.2, 2), (23.8, 2), (0.2, 3)):
        clock.advance(hours=hours)
        await small_market.closes(MOEX, "SBER", least=YEAR)
        assert (await calls(exchange)).count("paper") == asked


async def test_nobody_asks_on_weekends(small_market: Market, exchange: ExchangeClient, clock: FakeClock) -> None:
    clock.advance(days=4, hours=8)  # Friday's evening
    await small_market.closes(MOEX, "SBER", least=YEAR)
    for _ in range(4):
        clock.advance(hours=16)
        assert not (await small_market.closes(MOEX, "SBER", least=YEAR)).stale
    assert (await calls(exchange)).count("paper") == 1


async def test_on_a_holiday_it_is_asked_every_three_hours(
    small_market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    clock.now = dt.datetime(2026, 12, 31, 17, tzinfo=dt.UTC)  # no trade, 20:00 in Moscow
    for hours, asked in ((0, 1), (2.9, 1), (0.2, 2)):
        clock.advance(hours=hours)
        assert not (await small_market.closes(MOEX, "SBER", least=YEAR)).stale
        assert (await calls(exchange)).count("paper") == asked


async def test_a_longer_history_is_fetched_when_it_is_needed(small_market: Market, exchange: ExchangeClient) -> None:
    await small_market.closes(MOEX, "SBER", least=YEAR)
    long = await small_market.closes(MOEX, "SBER", least=1_300)
    assert len(long.values) >= 1_300
    assert (await calls(exchange)).count("paper") == 2
    short = await small_market.closes(MOEX, "SBER", least=YEAR)
    assert len(short.values) < 400
    assert (await calls(exchange)).count("paper") == 2
    with pytest.raises(HistoryTooShort):
        await small_market.closes(MOEX, "SBER", least=4_000)


async def test_who_needs_less_leaves_enough_for_who_needs_more(
    market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    """Judging looks back for a shorter time than a customer's model does."""
    await market.closes(MOEX, "SBER", least=YEAR)
    for _ in range(3):
        clock.advance(days=1)
        await market.history(MOEX, "SBER", since=clock().date())
    asked = len(await calls(exchange))
    await market.closes(MOEX, "SBER", least=YEAR)
    assert len(await calls(exchange)) == asked
    clock.advance(days=1)
    await exchange.fault("down")
    assert (await market.closes(MOEX, "SBER", least=YEAR)).stale


async def test_an_exchange_that_is_down_is_stood_in_for_during_a_week(
    market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    last = (await market.closes(MOEX, "SBER", least=YEAR)).days[-1]  # of Friday the 13th
    await exchange.fault("down")
    clock.advance(days=1)
    old = await market.closes(MOEX, "SBER", least=YEAR)
    assert (old.stale, old.days[-1]) == (True, last)
    for typed in ("ЅВЕR", "RU0009029540"):  # it is found all the same
        assert [each.symbol for each in await market.find(MOEX, typed)] == ["SBER"]
    clock.advance(days=6)  # Monday noon: the last session was Friday's, a week later
    assert (await market.closes(MOEX, "SBER", least=YEAR)).stale
    clock.advance(hours=8)
    with pytest.raises(ExchangeSilent):
        await market.closes(MOEX, "SBER", least=YEAR)
    with pytest.raises(ExchangeSilent):
        await market.find(MOEX, "SBER")


async def test_after_a_failure_it_is_left_alone_for_half_a_minute(
    small_market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    await exchange.fault("down")
    for seconds, asked in ((0, 1), (29, 1), (2, 2)):
        clock.advance(seconds=seconds)
        with pytest.raises(ExchangeSilent):
            await small_market.closes(MOEX, "SBER", least=YEAR)
        assert (await calls(exchange)).count("paper") == asked


async def test_who_died_while_asking_is_not_waited_for_for_ever(
    quick_market: Market, sqlite_database: Database, exchange: ExchangeClient, clock: FakeClock
) -> None:
    await quick_market.closes(MOEX, "SBER", least=YEAR)
    clock.advance(days=1)
    await sqlite_database.write(lease_all, clock() + dt.timedelta(seconds=15))
    assert (await quick_market.closes(MOEX, "SBER", least=YEAR)).stale
    clock.advance(seconds=16)
    assert not (await quick_market.closes(MOEX, "SBER", least=YEAR)).stale
    assert (await calls(exchange)).count("paper") == 2


def lease_all(session: Session, until: dt.datetime) -> None:
    session.execute(update(_series).values(leased_until=until))


async def test_papers_that_nobody_asks_for_are_forgotten(market: Market, database: Database, clock: FakeClock) -> None:
    await market.closes(MOEX, "SBER", least=YEAR)
    clock.advance(days=29)
    await market.closes(MOEX, "GAZP", least=YEAR)
    assert await market.forget_old() == 0
    clock.advance(days=2)
    assert await market.forget_old() == 1
    assert await database.read(lambda session: list(session.scalars(select(_series.c.symbol)))) == ["GAZP"]
