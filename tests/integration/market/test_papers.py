"""Papers of the sandbox's exchange: what they are called, what their prices are, and why there are none."""

import datetime as dt
from itertools import pairwise

import pytest

from sandbox.client.exchange import ExchangeClient
from services.errors import ShopError
from services.market.errors import (
    HistoryInterrupted,
    HistoryTooShort,
    InstrumentUnknown,
    NoLongerTraded,
    NotYetTraded,
    TradedTooRarely,
)
from services.market.market import Market
from services.market.prices import ClosingPrices
from tests.integration.market.conftest import MOEX
from tests.support.clock import FakeClock

YEAR = 253


@pytest.mark.parametrize(
    "typed",
    ["SBER", "sber", "ЅВЕR", " s B e r ", "«SBER»", "RU0009029540", "ru0009029540", "Сбербанк России ПАО ао"],
)
async def test_many_spellings_are_one_paper(small_market: Market, typed: str) -> None:
    (found,) = await small_market.find(MOEX, typed)
    assert (found.symbol, found.name, found.exchange) == ("SBER", "Сбербанк России ПАО ао", "MOEX")


@pytest.mark.parametrize(
    ("typed", "symbols"),
    [
        ("сбербанк", ["SBER", "SBERP"]),
        ("ПАО «Газпром»", ["GAZP"]),
        ('"газпром"', ["GAZP"]),
        ("T", ["T"]),
        ("т", ["T"]),
        ("делимое", ["SPLT"]),
        ("былое", ["GONE"]),
        ("песочница", ["SP500", "NASDAQ"]),
    ],
)
async def test_a_part_of_a_name_finds_what_is_traded(small_market: Market, typed: str, symbols: list[str]) -> None:
    found = [each.symbol for each in await small_market.find(MOEX, typed)]
    assert found == symbols


async def test_a_name_keeps_its_quotes(small_market: Market) -> None:
    (found,) = await small_market.find(MOEX, "gazp")
    assert found.name == '"Газпром" (ПАО) ао'


@pytest.mark.parametrize("typed", ["NOSUCH", "абракадабра", "", "?", "я", "SU26238RMFS4", "../../etc", "x" * 5000])
async def test_what_is_not_there_is_told(small_market: Market, typed: str) -> None:
    with pytest.raises(InstrumentUnknown):
        await small_market.find(MOEX, typed)


async def test_closes_end_with_the_last_finished_day(market: Market, clock: FakeClock) -> None:
    found = await market.closes(MOEX, "SBER", least=YEAR)
    assert found.days[-1] == dt.date(2026, 11, 13)  # it is Monday noon
    assert len(found.days) == len(found.values) >= YEAR
    assert (found.splits, found.jumps, found.stale, found.fetched_at) == ([], [], False, clock.now)
    assert all(one < other for one, other in pairwise(found.days))


async def test_the_moved_clock_brings_new_days_and_changes_no_old_one(market: Market, clock: FakeClock) -> None:
    before = closes_of(await market.closes(MOEX, "NASDAQ", least=YEAR))
    clock.advance(hours=7)  # 19:00 in Moscow
    evening = closes_of(await market.closes(MOEX, "NASDAQ", least=YEAR))
    assert max(evening) == dt.date(2026, 11, 16)
    clock.advance(days=30)
    after = closes_of(await market.closes(MOEX, "NASDAQ", least=YEAR))
    assert max(after) == dt.date(2026, 12, 16)
    for day in after.keys() & before.keys():
        assert after[day] == before[day]


@pytest.mark.parametrize(("symbol", "before", "after"), [("SPLT", 1, 100), ("CONS", 5000, 1)])
async def test_splits_and_consolidations_are_divided_out(
    small_market: Market, symbol: str, before: int, after: int
) -> None:
    found = (await small_market.closes(MOEX, symbol, least=YEAR)).last(YEAR)
    (split,) = found.splits
    assert (split.day, split.before, split.after) == (dt.date(2026, 7, 1), before, after)
    assert found.jumps == []
    assert all(0.8 < other / one < 1.2 for one, other in pairwise(found.values))


async def test_a_jump_that_nothing_explains_is_told(small_market: Market) -> None:
    found = (await small_market.closes(MOEX, "JUMP", least=YEAR)).last(YEAR)
    (jump,) = found.jumps
    assert jump.day == dt.date(2026, 7, 1)
    assert -0.7 < jump.change < -0.5
    assert found.last(50).jumps == []


async def test_where_the_table_of_splits_is_away_a_split_is_a_jump(
    small_market: Market, exchange: ExchangeClient
) -> None:
    await exchange.fault("down", on="splits")
    found = (await small_market.closes(MOEX, "SPLT", least=YEAR)).last(YEAR)
    assert (len(found.splits), len(found.jumps)) == (0, 1)


async def test_days_without_trades_are_left_out(small_market: Market) -> None:
    found = await small_market.closes(MOEX, "HALT", least=YEAR)
    assert not any(dt.date(2026, 5, 4) <= day <= dt.date(2026, 5, 12) for day in found.days)
    assert len(found.values) >= YEAR


async def test_one_day_of_five_without_trades_is_no_short_history(small_market: Market, clock: FakeClock) -> None:
    """A year of closes takes longer than a year then."""
    for _ in range(5):
        found = await small_market.closes(MOEX, "THIN", least=YEAR)
        gaps = [(other - one).days for one, other in pairwise(found.days[-YEAR:])]
        assert len(gaps) == YEAR - 1
        assert sum(gap in (2, 4) for gap in gaps) > 40
        assert found.jumps == []
        clock.advance(days=1)


@pytest.mark.parametrize(
    ("symbol", "error", "words"),
    [
        ("NEWB", HistoryTooShort, {"symbol": "NEWB", "count": 60, "min": YEAR}),
        ("LONG", HistoryInterrupted, {"symbol": "LONG", "day": "2026-07-02", "count": 96, "min": YEAR}),
        ("RARE", TradedTooRarely, {"symbol": "RARE", "count": 125, "days": 371}),
        ("GONE", NoLongerTraded, {"symbol": "GONE", "last": "2025-03-14"}),
        ("SOON", NotYetTraded, {"symbol": "SOON"}),
        ("NOSUCH", InstrumentUnknown, {"given": "NOSUCH"}),
        ("SU26238RMFS4", InstrumentUnknown, {"given": "SU26238RMFS4"}),
        ("../x", InstrumentUnknown, {"given": "../x"}),
        ("x" * 500, InstrumentUnknown, {"given": "x" * 100}),
    ],
)
async def test_each_has_its_own_sentence(
    market: Market, symbol: str, error: type[ShopError], words: dict[str, object]
) -> None:
    for _ in range(2):  # also when it is kept
        with pytest.raises(error) as raised:
            await market.closes(MOEX, symbol, least=YEAR)
        assert raised.value.params == words


def closes_of(found: ClosingPrices) -> dict[dt.date, float]:
    return dict(zip(found.days, found.values, strict=True))
