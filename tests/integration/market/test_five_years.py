"""Five years of weekly forecasts, judged by an exchange: what came and how good they were is what a plain loop over its
closes says."""

import datetime as dt
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.forecasts import Forecast
from sandbox.exchange.closes import closes, splits
from sandbox.exchange.papers import PAPERS
from services.forecasts import publish
from services.forecasts.judgement import Judgement
from services.forecasts.record import TrackRecord, read_record
from services.forecasts.verify import verify_chain
from services.market.market import Market
from tests.support.clock import START, FakeClock
from tests.support.forecasts import forecast, said
from tests.support.risk_shop import list_of, list_owner, open_risk_shop, weekly_of
from tests.support.shop import add_model

OWNER = 77
LISTED = ("SPLT", "THIN")
"""One that is split or merged every July, and one without trades on one day of five."""
WEEKS = 5 * 52
HORIZON = 21

Closes = Mapping[dt.date, float]
Judged = Sequence[tuple[str, bool, float]]
"""Name, what came and score of each thing that a forecast said."""


def told(symbol: str, first: dt.date, last: dt.date) -> Closes:
    """As the exchange says it."""
    return {day: close for day, close in closes(PAPERS[symbol], first, last) if close is not None}


def comparable(symbol: str, first: dt.date, last: dt.date) -> Closes:
    """In papers of the last day."""
    worth = dict(told(symbol, first, last))
    for split in splits(PAPERS[symbol], last):
        for day in worth:
            worth[day] *= split.before / split.after if day < split.day else 1
    return worth


def judged_by_hand(row: AnyRow, worth: Closes) -> Judged:
    days = list(worth)
    at = days.index(row.last_day)
    base, after = worth[row.last_day], [worth[day] for day in days[at + 1 : at + 1 + HORIZON]]
    change = (after[-1] / base - 1) * 100
    fall, quantile, band = row.said["outcomes"]
    fell, worse = min(after) <= base * 0.95, change < quantile["stated"]
    low, high = (band[end] / row.last_close * 100 - 100 for end in ("low", "high"))
    missed = max(low - change, change - high, 0)
    return (
        (fall["name"], fell, (fall["stated"] - fell) ** 2),
        (quantile["name"], worse, (change - quantile["stated"]) * (0.05 - worse)),
        (band["name"], missed == 0, high - low + 2 / 0.1 * missed),
    )


async def assert_as_by_hand(database: Database, last: dt.date) -> TrackRecord:
    """The figures of all forecasts of the list."""
    table = table_of(Forecast)
    rows = await database.read(lambda session: session.execute(select(table)).all())
    worth = {symbol: comparable(symbol, dt.date(2021, 1, 1), last) for symbol in LISTED}
    by_hand = [judged_by_hand(row, worth[row.symbol]) for row in rows]
    (record,) = (await database.read(read_record)).models
    assert record.listed.counts.judged == len(rows)
    for place, figures in enumerate(record.listed.figures):
        named, came, scores = zip(*(each[place] for each in by_hand), strict=True)
        assert {figures.name} == set(named)
        assert (figures.count, figures.came) == (len(rows), sum(came))
        assert figures.score == pytest.approx(sum(scores) / len(rows))
        assert 0 < figures.came < figures.count
    assert [part.counts.judged for part in record.papers] == [len(rows) // 2] * 2
    assert (await database.scan(verify_chain)).wrong is None
    return record


async def test_five_years_are_judged_in_seconds(database: Database, market: Market) -> None:
    await database.write(add_model)
    today, shares = START.date(), (0.04, 0.31, 0.12, 0.55, 0.98)
    known = {symbol: told(symbol, dt.date(2021, 10, 1), today) for symbol in LISTED}

    def made(session: Session) -> Iterator[int | None]:
        for number in range(WEEKS):
            for seed, (symbol, series) in enumerate(known.items()):
                monday = dt.date(2021, 10, 4) + dt.timedelta(weeks=number)
                day, close = max((day, close) for day, close in series.items() if day <= monday)
                stated = said(probability=shares[(number + seed) % 5], quantile=-5.5, close=close, width=0.07)
                new = forecast(last_day=day, last_close=close, symbol=symbol, outcomes=stated)
                at = dt.datetime.combine(monday, dt.time(20), dt.UTC)
                yield publish.publish(session, new, week=monday.strftime("%G-W%V"), now=at)

    numbers = await database.write(lambda session: list(made(session)))
    assert numbers == list(range(1, WEEKS * 2 + 1))
    began = time.perf_counter()
    assert await Judgement(database, market, lambda: START, lambda: None).run_due() == len(numbers)
    assert time.perf_counter() - began < 10
    drawdown = (await assert_as_by_hand(database, today)).listed.of_event("drawdown")
    assert drawdown is not None
    assert [each.stated for each in drawdown.bins] == pytest.approx(sorted(shares))


@pytest.mark.slow
async def test_five_years_of_the_shops_own_forecasts(
    sqlite_database: Database, small_market: Market, clock: FakeClock, tmp_path: Path
) -> None:
    """By the real model, week after week, with what the exchange tells then; judged as the months pass."""
    counter = await open_risk_shop(sqlite_database, clock, tmp_path)
    owner, papers = await list_owner(counter), list_of(counter, small_market)
    for symbol in LISTED:
        await papers.add(symbol, actor=owner)
    weekly = weekly_of(counter, small_market)
    judgement = Judgement(counter.db, small_market, clock, lambda: None)
    published = judged = 0
    for _ in range(WEEKS):
        published += await weekly.look()
        judged += await judgement.run_due()
        assert 0 <= published - judged <= 6 * len(LISTED), "no forecast waits for longer than its horizon takes"
        clock.advance(days=7)
    clock.advance(days=60)
    judged += await judgement.run_due()
    assert published == judged == WEEKS * len(LISTED)
    await assert_as_by_hand(counter.db, clock().date())
    await counter.check()
    await counter.exits.aclose()
