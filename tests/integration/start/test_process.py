"""A shop whose Telegram is away serves all that does not need it, and hears its end at any moment."""

import signal
import sqlite3
from pathlib import Path

import pytest

from tests.integration.start.house import NOBODY, kassandra, silence

SOON = 8.0  # seconds, on a busy machine; SQLite waits for ten, Telegram for 25 and more


@pytest.mark.slow
async def test_telegram_takes_calls_and_answers_none(tmp_path: Path) -> None:
    async with silence() as url, kassandra(tmp_path, TELEGRAM_API_URL=url) as house:
        await house.logs("started")
        assert await house.answers("/healthz") == 200
        assert await house.answers("/readyz") == 503
        assert await house.ends(signal.SIGTERM, within=SOON) == 0
        assert "Traceback" not in house.said


async def test_telegram_is_not_there(tmp_path: Path) -> None:
    async with kassandra(tmp_path, TELEGRAM_API_URL=NOBODY) as house:
        await house.logs("telegram_unreachable")
        assert await house.answers("/healthz") == 200
        assert await house.ends(signal.SIGINT, within=SOON) == 0
        assert "Traceback" not in house.said


async def test_the_end_is_heard_while_the_database_is_waited_for(tmp_path: Path) -> None:
    """Another process migrates, for example: SQLite waits ten seconds for its lock and hears nobody."""
    with sqlite3.connect(tmp_path / "shop.db", isolation_level=None) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN IMMEDIATE")
        async with kassandra(tmp_path, TELEGRAM_API_URL=NOBODY) as house:
            await house.logs("starting")
            assert await house.ends(signal.SIGINT, within=SOON) == 0
            assert "started" not in house.said
