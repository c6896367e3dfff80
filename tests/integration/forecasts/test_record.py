"""Figures are made of forecasts that are alike: of one horizon, and of one source's prices."""

from dataclasses import replace

from sqlalchemy.orm import Session

from db.engine import Database
from services.forecasts import publish
from services.forecasts.judgement import Judgement
from services.forecasts.record import TrackRecord, read_record
from services.forecasts.said import NewForecast, paper_of
from services.manifests.live import ListedSymbol, LivePrices
from services.manifests.schema import Text
from tests.support.clock import FakeClock
from tests.support.forecasts import PaperMarket, forecast, walk, weekdays
from tests.support.shop import add_model

DAYS, CLOSES, WEEKS = weekdays(300), walk(300), 40
FILE = LivePrices(
    provider="csv",
    url="https://prices.example/{symbol}.csv",
    symbols=(ListedSymbol(value="SBER", label=Text.model_validate("Sberbank")),),
)


def of_file(made: NewForecast) -> NewForecast:
    return replace(made, paper=paper_of(FILE, symbol="SBER", name="Sberbank", exchange="London"))


async def judged(database: Database, clock: FakeClock) -> TrackRecord:
    """In turns for 10 and for 21 days; the first ten weeks also by the closes of a file."""

    def write(session: Session) -> None:
        add_model(session)
        for number in range(WEEKS):
            at = number * 5 + 4
            made = forecast(last_day=DAYS[at], last_close=CLOSES[at], horizon=(21, 10)[number % 2])
            week, now = DAYS[at].strftime("%G-W%V"), clock()
            publish.publish(session, made, week=week, now=now)
            if number < 10:
                publish.publish(session, of_file(made), week=week, now=now)

    await database.write(write)
    market = PaperMarket(today=DAYS[-1])
    market.lists("SBER", DAYS, CLOSES)
    assert await Judgement(database, market, clock, lambda: None).run_due() == WEEKS + 10
    (model,) = (await database.read(read_record)).models
    return model


async def test_horizons_are_not_added_up(database: Database, clock: FakeClock) -> None:
    figures = (await judged(database, clock)).listed.figures
    assert [(each.name, each.horizon, each.count) for each in figures] == [
        *(("drawdown", 10, 25), ("drawdown", 21, 25)),
        *(("bad_case", 10, 25), ("bad_case", 21, 25)),
        *(("band", 10, 25), ("band", 21, 25)),
    ]


async def test_one_ticker_at_two_sources_is_two_papers(database: Database, clock: FakeClock) -> None:
    papers = (await judged(database, clock)).papers
    assert [(each.key, each.name, each.exchange, each.counts.judged) for each in papers] == [
        ("SBER", "Sberbank", "London", 10),
        ("SBER", "Paper SBER", "MOEX", 40),
    ]
