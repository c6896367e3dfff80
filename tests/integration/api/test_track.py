"""The track record as programs read it."""

import datetime as dt
from collections.abc import Sequence

import pytest
from sqlalchemy.orm import Session

from bot.app import App
from db.tables.identities import ApiScope
from services.forecasts import publish
from services.forecasts.figures import ENOUGH
from services.forecasts.judgement import Judgement
from tests.integration.api.conftest import Callers, problem
from tests.support.forecasts import PaperMarket, forecast, said, walk, weekdays

DAYS, CLOSES = weekdays(400, dt.date(2025, 1, 6)), walk(400)
PAPERS = ("SBER", "GAZP")
SHARES = (0.1, 0.4)
MODEL = {"model", "horizon", "listed", "bought", "versions", "papers", "first_made_at", "next_due"}
FIGURES = {"name", "event", "horizon", "measure", "count", "came", "low", "high", "score", "base_score", "bins"}


async def publish_weeks(app: App, places: Sequence[int]) -> None:
    """Of both papers, whose closes are the same."""

    def write(session: Session) -> None:
        for number, place in enumerate(places):
            for symbol in PAPERS:
                told = said(probability=SHARES[number % 2], close=CLOSES[place])
                made = forecast(last_day=DAYS[place], last_close=CLOSES[place], symbol=symbol, outcomes=told)
                at = dt.datetime.combine(DAYS[place], dt.time(9), dt.UTC)
                publish.publish(session, made, week=DAYS[place].strftime("%G-W%V"), now=at)

    await app.db.write(write)
    app.services.track.forget()


async def judge_until(app: App, place: int) -> None:
    market = PaperMarket(today=DAYS[place])
    for symbol in PAPERS:
        market.lists(symbol, DAYS, CLOSES)
    now = dt.datetime.combine(DAYS[place], dt.time(9), dt.UTC)
    await Judgement(app.db, market, lambda: now, lambda: None).run_due()
    app.services.track.forget()


async def test_an_empty_shop_has_an_empty_record(own_callers: Callers) -> None:
    anna = await own_callers.customer()
    for caller in (await own_callers.program(anna, ApiScope.READ), await own_callers.person(anna)):
        told = await caller.get("track")
        assert told.json() == {"enough": ENOUGH, "length": 0, "hash": "0" * 64, "models": []}


async def test_the_api_wants_a_key_that_may_read(callers: Callers) -> None:
    """The page at /track wants none."""
    problem(await (await callers.person()).get("track"), 401, "not_signed_in")
    chatting = await callers.program(await callers.customer(), ApiScope.CHAT)
    problem(await chatting.get("track"), 403, "scope_missing")


async def test_figures_come_with_enough_judged_forecasts(own_callers: Callers) -> None:
    app, program = own_callers.app, await own_callers.program(await own_callers.customer())
    places = range(4, 4 + 5 * 16, 5)
    await publish_weeks(app, places)
    (model,) = (await program.get("track")).json()["models"]
    assert set(model) >= MODEL
    assert (model["model"], model["horizon"]) == ("wine", 21)
    assert model["first_made_at"][:10] == DAYS[4].isoformat()
    assert model["next_due"] == publish.due_on(DAYS[4], 21).isoformat()
    nothing = {"judged": 0, "waiting": 0, "void": 0, "figures": []}
    assert model["listed"].items() >= (nothing | {"waiting": 32}).items()
    assert model["bought"].items() >= nothing.items()
    await judge_until(app, 4 + 5 * 14 + 22)
    (model,) = (await program.get("track")).json()["models"]
    parts = {part["key"]: (part["judged"], part["figures"]) for part in model["papers"]}
    assert parts == dict.fromkeys(PAPERS, (15, [])), "of one paper too few to say anything"
    assert [(part["key"], part["judged"]) for part in model["versions"]] == [("1.0.0", 30)]
    listed = model["listed"]
    assert (listed["judged"], listed["waiting"], listed["void"]) == (30, 2, 0)
    drawdown, below, inside = listed["figures"]
    assert set(drawdown) >= FIGURES
    fell = [min(CLOSES[place + 1 : place + 22]) <= CLOSES[place] * 0.95 for place in places[:15]]
    assert (drawdown["event"], drawdown["count"], drawdown["came"]) == ("drawdown", 30, sum(fell) * 2)
    brier = sum((SHARES[number % 2] - each) ** 2 for number, each in enumerate(fell)) / 15
    assert drawdown["score"] == pytest.approx(brier)
    assert [(each["count"], each["stated"]) for each in drawdown["bins"]] == [
        (16, pytest.approx(0.1)),
        (14, pytest.approx(0.4)),
    ]
    assert [(each["base_score"], each["bins"]) for each in (below, inside)] == [(None, [])] * 2
