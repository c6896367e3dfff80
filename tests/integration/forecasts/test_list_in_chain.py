"""The list is published as well: who changes it later, or publishes back in time, is told on."""

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from db.engine import Database
from db.tables.forecasts import ChainEntry, ListedInstrument
from services.forecasts import publish
from services.forecasts.append import ClockBehind
from services.forecasts.verify import verify_chain
from tests.support.audits import broken, meddle
from tests.support.clock import FakeClock
from tests.support.counter import Counter
from tests.support.forecasts import FIRST_DAY, evening, forecast
from tests.support.risk_shop import list_of, list_owner, open_risk_shop, risk_market
from tests.support.shop import add_model

LATER = FIRST_DAY + dt.timedelta(days=9)


@pytest.fixture
async def listed(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Counter]:
    """SBER and GAZP are on the list since a day ago; SBER was taken off."""
    counter = await open_risk_shop(database, clock, tmp_path)
    actor, papers = await list_owner(counter), list_of(counter, risk_market("SBER", "GAZP"))
    first = await papers.add("SBER", actor=actor)
    await papers.add("GAZP", actor=actor)
    clock.advance(days=1)
    await papers.take_off(first.id, actor=actor)
    yield counter
    await counter.exits.aclose()


async def test_changes_of_the_list_are_entries(listed: Counter) -> None:
    rows = await listed.rows(ChainEntry)
    assert [(row.number, row.kind, row.listed_id, row.forecast_id) for row in rows] == [
        (1, "listed", 1, None),
        (2, "listed", 2, None),
        (3, "unlisted", 1, None),
    ]
    assert {row.id: row.until for row in await listed.rows(ListedInstrument)} == {1: rows[2].at, 2: None}
    assert rows[2].at == listed.clock()
    assert await broken(listed.db) == {}


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE listed_instruments SET since = '2020-01-01 00:00:00+00:00' WHERE id = 2", "number=2 kind=listed"),
        ("UPDATE listed_instruments SET until = NULL WHERE id = 1", "number=3 kind=unlisted paper=1"),
        ("UPDATE listed_instruments SET symbol = 'LKOH' WHERE id = 1", "number=1 kind=listed paper=1"),
        (
            """UPDATE listed_instruments SET source = '{"provider": "csv", "url": "http://evil.example/{symbol}"}'""",
            "number=1 kind=listed paper=1: its prices would be asked from another source",
        ),
        (
            "UPDATE listed_instruments SET until = '2026-12-01 00:00:00+00:00' WHERE id = 2",
            "paper=2: it was taken off the list, and that was never published",
        ),
        (
            "INSERT INTO listed_instruments (id, model_slug, source_key, source, symbol, name, exchange, since)"
            " SELECT 9, model_slug, source_key, source, 'NEW', name, exchange, since FROM listed_instruments"
            " WHERE id = 1",
            "paper=9: it was put on the list, and that was never published",
        ),
    ],
)
async def test_who_changes_the_list_is_named(listed: Counter, statement: str, told: str) -> None:
    await meddle(listed.db, statement)
    (row,) = (await broken(listed.db))["published forecasts"]
    assert row.startswith(told), row


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE listed_instruments SET since = '2020-01-01 00:00:00+00:00' WHERE id = 2",
        "UPDATE listed_instruments SET until = NULL WHERE id = 1",
        "DELETE FROM listed_instruments WHERE id = 2",
    ],
)
async def test_the_database_refuses_it(listed: Counter, statement: str) -> None:
    with pytest.raises(IntegrityError, match="are published: they never change"):
        await listed.db.write(lambda session: session.execute(text(statement)))


async def test_nothing_is_published_back_in_time(database: Database) -> None:
    await database.write(add_model)
    sunday = evening(FIRST_DAY + dt.timedelta(days=6))
    made = [forecast(last_day=FIRST_DAY, last_close=100.0, symbol=f"P{number}") for number in range(4)]
    assert await database.write(publish.publish, made[0], week="2020-W02", now=sunday) == 1
    with pytest.raises(ClockBehind):
        await database.write(publish.publish, made[1], week="2020-W02", now=sunday - dt.timedelta(minutes=6))
    earlier = sunday - dt.timedelta(minutes=4)  # of another machine
    assert await database.write(publish.publish, made[1], week="2020-W02", now=earlier) == 2
    assert (await database.scan(verify_chain)).wrong is None


@pytest.mark.parametrize(
    ("last_day", "week", "told"),
    [
        (FIRST_DAY, "2020-W04", "number=1 kind=forecast forecast=1: it was made in another week"),
        (LATER, "2020-W02", "number=1 kind=forecast forecast=1: it was made before its last day"),
    ],
)
async def test_a_forecast_of_another_time_is_named(database: Database, last_day: dt.date, week: str, told: str) -> None:
    await database.write(add_model)
    made = forecast(last_day=last_day, last_close=100.0)
    await database.write(publish.publish, made, week=week, now=evening(FIRST_DAY))
    assert (await database.scan(verify_chain)).wrong == told


async def test_an_entry_before_the_one_before_it_is_named(database: Database) -> None:
    """As somebody who owns the shop could write it: with hashes that are right."""
    await database.write(add_model)
    for number, minutes in enumerate((0, 1)):
        made = forecast(last_day=FIRST_DAY, last_close=100.0, symbol=f"P{number}")
        now = evening(FIRST_DAY) + dt.timedelta(minutes=minutes)
        await database.write(publish.publish, made, week="2020-W02", now=now)
    await meddle(database, "UPDATE chain_entries SET at = '2020-01-06 12:00:00+00:00' WHERE number = 2")
    wrong = (await database.scan(verify_chain)).wrong
    assert wrong == "number=2 kind=forecast forecast=2: it was published before the one before it"
