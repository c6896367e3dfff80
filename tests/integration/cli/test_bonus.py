"""`kassandra bonus grant`, on a shop without a token."""

import asyncio
from pathlib import Path

import pytest

from db.engine import Database
from services.clock import system_clock
from services.users.accounts import Users, Visitor
from tests.integration.cli.test_commands import Here, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """With three users who are here now."""
    shell = Here(tmp_path)
    shell.has_tables()
    asyncio.run(_enter(shell.environment["DATABASE_URL"]))
    return shell


async def _enter(url: str) -> None:
    db = Database(url)
    users = Users(db, system_clock, welcome_credits=0)
    for number in (1, 2, 3):
        await users.enter(Visitor(telegram_id=number, username=None, first_name="Anna", language="ru"))
    await db.close()


def test_safe_twice_and_says_how_many(shell: Shell) -> None:
    code, said, errors = shell.run("bonus", "grant", "--week", "2026-W01", WEEKLY_BONUS_CREDITS="1.50")
    assert (code, said, errors.count("Traceback")) == (0, "2026-W01: 1.50 credits to 3 users.\n", 0)
    assert shell.run("bonus", "grant", "--week", "2026-W01")[:2] == (0, "2026-W01: 2.00 credits to 0 users.\n")
    code, said, _ = shell.run("bonus", "grant")
    assert code == 0
    assert said.endswith(": 2.00 credits to 3 users.\n")
    assert shell.run("audit")[0] == 0


def test_weeks_that_are_none(shell: Shell) -> None:
    for week in ("2026-47", "9999-W01", "soon"):
        assert "BadWeek" in shell.fails("bonus", "grant", "--week", week)
    assert shell.run("bonus")[0] == 2
    assert "WEEKLY_BONUS_CREDITS is 0" in shell.run("bonus", "grant", WEEKLY_BONUS_CREDITS="0")[1]
    assert "TIMEZONE" in shell.fails("bonus", "grant", TIMEZONE="Moscow")
