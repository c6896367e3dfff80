"""The machine's clock is years ahead for a while: nobody loses credits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import aiohttp
import pytest
import pytest_asyncio
from sqlalchemy import select

from bot.app import App
from db.base import table_of
from db.tables.billing import Lot
from db.tables.outbox import OutboxMessage
from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_world, running_sandbox
from services.billing.audit import run_audit
from services.clock import system_clock
from tests.conversations.shopping import balance
from tests.conversations.stage import Stage, shop_settings
from tests.support.waiting import until

YEARS = timedelta(days=400)
CREDITS_GIVEN = 500


class MachineClock:
    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self.ahead


@asynccontextmanager
async def opened(sandbox: Sandbox, database_url: str, clock: MachineClock) -> AsyncIterator[Stage]:
    settings = shop_settings(sandbox, database_url)
    async with App(settings, clock=clock).running() as app:
        await app.clock_watch.look()
        yield Stage(sandbox=sandbox, app=app)


@pytest_asyncio.fixture(loop_scope="session")
async def world() -> AsyncIterator[Sandbox]:
    """In a sandbox of its own, whose time nobody moves."""
    async with running_sandbox() as url, new_world(url) as sandbox:
        yield sandbox


async def parts_of(app: App) -> dict[str, str]:
    async with aiohttp.ClientSession() as http, http.get(f"http://127.0.0.1:{app.web_port}/readyz") as answer:
        parts: dict[str, str] = await answer.json()
        return parts


async def test_ahead_from_the_start(world: Sandbox, sqlite_url: str) -> None:
    """Telegram tells the time; the shop lives by it."""
    clock = MachineClock()
    async with opened(world, sqlite_url, clock) as stage:
        anna = await stage.person("Анна", "ru")
        await anna.says("/start")
        await anna.sees("Здравствуйте")
        await stage.give(anna, CREDITS_GIVEN, expires_at=system_clock() + timedelta(days=30))
    clock.ahead = YEARS
    async with opened(world, sqlite_url, clock) as stage:
        assert (await parts_of(stage.app))["clock"] == "400 days ahead: bonuses and expiries wait"
        _run_jobs(stage)
        await anna.says("/balance")
        await anna.sees("15,00")
        clock.ahead = timedelta()
        await stage.app.clock_watch.look()
        assert (await parts_of(stage.app))["clock"] == "ok"
        assert await balance(stage, anna) == 1000 + CREDITS_GIVEN
        assert (await run_audit(stage.app.db)).exit_code == 0


@pytest.mark.slow
async def test_for_a_minute(world: Sandbox, sqlite_url: str) -> None:
    """Jobs wait, and what is written down in that minute bears the right time."""
    clock = MachineClock()
    async with opened(world, sqlite_url, clock) as stage:
        anna = await stage.person("Анна", "ru")
        await anna.says("/start")
        await anna.sees("Здравствуйте")
        await stage.give(anna, CREDITS_GIVEN, expires_at=system_clock() + timedelta(days=30))
        clock.ahead = YEARS
        _run_jobs(stage)
        await stage.app.clock_watch.look()
        boris = await stage.person("Борис", "ru")
        await boris.says("/start")
        await boris.sees("Здравствуйте")

        async def granted() -> bool:
            return await balance(stage, boris) == 1000

        await until(granted)
        lots = await stage.app.db.read(lambda session: session.scalars(select(table_of(Lot).c.created_at)).all())
        assert max(lots) < system_clock() + timedelta(minutes=1)
        clock.ahead = timedelta()
        assert await balance(stage, anna) == 1000 + CREDITS_GIVEN


@pytest.mark.slow
async def test_what_was_put_off_for_years_is_done(world: Sandbox, sqlite_url: str) -> None:
    """A shop of before left a message for the year after next."""
    clock = MachineClock()
    async with opened(world, sqlite_url, clock) as stage:
        anna = await stage.person("Анна", "ru")
        await anna.says("/start")
        await anna.sees("Здравствуйте")
        user_id = await stage.user_id(anna)
    async with opened(world, sqlite_url, clock) as stage:
        row = {"user_id": user_id, "kind": "from_owner", "payload": {"text": "Привет"}, "key": "k", "status": "pending"}
        later = system_clock() + YEARS
        row |= {"priority": 0, "attempts": 1, "available_at": later, "created_at": system_clock()}
        await stage.app.db.write(lambda session: session.execute(table_of(OutboxMessage).insert(), row) and None)
    async with opened(world, sqlite_url, clock):
        await anna.sees("Привет")


def _run_jobs(stage: Stage) -> None:
    assert stage.app.schedule is not None
    stage.app.schedule.run_jobs_now()
