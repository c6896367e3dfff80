"""Whether a series is one that a forecast may stand on."""

import datetime as dt
from typing import Any

import pytest

from services.market.errors import HistoryTooShort, NoLongerTraded, NotYetTraded, TradedTooRarely, TradingHalted
from services.market.judging import judge
from services.market.prices import ClosingPrices, Instrument, PriceJump, StockSplit
from services.market.told import Close, ToldSeries

DUE = dt.date(2026, 11, 13)
PAPER = Instrument(provider="moex", symbol="SBER", name="Сбербанк", exchange="MOEX")


def days(count: int, *, until: dt.date = DUE) -> list[dt.date]:
    return [until - dt.timedelta(days=number) for number in range(count - 1, -1, -1)]


def judged(closes: list[Close], *, least: int = 10, **told: Any) -> ClosingPrices:  # Any: fields of several types
    series = ToldSeries(instrument=PAPER, closes=closes, **told)
    now = dt.datetime(2026, 11, 16, 9, tzinfo=dt.UTC)
    return judge(series, least=least, since=dt.date(2026, 1, 1), due=DUE, fetched_at=now, stale=False)


def test_closes_come_as_they_were_told() -> None:
    found = judged([(day, 100.0) for day in days(12)])
    assert (found.days, found.values) == (days(12), [100.0] * 12)


def test_unfinished_days_and_those_without_trades_are_left_out() -> None:
    closes: list[Close] = [(day, None if number == 5 else 1.0) for number, day in enumerate(days(13))]
    found = judged([*closes, (DUE + dt.timedelta(days=1), 9.0)])
    assert len(found.values) == 12
    assert found.days[-1] == DUE


def test_a_short_one_says_how_short() -> None:
    with pytest.raises(HistoryTooShort) as raised:
        judged([(day, 1.0) for day in days(9)])
    assert raised.value.params == {"symbol": "SBER", "count": 9, "min": 10}


def test_what_was_before_a_long_halt_is_not_counted() -> None:
    old = [(day, 1.0) for day in days(50, until=DUE - dt.timedelta(days=45))]
    with pytest.raises(HistoryTooShort):
        judged([*old, *((day, 2.0) for day in days(8))])
    assert judged([*old, *((day, 2.0) for day in days(11))]).values == [2.0] * 11


def test_what_trades_now_and_then_has_no_daily_changes() -> None:
    rare: list[Close] = [(day, 1.0 if number % 2 else None) for number, day in enumerate(days(60))]
    for least, told in ((20, {"count": 20, "days": 39}), (50, {"count": 30, "days": 59})):
        with pytest.raises(TradedTooRarely) as raised:
            judged(rare, least=least)
        assert raised.value.params == {"symbol": "SBER"} | told
    often: list[Close] = [(day, 1.0 if number % 5 else None) for number, day in enumerate(days(60))]
    assert len(judged(often, least=20).values) == 48


def test_of_a_young_paper_it_is_told_how_young_it_is_however_seldom_it_trades() -> None:
    rare: list[Close] = [(day, 1.0 if number % 2 else None) for number, day in enumerate(days(20))]
    with pytest.raises(HistoryTooShort) as raised:
        judged(rare, least=30)
    assert raised.value.params["count"] == 10


@pytest.mark.parametrize("age", [0, 14])
def test_some_days_of_silence_are_holidays(age: int) -> None:
    assert judged([(day, 1.0) for day in days(12, until=DUE - dt.timedelta(days=age))])


def test_more_are_a_halt() -> None:
    last = DUE - dt.timedelta(days=15)
    with pytest.raises(TradingHalted) as raised:
        judged([(day, 1.0) for day in days(12, until=last)])
    assert raised.value.params["last"] == last.isoformat()


def test_delisted_and_future_papers_have_sentences_of_their_own() -> None:
    with pytest.raises(NoLongerTraded) as raised:
        judged([], is_traded=False, last=dt.date(2025, 3, 14))
    assert raised.value.params["last"] == "2025-03-14"
    with pytest.raises(NotYetTraded):
        judged([])


def test_the_newest_keep_the_splits_and_jumps_between_them() -> None:
    shown = days(12)
    prices = judged([(day, 1.0) for day in shown])
    jump, split = PriceJump(day=shown[2], change=-0.6), StockSplit(day=shown[8], before=1, after=10)
    full = ClosingPrices(
        instrument=PAPER, days=shown, values=prices.values, splits=[split], jumps=[jump], fetched_at=prices.fetched_at
    )
    newest = full.last(10)
    assert (len(newest.days), newest.splits, newest.jumps) == (10, [split], [])
    assert full.last(11).jumps == [jump]
