"""What the shop forecasts by itself, and what of a customer's answer is judged, by the real model."""

import asyncio
import datetime as dt

import pytest

from db.tables.forecasts import Forecast, ListedInstrument, OpenForecast
from db.tables.predictions import PredictionStatus
from db.tables.users import AuditEntry
from services.forecasts.judgement import Judgement
from services.forecasts.listing import AlreadyListed, NotJudged, NotListed
from services.forecasts.record import read_record
from services.forecasts.verify import verify_chain
from services.market.errors import ExchangeSilent
from services.users.actor import Actor
from services.users.roles import NotAllowed
from tests.support.counter import Counter
from tests.support.risk_shop import (
    DAYS,
    KNOWN,
    RISK,
    YESTERDAY,
    list_of,
    list_owner,
    live_inputs,
    risk_market,
    weekly_of,
)


async def test_each_week_every_paper_of_the_list_is_forecast_once(counter: Counter) -> None:
    market, actor = risk_market("SBER", "GAZP"), await list_owner(counter)
    papers = list_of(counter, market)
    for symbol in ("SBER", "GAZP"):
        await papers.add(symbol, actor=actor)
    job = weekly_of(counter, market)
    assert [await job.look() for _ in range(2)] == [2, 0]
    rows = await counter.rows(Forecast)
    assert [(row.symbol, row.week, row.last_day, row.horizon) for row in rows] == [
        ("SBER", "2026-W47", YESTERDAY, 21),
        ("GAZP", "2026-W47", YESTERDAY, 21),
    ]
    assert [said["name"] for said in rows[0].said["outcomes"]] == ["drawdown", "bad_case", "band"]
    assert rows[0].made_at == counter.clock()
    counter.clock.advance(days=3)
    assert await job.look() == 0
    market.today = counter.clock.advance(days=4).date()
    assert await job.look() == 2
    assert [view.forecasts for view in await papers.all()] == [2, 2]
    assert (await counter.db.scan(verify_chain)).wrong is None


async def test_a_week_that_was_missed_is_not_made_up(counter: Counter) -> None:
    market = risk_market("SBER")
    await list_of(counter, market).add("SBER", actor=await list_owner(counter))
    market.today = counter.clock.advance(days=21, hours=-5).date()  # 07:00 in the shop's Moscow, of another Monday
    assert await weekly_of(counter, market).look() == 0
    counter.clock.advance(hours=2)
    assert await weekly_of(counter, market, doubted=True).look() == 0
    assert await weekly_of(counter, market).look() == 1
    assert [row.week for row in await counter.rows(Forecast)] == ["2026-W50"]


async def test_two_workers_publish_one(counter: Counter) -> None:
    market = risk_market("SBER", "GAZP")
    actor = await list_owner(counter)
    for symbol in ("SBER", "GAZP"):
        await list_of(counter, market).add(symbol, actor=actor)
    assert sum(await asyncio.gather(*(weekly_of(counter, market).look() for _ in range(3)))) == 2
    assert (await counter.db.scan(verify_chain)).wrong is None


async def test_an_exchange_that_is_silent_is_asked_again_later(counter: Counter) -> None:
    market = risk_market("SBER", "GAZP")
    actor = await list_owner(counter)
    for symbol in ("SBER", "GAZP"):
        await list_of(counter, market).add(symbol, actor=actor)
    market.trouble["SBER"] = ExchangeSilent()
    job = weekly_of(counter, market)
    assert await job.look() == 1, "the other one is forecast all the same"
    del market.trouble["SBER"]
    assert await job.look() == 0
    counter.clock.advance(minutes=31)
    assert await job.look() == 1


async def test_a_month_later_the_list_is_judged(counter: Counter) -> None:
    market = risk_market("SBER")
    await list_of(counter, market).add("SBER", actor=await list_owner(counter))
    await weekly_of(counter, market).look()
    market.today = DAYS[KNOWN + 21]
    day = dt.datetime.combine(market.today, dt.time(9), dt.UTC)
    assert await Judgement(counter.db, market, lambda: day, lambda: None).run_due() == 1
    record = (await counter.db.read(read_record)).models[0]
    assert (record.listed.counts.judged, record.papers[0].key, record.versions[0].counts.judged) == (1, "SBER", 1)


async def test_owners_alone_set_the_list(counter: Counter) -> None:
    market, actor = risk_market("SBER"), await list_owner(counter)
    papers, stranger = list_of(counter, market), Actor(await counter.customer(), None)
    with pytest.raises(NotAllowed):
        await papers.add("SBER", actor=stranger)
    assert market.asked == 0
    with pytest.raises(NotJudged):
        await papers.add("SBER", actor=actor, model_slug="wine")
    listed = await papers.add("sber", actor=actor)
    with pytest.raises(AlreadyListed):
        await papers.add("SBER", actor=actor)
    with pytest.raises(NotAllowed):
        await papers.take_off(listed.id, actor=stranger)
    await papers.take_off(listed.id, actor=actor)
    with pytest.raises(NotListed):
        await papers.take_off(listed.id, actor=actor)
    assert await weekly_of(counter, market).look() == 0
    again = await papers.add("SBER", actor=actor)
    assert [(view.id, view.until is None) for view in await papers.all()] == [(again.id, True), (listed.id, False)]
    entries = await counter.rows(AuditEntry)
    assert [(row.action, row.subject) for row in entries] == [
        ("list.add", "SBER"),
        ("list.remove", "SBER"),
        ("list.add", "SBER"),
    ]
    assert await counter.count(ListedInstrument) == 2


async def test_what_a_customer_buys_is_judged_too(counter: Counter) -> None:
    anna = await counter.customer()
    sold = await counter.buy(anna, RISK, live_inputs(), price=200)
    await counter.worker().run_waiting()
    view = await counter.view(sold)
    assert view.status is PredictionStatus.SUCCEEDED
    assert view.result is not None
    (row,) = await counter.rows(Forecast)
    assert (row.prediction_id, row.origin, row.week, row.symbol) == (sold.prediction_id, "customer", None, "SBER")
    assert (row.last_day, row.last_close) == (YESTERDAY, live_inputs()["prices"]["values"][-1])
    said = {each["name"]: each for each in row.said["outcomes"]}
    outputs = view.result["outputs"]
    assert said["drawdown"]["stated"] == outputs["p_drawdown"]
    assert (said["band"]["low"], said["band"]["high"]) == (outputs["band"][20][0], outputs["band"][20][2])
    (waiting,) = await counter.rows(OpenForecast)
    assert waiting.due_on == YESTERDAY + dt.timedelta(days=30)


@pytest.mark.parametrize("given", ["pasted", "source", "unknown provider", "no day"])
async def test_what_no_exchange_told_is_not_judged(counter: Counter, given: str) -> None:
    inputs = live_inputs()
    if given == "pasted":
        inputs["prices"] = inputs["prices"]["values"]
    elif given == "source":
        inputs["prices"] = {"source": "sp500"}
    elif given == "unknown provider":
        inputs["prices"]["live"]["provider"] = "csv"
    else:
        inputs["prices"]["live"]["last"] = "yesterday"
    sold = await counter.buy(await counter.customer(), RISK, inputs, price=200)
    await counter.worker().run_waiting()
    assert (await counter.view(sold)).status is PredictionStatus.SUCCEEDED
    assert await counter.count(Forecast) == 0
