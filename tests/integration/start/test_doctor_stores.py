"""`kassandra doctor` on where a shop keeps its data."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.doctor.findings import Finding, State
from bot.doctor.stores import stores
from bot.settings import Settings, load_settings
from db.base import table_of
from db.engine import Database
from db.tables.models import Model
from db.tables.outbox import Wait
from services.heartbeats import note
from services.models.offers import Models
from tests.integration.cli.test_commands import TOKEN
from tests.integration.notifications.mail import open_mail
from tests.support.clock import FakeClock
from tests.support.disks import full_disk
from tests.support.redis import find_redis
from tests.support.tables import models_folder, open_desk
from tests.unit.inference.models import identity, write_model

Look = Callable[..., Settings]


@pytest.fixture
def settings(database_url: str) -> Look:
    return lambda **more: load_settings(_env_file=None, bot_token=TOKEN, **{"database_url": database_url} | more)


async def _found(settings: Settings, clock: FakeClock) -> dict[str, Finding]:
    return {finding.name: finding for finding in await stores(settings, clock)}


async def test_signs_of_life(settings: Look, database: Database, clock: FakeClock) -> None:
    found = await _found(settings(), clock)
    assert set(found) == {"database", "messages"}
    assert found["messages"].text == "all are sent"
    assert found["database"].text.endswith("can be written")
    await database.write(note, {"reconcile", "expire_lots"}, clock())
    clock.now += timedelta(minutes=2)
    assert (await _found(settings(), clock))["jobs"].text == "last done 2 min ago"
    clock.now += timedelta(hours=3)
    late = (await _found(settings(), clock))["jobs"]
    assert (late.state, late.text) == (
        State.WARNING,
        "expire_lots not done for 3 h, reconcile not done for 3 h",
    )
    assert late.fix


async def test_models_that_are_stopped(settings: Look, database: Database, clock: FakeClock, tmp_path: Path) -> None:
    write_model(tmp_path, identity())
    await Models(database, clock, tmp_path).sync()
    assert "models" not in await _found(settings(), clock)
    await database.write(
        lambda session: session.execute(update(table_of(Model)).values(stopped_for="the card is gone")) and None
    )
    found = (await _found(settings(), clock))["models"]
    assert (found.state, found.text) == (State.FAILED, "tiny was stopped by its failures, at last: the card is gone")
    assert "Try it again" in found.fix


async def test_what_nobody_gets_on_with(settings: Look, database: Database, clock: FakeClock, tmp_path: Path) -> None:
    desk = await open_desk(database, clock, models_folder(tmp_path))
    async with desk.counter.exits:
        await desk.ordered(await desk.counter.customer(500), [1])
    assert "tables" not in await _found(settings(), clock)
    clock.now += timedelta(minutes=7)
    found = (await _found(settings(), clock))["tables"]
    assert (found.state, found.text) == (State.WARNING, "nobody gets on with 1 of those ordered, for 7 min")
    assert "worker" in found.fix


async def test_messages_that_cannot_be_sent(settings: Look, database: Database, clock: FakeClock) -> None:
    mail = await open_mail(database, clock)
    await mail.write(mail.anna, "refused")
    await mail.write(mail.boris, "away")
    refused, away = await mail.outbox.claim()
    await mail.outbox.retry(away, "TelegramNetworkError: no route to host", wait=Wait.TELEGRAM)
    assert (await _found(settings(), clock))["messages"].text == "waiting: 2, none for long"
    clock.now += timedelta(hours=3)
    waiting = (await _found(settings(), clock))["messages"]
    assert waiting.state is State.WARNING
    assert waiting.text == "waiting: 2, the oldest for 3 h"
    await mail.outbox.fail(refused, "Bad Request: can't parse entities")
    given_up, waiting = [each for each in await stores(settings(), clock) if each.name == "messages"]
    assert given_up.text == "given up: 1; the last: Bad Request: can't parse entities"
    assert "kassandra outbox retry" in given_up.fix
    assert waiting.text == "waiting: 1, the oldest for 3 h; it: TelegramNetworkError: no route to host"
    await mail.outbox.reopen()
    assert "given up" not in (await _found(settings(), clock))["messages"].text


async def test_a_disk_that_takes_nothing(sqlite_database: Database, sqlite_url: str, clock: FakeClock) -> None:
    """While the shop runs."""
    await sqlite_database.write(note, (), clock())
    clock.now += timedelta(seconds=1)
    settings = load_settings(_env_file=None, bot_token=TOKEN, database_url=sqlite_url)
    with full_disk():
        found = (await _found(settings, clock))["database"]
    assert found.state is State.FAILED
    assert found.text.startswith("nothing can be written: ")
    assert "df -h" in found.fix


async def test_redis(settings: Look, clock: FakeClock) -> None:
    assert (await _found(settings(redis_url=find_redis()), clock))["redis"].state is State.OK
    away = (await _found(settings(redis_url="redis://:secret@127.0.0.1:1/0"), clock))["redis"]
    assert away.state is State.FAILED
    assert "secret" not in away.text
