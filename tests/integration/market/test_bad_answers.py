"""An exchange that answers badly: a sentence, no traceback, in time, and nothing of it is kept."""

import asyncio
import datetime as dt
import time

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.market import MarketSeries
from sandbox.client.exchange import ExchangeClient
from services.manifests.live import ListedSymbol, LivePrices
from services.manifests.schema import Text
from services.market.errors import AnswerUnreadable, ExchangeSilent, InstrumentUnknown, NoPrices
from services.market.market import Market
from tests.integration.market.conftest import MOEX
from tests.support.clock import FakeClock

YEAR = 253
WAYS = [
    ("down", ExchangeSilent),
    ("slow", ExchangeSilent),
    ("html", AnswerUnreadable),
    ("garbage", AnswerUnreadable),
    ("redirect", AnswerUnreadable),
    ("endless_pages", AnswerUnreadable),
    ("endless_bytes", AnswerUnreadable),
    ("tomorrow", AnswerUnreadable),
    ("zero", AnswerUnreadable),
    ("null", AnswerUnreadable),
    ("negative", AnswerUnreadable),
]


def csv_of(exchange: ExchangeClient) -> LivePrices:
    listed = (
        ListedSymbol(value="SBER", label=Text({"ru": "Сбербанк", "en": "Sberbank"})),
        ListedSymbol(value="NOSUCH", label=Text({"en": "Nothing"})),
    )
    return LivePrices(provider="csv", url=exchange.csv_url, symbols=listed, label=Text({"en": "Files"}))


async def kept_series(database: Database) -> list[object]:
    return await database.read(lambda session: list(session.scalars(select(table_of(MarketSeries).c.series))))


@pytest.mark.parametrize(("kind", "error"), [*WAYS, ("empty", AnswerUnreadable)])
async def test_a_bad_history_is_told_and_not_kept(
    quick_market: Market,
    sqlite_database: Database,
    exchange: ExchangeClient,
    clock: FakeClock,
    *,
    kind: str,
    error: type[NoPrices],
) -> None:
    await exchange.fault(kind, on="history")
    with pytest.raises(error):
        await quick_market.closes(MOEX, "SBER", least=YEAR)
    assert await kept_series(sqlite_database) == [None]
    await exchange.clear_faults()
    clock.advance(minutes=1)
    assert (await quick_market.closes(MOEX, "SBER", least=YEAR)).stale is False


@pytest.mark.parametrize("kind", [kind for kind, _ in WAYS if kind != "slow"])
async def test_the_prices_of_yesterday_stand_in_for_bad_ones(
    small_market: Market, exchange: ExchangeClient, clock: FakeClock, kind: str
) -> None:
    good = await small_market.closes(MOEX, "SBER", least=YEAR)
    clock.advance(days=1)
    await exchange.fault(kind, on="history")
    old = await small_market.closes(MOEX, "SBER", least=YEAR)
    assert old.stale
    assert (old.days[-1], old.values[-1], old.fetched_at) == (good.days[-1], good.values[-1], good.fetched_at)


async def test_columns_in_another_order_are_the_same_prices(
    small_market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    plain = await small_market.closes(MOEX, "SPLT", least=YEAR)
    clock.advance(hours=7)
    await exchange.fault("columns")
    turned = await small_market.closes(MOEX, "SPLT", least=YEAR)
    assert not turned.stale
    assert list(turned.values)[:-1] == list(plain.values)[-len(turned.values) + 1 :]
    assert turned.splits == plain.splits


@pytest.mark.parametrize("kind", ["down", "slow", "html", "garbage", "redirect", "endless_bytes"])
async def test_a_search_that_goes_wrong_is_told(quick_market: Market, exchange: ExchangeClient, kind: str) -> None:
    await exchange.fault(kind)
    with pytest.raises(ExchangeSilent):
        await quick_market.find(MOEX, "сбербанк")


@pytest.mark.slow
async def test_nobody_waits_for_ten_seconds(small_market: Market, exchange: ExchangeClient) -> None:
    await exchange.fault("slow")
    began = time.monotonic()
    every = [small_market.closes(MOEX, "SBER", least=YEAR) for _ in range(20)]
    found = await asyncio.gather(*every, small_market.find(MOEX, "сбербанк"), return_exceptions=True)
    assert {type(each) for each in found} == {ExchangeSilent}
    assert time.monotonic() - began < 10


async def test_an_exchange_that_knows_nothing_any_more_is_not_believed(
    small_market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    await exchange.fault("empty", times=1)
    with pytest.raises(InstrumentUnknown):
        await small_market.closes(MOEX, "SBER", least=YEAR)
    assert not (await small_market.closes(MOEX, "SBER", least=YEAR)).stale
    clock.advance(days=1)
    await exchange.fault("empty")
    assert (await small_market.closes(MOEX, "SBER", least=YEAR)).stale


async def test_prices_that_were_told_anew_are_taken_the_next_day(
    small_market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    wednesday = dt.date(2026, 11, 11)
    before = await small_market.closes(MOEX, "SBER", least=YEAR)
    await exchange.fault("restated")
    assert (await small_market.closes(MOEX, "SBER", least=YEAR)).values == before.values
    clock.advance(days=1)
    after = await small_market.closes(MOEX, "SBER", least=YEAR)
    known, corrected = (each.values[each.days.index(wednesday)] for each in (before, after))
    assert corrected == pytest.approx(known * 0.9)


async def test_a_csv_has_closes_too(small_market: Market, exchange: ExchangeClient) -> None:
    source = csv_of(exchange)
    (found,) = await small_market.find(source, "sber")
    assert (found.provider, found.symbol, found.name, found.exchange) == ("csv", "SBER", "Сбербанк", "Files")
    assert [each.symbol for each in await small_market.find(source, "банк")] == ["SBER"]
    with pytest.raises(InstrumentUnknown):
        await small_market.find(source, "GAZP")
    prices = await small_market.closes(source, "SBER", least=YEAR)
    assert list(prices.values) == list((await small_market.closes(MOEX, "SBER", least=YEAR)).values)


@pytest.mark.parametrize(("kind", "error"), WAYS)
async def test_a_bad_csv_is_told_and_not_kept(
    quick_market: Market, sqlite_database: Database, exchange: ExchangeClient, kind: str, error: type[NoPrices]
) -> None:
    await exchange.fault(kind)
    with pytest.raises(error):
        await quick_market.closes(csv_of(exchange), "SBER", least=YEAR)
    assert await kept_series(sqlite_database) == [None]


async def test_two_models_may_call_a_file_differently(small_market: Market, exchange: ExchangeClient) -> None:
    one = csv_of(exchange)
    other = LivePrices(
        provider="csv", url=exchange.csv_url, symbols=(ListedSymbol(value="SBER", label=Text({"en": "The bank"})),)
    )
    stranger = LivePrices(
        provider="csv", url=exchange.csv_url, symbols=(ListedSymbol(value="GAZP", label=Text({"en": "Gas"})),)
    )
    names = [(await small_market.closes(each, "SBER", least=YEAR)).instrument.name for each in (one, other)]
    assert names == ["Сбербанк", "The bank"]
    assert [call["call"] for call in await exchange.log()] == ["csv"]
    for call in (small_market.find(stranger, "SBER"), small_market.closes(stranger, "SBER", least=YEAR)):
        with pytest.raises(InstrumentUnknown):
            await call


async def test_todays_row_of_a_file_is_no_close(
    small_market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    """Whatever the hour: another exchange's day ends at another."""
    source = csv_of(exchange)
    for hours, last in ((0, 13), (8, 13), (5, 16)):  # Monday 12:00, 20:00, Tuesday 01:00 in Moscow
        clock.advance(hours=hours)
        assert (await small_market.closes(source, "SBER", least=YEAR)).days[-1] == dt.date(2026, 11, last)


async def test_a_file_of_an_exchange_behind_moscow_ends_its_day_after_moscows(
    small_market: Market, exchange: ExchangeClient, clock: FakeClock
) -> None:
    """At midnight in Moscow the day goes on there; at midnight there nothing changes any more."""
    source = csv_of(exchange).model_copy(update={"zone": "America/New_York", "final_at": "16:30"})
    looks = ((12, 20, 13), (0, 9, 13), (0, 1, 16), (8, 0, 16))  # Monday 12:00; Tuesday 0:20, 0:29, 0:30, 8:30 in Moscow
    for hours, minutes, last in looks:
        clock.advance(hours=hours, minutes=minutes)
        assert (await small_market.closes(source, "SBER", least=YEAR)).days[-1] == dt.date(2026, 11, last)
    assert len(await exchange.log()) == 2  # at 0:20, and when the day was over


async def test_a_close_that_was_not_final_when_it_was_fetched_is_none(
    small_market: Market, exchange: ExchangeClient, clock: FakeClock, sqlite_database: Database
) -> None:
    """The exchange told today's row at noon and is silent in the evening."""
    await small_market.closes(MOEX, "SBER", least=YEAR)
    await sqlite_database.write(add_unfinished, "2026-11-16")
    await exchange.fault("down")
    clock.advance(hours=8)
    found = await small_market.closes(MOEX, "SBER", least=YEAR)
    assert (found.stale, found.days[-1]) == (True, dt.date(2026, 11, 13))


def add_unfinished(session: Session, day: str) -> None:
    table = table_of(MarketSeries)
    series = session.scalar(select(table.c.series))
    assert series is not None
    told = series | {"closes": [*series["closes"], [day, 300.0]], "last": day}
    session.execute(update(table).values(series=told))


async def test_a_csv_that_is_not_there_or_not_listed(small_market: Market, exchange: ExchangeClient) -> None:
    with pytest.raises(ExchangeSilent):
        await small_market.closes(csv_of(exchange), "NOSUCH", least=YEAR)
    with pytest.raises(InstrumentUnknown):
        await small_market.closes(csv_of(exchange), "GAZP", least=YEAR)


async def test_nobody_listens(sqlite_database: Database, clock: FakeClock) -> None:
    market = Market(sqlite_database, clock, url="http://127.0.0.1:9/iss")
    with pytest.raises(ExchangeSilent):
        await market.find(MOEX, "SBER")
    with pytest.raises(ExchangeSilent):
        await market.closes(MOEX, "SBER", least=YEAR)
    await market.close()
