"""Forecasts are judged once their horizon has passed, by what came then, whatever prices become later."""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.forecasts import ForecastOutcome, OpenForecast
from db.tables.outbox import OutboxMessage
from db.tables.predictions import PredictionStatus
from db.tables.users import User
from services.forecasts import publish
from services.forecasts.judgement import Judgement
from services.forecasts.record import Track, read_record
from services.forecasts.verify import verify_chain
from services.market.errors import ExchangeSilent, InstrumentUnknown
from services.market.prices import HistoryEnd
from tests.support.clock import FakeClock
from tests.support.forecasts import PaperMarket, forecast, said, walk, weekdays
from tests.support.risk_shop import mondays
from tests.support.shop import add_model, add_prediction, add_user

DAYS, CLOSES = weekdays(1600), walk(1600)
WALKS = [walk(1600, seed=number + 1) for number in range(2)]
PAPERS = [f"P{number}" for number in range(2)]


def market_at(day: dt.date, *symbols: str) -> PaperMarket:
    market = PaperMarket(today=day)
    for number, symbol in enumerate(symbols or ["SBER"]):
        market.lists(symbol, DAYS, WALKS[number])
    return market


def at(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(9), dt.UTC)


async def publish_one(database: Database, place: int = 0, **changes: Any) -> None:
    made = forecast(last_day=DAYS[place], last_close=CLOSES[place], **changes)
    week = DAYS[place].strftime("%G-W%V")
    await database.write(publish.publish, made, week=week, now=at(DAYS[place]))


async def outcomes(database: Database) -> Sequence[AnyRow]:
    table = table_of(ForecastOutcome)
    return await database.read(
        lambda session: session.execute(select(table).order_by(table.c.forecast_id, table.c.name)).all()
    )


async def judge_on(database: Database, market: PaperMarket, day: dt.date) -> int:
    market.today = day
    return await Judgement(database, market, lambda: at(day), lambda: None).run_due()


async def judge_until(database: Database, market: PaperMarket, first: dt.date, last: dt.date) -> int:
    """A look every other day, and on the last one."""
    days = [first + dt.timedelta(days=number) for number in range(0, (last - first).days, 2)]
    return sum([await judge_on(database, market, day) for day in [*days, last]])


async def test_a_forecast_waits_for_its_horizon(database: Database) -> None:
    await database.write(add_model)
    await publish_one(database)
    market = market_at(DAYS[10])
    assert await judge_on(database, market, DAYS[10]) == 0
    assert market.asked == 0, "nobody asks before anything can be known"
    assert await judge_on(database, market, DAYS[21]) == 0, "the close of that day is not known yet"
    assert await judge_on(database, market, DAYS[22]) == 1
    assert await judge_on(database, market, DAYS[40]) == 0
    assert {row.until for row in await outcomes(database)} == {DAYS[21]}


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (InstrumentUnknown("SBER"), "unknown"),
        (ExchangeSilent(), None),
    ],
)
async def test_what_cannot_be_told_is_void_after_a_month_and_counted(
    database: Database, trouble: Any, reason: str | None
) -> None:
    await database.write(add_model)
    await publish_one(database)
    market = market_at(DAYS[40])
    market.trouble["SBER"] = trouble
    assert await judge_on(database, market, DAYS[0] + dt.timedelta(days=50)) == 0
    last = DAYS[0] + dt.timedelta(days=62)
    assert await judge_until(database, market, DAYS[0] + dt.timedelta(days=52), last) == (0 if reason is None else 1)
    assert [row.void for row in await outcomes(database)] == ([] if reason is None else [reason] * 3)
    counts = (await database.read(read_record)).models[0].listed.counts
    assert (counts.judged, counts.void, counts.waiting) == ((0, 0, 1) if reason is None else (0, 1, 0))
    assert (await database.scan(verify_chain)).wrong is None


async def test_a_series_without_the_last_day_is_void(database: Database) -> None:
    await database.write(add_model)
    await publish_one(database, 3)
    market = market_at(DAYS[80])
    market.lists("SBER", DAYS[:3] + DAYS[4:], CLOSES[:3] + CLOSES[4:])
    assert await judge_on(database, market, DAYS[30]) == 0
    assert await judge_until(database, market, DAYS[30], DAYS[80]) == 1
    assert {row.void for row in await outcomes(database)} == {"no_anchor"}


@pytest.mark.parametrize("end", list(HistoryEnd))
async def test_of_a_paper_that_ended_what_its_closes_settle_is_judged(database: Database, end: HistoryEnd) -> None:
    """A horizon that was over before, and a fall that was reached; the rest is void after a month."""
    await database.write(add_model)
    for place in (0, 28, 35):
        await publish_one(database, place)
    market = market_at(DAYS[40])
    fallen = [*CLOSES[:30], *(close * 0.6 for close in CLOSES[30:34])]
    market.lists("SBER", DAYS[:34], fallen)
    market.ends["SBER"] = end
    assert await judge_on(database, market, DAYS[50]) == 1
    assert await judge_until(database, market, DAYS[50], DAYS[150]) == 2
    found = {(row.forecast_id, row.name): (row.came, row.void) for row in await outcomes(database)}
    assert all(found[1, name][1] is None for name in ("drawdown", "bad_case", "band"))
    assert found[2, "drawdown"] == (True, None)
    assert found[2, "band"] == found[2, "bad_case"] == found[3, "drawdown"] == (None, end)
    assert (await database.scan(verify_chain)).wrong is None


async def test_a_jump_within_the_horizon_is_no_fall(database: Database) -> None:
    await database.write(add_model)
    await publish_one(database)
    await publish_one(database, 40)
    market = market_at(DAYS[100])
    market.lists("SBER", DAYS, [close * 0.01 if place >= 10 else close for place, close in enumerate(CLOSES)])
    assert await judge_on(database, market, DAYS[35]) == 0
    assert await judge_until(database, market, DAYS[35], DAYS[100]) == 2
    voids = [(row.forecast_id, row.void) for row in await outcomes(database) if row.name == "band"]
    assert voids == [(1, "jumped"), (2, None)]


async def test_a_source_that_is_silent_for_months_leaves_nobody_waiting(database: Database) -> None:
    await database.write(add_model)
    await publish_one(database)
    market = market_at(DAYS[40])
    market.trouble["SBER"] = ExchangeSilent()
    assert await judge_until(database, market, DAYS[35], DAYS[70]) == 0
    assert await judge_until(database, market, DAYS[71], DAYS[110]) == 1
    assert {row.void for row in await outcomes(database)} == {"silent"}


@pytest.mark.parametrize("trouble", [InstrumentUnknown("SBER"), ExchangeSilent()])
async def test_a_shop_that_was_off_voids_nothing_at_its_first_look(database: Database, trouble: Any) -> None:
    await database.write(add_model)
    await publish_one(database)
    market, back = market_at(DAYS[150]), DAYS[150]
    market.trouble["SBER"] = trouble
    for days in (0, 1, 6):
        assert await judge_on(database, market, back + dt.timedelta(days=days)) == 0
    del market.trouble["SBER"]
    assert await judge_on(database, market, back + dt.timedelta(days=7)) == 1
    assert {row.void for row in await outcomes(database)} == {None}


async def test_two_looks_in_trouble_with_a_long_pause_between_say_nothing(database: Database) -> None:
    await database.write(add_model)
    await publish_one(database)
    market, back = market_at(DAYS[40]), DAYS[35]
    market.trouble["SBER"] = ExchangeSilent()
    for days in (0, 120):
        assert await judge_on(database, market, back + dt.timedelta(days=days)) == 0
    del market.trouble["SBER"]
    assert await judge_on(database, market, back + dt.timedelta(days=121)) == 1
    assert {row.void for row in await outcomes(database)} == {None}


async def test_figures_are_of_forecasts_that_were_judged_whole(database: Database) -> None:
    """Trading ended in the middle: of those that had fallen that is known, of the others nothing is."""
    await database.write(add_model)
    for number in range(60):
        await publish_one(database, symbol=f"P{number}")
    market = market_at(DAYS[12])
    for number in range(60):
        worst = 0.9 if number % 2 else 1.0
        market.lists(f"P{number}", DAYS[:10], [CLOSES[0]] + [CLOSES[0] * worst] * 9)
        market.ends[f"P{number}"] = HistoryEnd.HALTED
    for days in (80, 82, 84, 86, 88):
        await judge_on(database, market, DAYS[0] + dt.timedelta(days=days))
    record = (await database.read(read_record)).models[0]
    assert (record.listed.counts.judged, record.listed.counts.void, record.listed.figures) == (0, 60, [])


async def test_each_trouble_counts_from_its_own_first_look(database: Database) -> None:
    """Eight days of silence say nothing of whether the paper is known."""
    await database.write(add_model)
    await publish_one(database)
    market, back = market_at(DAYS[150]), DAYS[150]
    market.trouble["SBER"] = ExchangeSilent()
    for days in range(0, 30, 2):
        assert await judge_on(database, market, back + dt.timedelta(days=days)) == 0
    market.trouble["SBER"] = InstrumentUnknown("SBER")
    assert await judge_on(database, market, back + dt.timedelta(days=30)) == 0
    market.trouble["SBER"] = ExchangeSilent()
    for days in range(32, 62, 2):
        assert await judge_on(database, market, back + dt.timedelta(days=days)) == 0
    assert await judge_on(database, market, back + dt.timedelta(days=62)) == 1
    assert {row.void for row in await outcomes(database)} == {"silent"}


async def test_trouble_that_went_by_is_forgotten(database: Database) -> None:
    """A price that waits for its exchange, holidays, and trouble anew: it is counted from there."""
    await database.write(add_model)
    await publish_one(database)
    market, back = market_at(DAYS[15]), DAYS[0] + dt.timedelta(days=80)
    market.lists("SBER", DAYS[:11], CLOSES[:11])
    market.trouble["SBER"] = InstrumentUnknown("SBER")
    assert await judge_on(database, market, back) == 0
    market.trouble = {}
    assert await judge_on(database, market, back + dt.timedelta(days=1)) == 0, "ten closes of 21 are there"
    market.trouble["SBER"] = InstrumentUnknown("SBER")
    assert await judge_until(database, market, back + dt.timedelta(days=8), back + dt.timedelta(days=14)) == 0
    assert await judge_on(database, market, back + dt.timedelta(days=15)) == 1
    assert {row.void for row in await outcomes(database)} == {"unknown"}


async def test_a_silent_exchange_is_asked_once_a_run(database: Database) -> None:
    await database.write(add_model)
    for symbol in PAPERS:
        await publish_one(database, symbol=symbol)
    market = market_at(DAYS[40], *PAPERS)
    market.trouble = dict.fromkeys(PAPERS, ExchangeSilent())
    assert await judge_on(database, market, DAYS[40]) == 0
    assert market.asked == 1
    market.trouble = {}
    assert await judge_on(database, market, DAYS[40]) == 1, "who was not asked is not put off"


async def test_one_paper_that_breaks_stops_no_other(database: Database) -> None:
    await database.write(add_model)
    for symbol in PAPERS:
        await publish_one(database, symbol=symbol)
    market = market_at(DAYS[40], *PAPERS)
    market.days["P0"] = DAYS[:7]  # of another length: its calculation fails
    assert await judge_on(database, market, DAYS[40]) == 1


async def bought(database: Database, *, slug: str = "wine") -> tuple[int, UUID]:
    """A customer's forecast, as its settlement writes it."""
    user_id = await database.write(add_user)
    prediction_id: UUID = await database.write(
        add_prediction, user_id=user_id, price=0, slug=slug, status=PredictionStatus.SUCCEEDED
    )
    made = forecast(last_day=DAYS[0], last_close=CLOSES[0], symbol="SBER")
    await database.write(publish.keep, {prediction_id: made}, at(DAYS[0]))
    return user_id, prediction_id


async def test_a_customer_is_told_once_and_who_does_not_want_to_know_is_not(database: Database) -> None:
    await database.write(add_model)
    anna, _ = await bought(database)
    boris, _ = await bought(database)
    users, outbox = table_of(User), table_of(OutboxMessage)
    await database.write(
        lambda session: session.execute(update(users).where(users.c.id == boris).values(outcomes_muted=True)) and None
    )
    assert await judge_on(database, market_at(DAYS[40]), DAYS[40]) == 2
    told = await database.read(lambda session: session.execute(select(outbox.c.user_id, outbox.c.kind)).all())
    assert [tuple(row) for row in told] == [(anna, "forecast_judged")]
    record = (await database.read(read_record)).models[0]
    assert (record.listed.counts.judged, record.papers) == (0, [])


async def test_customers_forecasts_are_told_in_steps_and_each_once(database: Database) -> None:
    """Two readings never differ by one purchase."""
    await database.write(add_model)
    user_id = await database.write(add_user)
    for place in (*range(29), 0, 0):
        prediction_id: UUID = await database.write(
            add_prediction, user_id=user_id, price=0, status=PredictionStatus.SUCCEEDED
        )
        made = forecast(last_day=DAYS[place], last_close=CLOSES[place])
        await database.write(publish.keep, {prediction_id: made}, at(DAYS[place]))
    record = (await database.read(read_record)).models[0]
    assert (record.first_made_at, record.next_due, record.bought.counts.made) == (None, None, 0)
    for more, told in ((0, 0), (29, 30), (30, 30)):
        if more:
            prediction_id = await database.write(
                add_prediction, user_id=user_id, price=0, status=PredictionStatus.SUCCEEDED
            )
            made = forecast(last_day=DAYS[more], last_close=CLOSES[more], outcomes=said(probability=0.9))
            await database.write(publish.keep, {prediction_id: made}, at(DAYS[more]))
        await judge_on(database, market_at(DAYS[100]), DAYS[100 + more])
        part = (await database.read(read_record)).models[0].bought
        assert (part.counts.judged, part.counts.waiting, sum(each.count for each in part.figures)) == (
            told,
            0,
            told * 3,
        )
        assert [each.score for each in part.figures] == [round(each.score, 2) for each in part.figures]


async def test_the_same_prediction_is_kept_once(database: Database) -> None:
    await database.write(add_model)
    _, prediction_id = await bought(database)
    made = forecast(last_day=DAYS[1], last_close=CLOSES[1])
    await database.write(publish.keep, {prediction_id: made}, at(DAYS[1]))
    table = table_of(OpenForecast)
    assert len(await database.read(lambda session: session.execute(select(table)).all())) == 1


async def test_two_processes_judge_each_forecast_once(database: Database, clock: FakeClock) -> None:
    import asyncio

    await database.write(add_model)
    for place in range(0, 100, 5):
        await publish_one(database, place)
    market, day = market_at(DAYS[300]), DAYS[300]
    jobs = [Judgement(database, market, lambda: at(day), lambda: None) for _ in range(2)]
    assert sum(await asyncio.gather(*(job.run_due() for job in jobs))) == 20
    assert len(await outcomes(database)) == 60
    assert (await database.scan(verify_chain)).wrong is None


async def test_a_hundred_readers_make_one_reading(database: Database, clock: FakeClock) -> None:
    import asyncio

    track = Track(database, clock, mondays())
    records = await asyncio.gather(*(track.record() for _ in range(100)))
    assert len({id(each) for each in records}) == 1
