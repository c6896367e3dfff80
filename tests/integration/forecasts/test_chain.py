"""What was published stays as it was, and who changes it all the same is told on by the audit."""

from datetime import date, timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.forecasts import ChainEntry, Forecast, ForecastOutcome, OpenForecast
from services.forecasts import publish
from services.forecasts.judgement import Judgement
from services.forecasts.verify import verify_chain
from tests.support.audits import broken, meddle
from tests.support.clock import FakeClock
from tests.support.forecasts import FIRST_DAY, PaperMarket, evening, forecast, said, walk, weekdays
from tests.support.shop import add_model

DAYS, CLOSES = weekdays(300), walk(300)
SUNDAY = evening(FIRST_DAY + timedelta(days=6))


async def publish_weeks(database: Database, clock: FakeClock, weeks: int, symbol: str = "SBER") -> None:
    def write(session: Session) -> None:
        for week in range(weeks):
            at = week * 5 + 4
            made = forecast(last_day=DAYS[at], last_close=CLOSES[at], symbol=symbol)
            publish.publish(session, made, week=f"2020-W{week + 2:02}", now=evening(DAYS[at]))

    await database.write(write)


async def judged(database: Database, clock: FakeClock, weeks: int = 5) -> None:
    await database.write(add_model)
    await publish_weeks(database, clock, weeks)
    market = PaperMarket(today=date(2021, 6, 1))
    market.lists("SBER", DAYS, CLOSES)
    assert await Judgement(database, market, clock, lambda: None).run_due() == weeks


async def counts(database: Database) -> list[int]:
    def count(session: Session) -> list[int]:
        tables = map(table_of, (Forecast, OpenForecast, ForecastOutcome, ChainEntry))
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in tables]

    return await database.read(count)


async def test_a_forecast_of_a_week_is_published_once(database: Database, clock: FakeClock) -> None:
    await database.write(add_model)
    made = forecast(last_day=FIRST_DAY, last_close=100.0)
    numbers = [
        await database.write(publish.publish, each, week=week, now=SUNDAY)
        for each, week in [
            (made, "2020-W02"),
            (made, "2020-W02"),
            (made, "2020-W03"),
            (forecast(last_day=FIRST_DAY, last_close=5.0, symbol="GAZP"), "2020-W02"),
        ]
    ]
    assert numbers == [1, None, 2, 3]
    assert await counts(database) == [3, 3, 0, 3]
    assert (await database.scan(verify_chain)).wrong is None


async def test_the_chain_of_forecasts_and_judgements_holds(database: Database, clock: FakeClock) -> None:
    await judged(database, clock)
    assert await counts(database) == [5, 0, 15, 10]
    proof = await database.scan(verify_chain)
    assert (proof.entries, proof.wrong) == (10, None)
    assert await broken(database) == {}


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (["DELETE FROM chain_entries WHERE number = 3"], "number=3: it is missing"),
        (["DELETE FROM chain_entries WHERE number = 10"], "number=10: it is missing"),
        (["UPDATE forecasts SET last_close = last_close + 0.0001 WHERE id = 2"], "number=2 kind=forecast"),
        (["UPDATE forecasts SET made_at = made_at WHERE id = 2"], None),
        (["UPDATE outcomes SET came = NOT came WHERE forecast_id = 4 AND name = 'band'"], "number=9 kind=judgement"),
        (["UPDATE outcomes SET score = 0 WHERE forecast_id = 1 AND name = 'drawdown'"], "number=6 kind=judgement"),
        (["DELETE FROM outcomes WHERE forecast_id = 5"], "number=10 kind=judgement"),
        (["UPDATE forecast_chain SET length = 9"], "number=9: the head of the chain"),
        (["UPDATE chain_entries SET hash = '0' || substr(hash, 2, 63)"], "number=1 "),
        (
            ["DELETE FROM chain_entries WHERE number = 10", "UPDATE forecast_chain SET length = 9"],
            "number=9: the head of the chain",
        ),
        (["UPDATE outcomes SET stated = 0.9 WHERE forecast_id = 1 AND name = 'drawdown'"], "number=6 kind=judgement"),
        (["UPDATE outcomes SET bin = 9 WHERE forecast_id = 1 AND name = 'drawdown'"], "number=6 kind=judgement"),
        (["UPDATE outcomes SET measure = 0.5 WHERE forecast_id = 2 AND name = 'band'"], "number=7 kind=judgement"),
        (["UPDATE outcomes SET event = 'inside' WHERE forecast_id = 2 AND name = 'drawdown'"], "number=7 kind="),
        (["UPDATE outcomes SET output = 'q95' WHERE forecast_id = 3 AND name = 'bad_case'"], "number=8 kind=judgement"),
        (["UPDATE forecasts SET model_sha256 = 'cd' WHERE id = 2"], "number=2 kind=forecast"),
        (["DELETE FROM forecast_chain"], "the head of the chain is missing"),
    ],
)  # fmt: skip
async def test_the_audit_names_the_first_number_that_differs(
    database: Database, clock: FakeClock, statements: list[str], told: str | None
) -> None:
    await judged(database, clock)
    await meddle(database, *statements)
    rows = (await broken(database)).get("published forecasts", ())
    assert (rows == ()) if told is None else rows[0].startswith(told), rows


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM open_forecasts WHERE forecast_id = 2", "forecast=2: it was never judged and does not wait"),
        ("UPDATE open_forecasts SET due_on = '2999-01-01'", "forecast=1: its judgement is put off"),
        (
            "UPDATE open_forecasts SET next_look_at = '2999-01-01 00:00:00+00:00'",
            "forecast=1: its judgement is put off",
        ),
        ("UPDATE open_forecasts SET next_look_at = next_look_at", None),
    ],
)
async def test_a_forecast_that_is_kept_from_judgement_is_named(
    database: Database, clock: FakeClock, statement: str, told: str | None
) -> None:
    await database.write(add_model)
    await publish_weeks(database, clock, 3)
    await meddle(database, statement)
    assert await broken(database) == ({} if told is None else {"published forecasts": (told,)})


async def test_a_changed_probability_is_named(database: Database, clock: FakeClock) -> None:
    await judged(database, clock)
    change = (
        "UPDATE forecasts SET said = json_replace(said, '$.outcomes[0].stated', 0.9) WHERE id = 3"
        if database.is_sqlite
        else "UPDATE forecasts SET said = jsonb_set(said, '{outcomes,0,stated}', '0.9') WHERE id = 3"
    )
    await meddle(database, change)
    assert await broken(database) == {
        "published forecasts": ("number=3 kind=forecast forecast=3: it is not as it was published",)
    }


async def test_a_deleted_forecast_is_named(sqlite_database: Database, clock: FakeClock) -> None:
    """With all that hangs on it, and the head moved: the numbers after it tell."""
    await judged(sqlite_database, clock)
    await meddle(
        sqlite_database,
        "DELETE FROM chain_entries WHERE forecast_id = 2",
        "DELETE FROM outcomes WHERE forecast_id = 2",
        "DELETE FROM forecasts WHERE id = 2",
    )
    assert await broken(sqlite_database) == {"published forecasts": ("number=2: it is missing",)}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE forecasts SET last_close = 1",
        "DELETE FROM forecasts",
        "UPDATE outcomes SET came = NOT came",
        "DELETE FROM outcomes",
        "UPDATE chain_entries SET hash = hash",
        "DELETE FROM chain_entries",
    ],
)
async def test_what_is_published_cannot_be_changed(database: Database, clock: FakeClock, statement: str) -> None:
    await judged(database, clock, weeks=1)
    with pytest.raises(IntegrityError, match="are published: they never change"):
        await database.write(lambda session: session.execute(text(statement)) and None)


async def test_two_writers_make_one_chain(database: Database, clock: FakeClock) -> None:
    import asyncio

    await database.write(add_model)

    async def one(number: int) -> None:
        made = forecast(last_day=FIRST_DAY, last_close=100.0, symbol=f"P{number % 10}")
        await database.write(publish.publish, made, week="2020-W02", now=SUNDAY)

    await asyncio.gather(*map(one, range(20)))
    assert await counts(database) == [10, 10, 0, 10]
    assert (await database.scan(verify_chain)).wrong is None


async def test_a_judgement_is_written_once(database: Database, clock: FakeClock) -> None:
    await database.write(add_model)
    await publish_weeks(database, clock, 1)
    nothing = dict.fromkeys(("bin", "came", "observed", "score", "until"))
    names = ("name", "event", "output", "measure", "stated")
    told = [
        {name: getattr(each, name) for name in names} | nothing | {"void": "silent"} for each in said(close=CLOSES[4])
    ]
    assert await database.write(publish.write_judgements, {1: told}, clock()) == {1}
    assert await database.write(publish.write_judgements, {1: told}, clock()) == set()
    assert (await database.scan(verify_chain)).wrong is None
