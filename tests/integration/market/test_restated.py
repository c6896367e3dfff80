"""What was judged stays, whatever the exchange says of those days later; what is judged then goes by the new words."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from db.base import table_of
from db.engine import Database
from db.tables.forecasts import ForecastOutcome
from db.tables.predictions import PredictionStatus
from sandbox.client.exchange import ExchangeClient
from sandbox.exchange.closes import closes
from sandbox.exchange.papers import PAPERS
from services.forecasts import publish
from services.forecasts.judgement import Judgement
from services.forecasts.record import read_record
from services.forecasts.said import NewForecast
from services.forecasts.verify import verify_chain
from services.market.market import Market
from tests.support.clock import FakeClock
from tests.support.forecasts import forecast
from tests.support.shop import add_model, add_prediction, add_user

SUMMER = dt.datetime(2026, 7, 13, 17, tzinfo=dt.UTC)
"""A Monday after the session, before a quiet month."""
HORIZON = 21


def forecast_of_today(symbol: str, clock: FakeClock) -> NewForecast:
    today = clock().date()
    ((day, close),) = closes(PAPERS[symbol], today, today)
    assert close is not None
    return forecast(last_day=day, last_close=close, symbol=symbol)


async def list_says(database: Database, made: NewForecast, clock: FakeClock) -> None:
    week = made.last_day.strftime("%G-W%V")
    assert await database.write(publish.publish, made, week=week, now=clock()) is not None


async def customer_hears(database: Database, made: NewForecast, clock: FakeClock) -> None:
    """The same: to be judged later than the list's."""
    user_id = await database.write(add_user)
    prediction_id = await database.write(
        add_prediction, user_id=user_id, price=0, slug="wine", status=PredictionStatus.SUCCEEDED
    )
    await database.write(publish.keep, {prediction_id: made}, clock())


async def judged(database: Database, market: Market, clock: FakeClock) -> int:
    return await Judgement(database, market, clock, lambda: None).run_due()


async def outcomes(database: Database, forecast_id: int) -> Sequence[dict[str, Any]]:  # Any: columns' values
    table = table_of(ForecastOutcome)
    wanted = select(table).where(table.c.forecast_id == forecast_id).order_by(table.c.name)
    return await database.read(lambda session: [dict(row._mapping) for row in session.execute(wanted)])


@pytest.mark.parametrize("fault", ["restated", "lost"])
async def test_a_close_that_is_corrected_or_deleted_changes_what_is_judged_from_then_on_alone(
    database: Database, market: Market, exchange: ExchangeClient, clock: FakeClock, fault: str
) -> None:
    await database.write(add_model)
    clock.now = SUMMER
    made = forecast_of_today("SBER", clock)
    await list_says(database, made, clock)
    clock.advance(days=31)
    assert await judged(database, market, clock) == 1
    first, record = await outcomes(database, 1), (await database.read(read_record)).models[0].listed
    await customer_hears(database, made, clock)
    await exchange.fault(fault)
    clock.advance(days=12)
    assert await judged(database, market, clock) == 1
    band, _, fall = await outcomes(database, 2)
    assert (await outcomes(database, 1), (await database.read(read_record)).models[0].listed) == (first, record)
    assert (await database.scan(verify_chain)).wrong is None
    if fault == "restated":
        assert (first[2]["came"], fall["came"]) == (False, True), "by Wednesdays' closes it fell"
    else:
        assert band["until"] == first[0]["until"] + dt.timedelta(days=7), "four closes are fewer"


@pytest.mark.parametrize(("month", "day"), [(5, 26), (6, 15)])
async def test_a_split_that_is_booked_later_or_meanwhile_is_no_fall(
    database: Database, market: Market, clock: FakeClock, *, month: int, day: int
) -> None:
    """1:100 on the first of July: one horizon was over, the other is not."""
    await database.write(add_model)
    clock.now = dt.datetime(2026, month, day, 17, tzinfo=dt.UTC)
    made = forecast_of_today("SPLT", clock)
    await list_says(database, made, clock)
    clock.now = dt.datetime(2026, 6, 30, 17, tzinfo=dt.UTC)
    before = await judged(database, market, clock)
    first = await outcomes(database, 1)
    await customer_hears(database, made, clock)
    clock.now = dt.datetime(2026, 7, 20, 17, tzinfo=dt.UTC)
    assert before + await judged(database, market, clock) == 2
    if before:
        assert await outcomes(database, 1) == first
    split = dt.date(2026, 7, 1)
    told = [(when, close) for when, close in closes(PAPERS["SPLT"], made.last_day, clock().date()) if close is not None]
    after = [close * 100 if when >= split else close for when, close in told[1 : HORIZON + 1]]
    worst, change = ((close / made.last_close - 1) * 100 for close in (min(after), after[-1]))
    assert told[-1][1] < made.last_close / 50, "told is a fall of 99 %"
    for each in (1, 2):
        band, case, fall = await outcomes(database, each)
        assert [band["observed"], case["observed"], fall["observed"]] == pytest.approx([change, change, worst])
        assert (band["until"], fall["came"]) == (told[HORIZON][0], worst <= -5)
