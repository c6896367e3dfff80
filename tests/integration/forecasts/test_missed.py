"""What is on the list without a forecast is counted; what could never have one is not put there."""

import pytest

from services.forecasts.closes import JumpUnexplained
from services.forecasts.listing import NotListed
from services.forecasts.record import Track
from services.forecasts.weekly import WeeklyForecasts
from services.market.errors import ExchangeSilent, HistoryTooShort, NoLongerTraded
from tests.support.counter import Counter
from tests.support.risk_shop import DAYS, KNOWN, list_of, list_owner, mondays, risk_market, weekly_of


async def missed(counter: Counter) -> dict[str, int]:
    record = await Track(counter.db, counter.clock, mondays()).record()
    return {paper.symbol: paper.missed for model in record.models for paper in model.papers_on_list}


async def test_weeks_without_a_forecast_are_counted(counter: Counter) -> None:
    """On the list since Monday noon: forecasts of that week are made, and nobody waits for them."""
    market, actor = risk_market("SBER", "GAZP"), await list_owner(counter)
    papers = list_of(counter, market)
    job = weekly_of(counter, market)
    for symbol in ("SBER", "GAZP"):
        await papers.add(symbol, actor=actor)
    assert await missed(counter) == {"SBER": 0, "GAZP": 0}
    market.trouble["GAZP"] = NoLongerTraded(symbol="GAZP", last=DAYS[0])
    for number in range(4):
        if number != 2:
            await job.look()  # in the third week the shop was off
        market.today = counter.clock.advance(days=7).date()
    assert await missed(counter) == {"SBER": 1, "GAZP": 3}
    assert [(each.symbol, each.forecasts, each.missed) for each in await papers.all()] == [
        ("SBER", 3, 1),
        ("GAZP", 0, 3),
    ]


async def test_a_paper_that_was_taken_off_misses_nothing_more(counter: Counter) -> None:
    market, actor = risk_market("SBER"), await list_owner(counter)
    papers = list_of(counter, market)
    await papers.add("SBER", actor=actor)
    counter.clock.advance(days=15)
    await papers.take_off_named("sber", actor=actor)
    counter.clock.advance(days=30)
    assert await missed(counter) == {"SBER": 2}, "the moment of the week in which it went had come"
    with pytest.raises(NotListed):
        await papers.take_off_named("SBER", actor=actor)


@pytest.mark.parametrize("error", [ExchangeSilent(), NoLongerTraded(symbol="SBER", last=DAYS[0])])
async def test_what_has_no_prices_is_not_put_on_the_list(counter: Counter, error: Exception) -> None:
    market = risk_market("SBER")
    market.trouble["SBER"] = error  # type: ignore[assignment]  # of the leaves
    with pytest.raises(type(error)):
        await list_of(counter, market).add("SBER", actor=await list_owner(counter))
    assert await missed(counter) == {}


async def test_nor_what_is_too_young_or_jumped(counter: Counter) -> None:
    market, actor = risk_market("SBER", "NEWB"), await list_owner(counter)
    market.lists("NEWB", DAYS[KNOWN - 60 :], list(market.histories["NEWB"])[KNOWN - 60 :])
    closes = list(market.histories["SBER"])
    market.lists("SBER", DAYS, [*closes[: KNOWN - 10], *(close / 3 for close in closes[KNOWN - 10 :])])
    papers = list_of(counter, market)
    with pytest.raises(HistoryTooShort):
        await papers.add("NEWB", actor=actor)
    with pytest.raises(JumpUnexplained):
        await papers.add("SBER", actor=actor)
    assert await missed(counter) == {}


async def test_a_jump_before_the_closes_that_are_sent_does_not_matter(counter: Counter) -> None:
    market, actor = risk_market("SBER"), await list_owner(counter)
    closes, old = list(market.histories["SBER"]), KNOWN - 260
    market.lists("SBER", DAYS, [*(close / 3 for close in closes[:old]), *closes[old:]])
    await list_of(counter, market).add("SBER", actor=actor)
    assert await weekly_of(counter, market).look() == 1


async def test_an_exchange_that_is_silent_is_not_asked_for_each_paper(counter: Counter) -> None:
    symbols = [f"P{number}" for number in range(6)]
    market, actor = risk_market(*symbols), await list_owner(counter)
    for symbol in symbols:
        await list_of(counter, market).add(symbol, actor=actor)
    market.trouble = {symbol: ExchangeSilent() for symbol in symbols}
    outcomes: list[str] = []
    job = WeeklyForecasts(counter.db, counter.engine, market, counter.clock, mondays(), on_outcome=outcomes.append)
    asked = market.asked
    assert await job.look() == 0
    assert market.asked == asked + 2
    market.trouble = {symbol: ExchangeSilent() for symbol in symbols[:2]}
    assert await job.look() == 4, "the next look begins with those that were not asked"
    assert outcomes == ["refused"] * 2 + ["published"] * 4
