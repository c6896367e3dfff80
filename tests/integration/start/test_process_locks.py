"""What one process of a shop does alone: the second on an SQLite file says so and ends, on PostgreSQL it stands by."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from bot import leader as module
from bot.app import App
from bot.leader import STANDING_BY
from db.connections import sync_url
from db.engine import Database
from db.errors import DatabaseUnavailable
from db.process_locks import AlreadyRunning, LeaderLock, hold_file
from sandbox.client.sandbox import Sandbox
from tests.conversations.stage import shop_settings
from tests.integration.cli.test_commands import ROOT
from tests.integration.start.house import kassandra, silence
from tests.support.databases import PostgresServer
from tests.support.ports import free_port
from tests.support.waiting import until


async def test_the_second_on_one_file_says_so_and_ends(tmp_path: Path) -> None:
    async with silence() as url, kassandra(tmp_path, TELEGRAM_API_URL=url) as first:
        await first.logs("started")
        async with kassandra(tmp_path, TELEGRAM_API_URL=url, WEB_PORT=str(free_port())) as second:
            assert await second.ends(within=20) == 1
        last = second.said.splitlines()[-1]
        assert last.startswith("kassandra: another process is the `bot` of the shop on ")
        assert str(tmp_path / "shop.db") in last
        assert "Traceback" not in second.said
        assert await first.ends(signal.SIGKILL, within=5) == -signal.SIGKILL
        async with kassandra(tmp_path, TELEGRAM_API_URL=url) as third:
            await third.logs("started")


def test_parts_may_live_apart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"
    with _elsewhere(url, "bot"):
        for parts in (("web",), ("scheduler",), ("worker",), ("worker", "web")):
            with hold_file(url, parts):
                pass
        with pytest.raises(AlreadyRunning, match="`bot`"), hold_file(url, ("bot", "worker")):
            pass
    with hold_file(url, ("bot",)):
        pass
    with _elsewhere(url, "worker"), hold_file(url, ("bot", "web", "scheduler", "worker")):
        pass


@contextmanager
def _elsewhere(url: str, part: str) -> Iterator[None]:
    """Another process holds the part."""
    hold = "with hold_file(sys.argv[1], [sys.argv[2]]): print(flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", f"import sys; from db.process_locks import hold_file\n{hold}", url, part],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert other.stdout is not None
    other.stdout.readline()
    try:
        yield
    finally:
        other.kill()
        other.communicate()


async def test_turns_on_postgresql(postgres_database: Database) -> None:
    """A lost connection loses the turn to whoever is quicker."""
    other = Database(postgres_database.url.render_as_string(hide_password=False))
    ours, theirs = LeaderLock(postgres_database), LeaderLock(other)
    assert [await ours.is_ours(), await ours.is_ours(), await theirs.is_ours()] == [True, True, False]
    _cut_off_all(postgres_database)
    with pytest.raises(DatabaseUnavailable):
        await ours.is_ours()
    assert [await theirs.is_ours(), await ours.is_ours()] == [True, False]
    await theirs.give_back()
    assert await ours.is_ours()
    await ours.give_back()
    await other.close()


def _cut_off_all(database: Database) -> None:
    with create_engine(sync_url(database.url), poolclass=NullPool).connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


@pytest.fixture
def sandbox(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(module, "STAND_BY_SECONDS", 0.02)
    return sandbox


async def test_the_second_on_postgresql_stands_by(sandbox: Sandbox, postgres_server: PostgresServer) -> None:
    url = postgres_server.create()
    settings = shop_settings(sandbox, url)
    anna = await sandbox.person("Анна")
    async with App(settings, parts={"bot"}).running() as second:
        async with App(settings, parts={"bot"}).running() as first:
            async with asyncio.timeout(30):
                await first.chat.connection.made.wait()
                await second.chat.connection.made.wait()

            async def one_stands_by() -> bool:
                words = {(await app.health.readiness()).parts["telegram"] for app in (first, second)}
                return words == {"ok", STANDING_BY}

            await until(one_stands_by)
            await anna.says("/start")
            await anna.sees("Здравствуйте")
        await anna.says("/balance")
        await anna.sees("Баланс: 10,00")
        assert (await second.health.readiness()).parts["telegram"] == "ok"
        assert not [call for call in await sandbox.log("getUpdates") if call.get("error_code") == 409]
    postgres_server.drop(url)


async def test_another_process_elsewhere_is_told_of(sandbox: Sandbox, sqlite_url: str) -> None:
    async with App(shop_settings(sandbox, sqlite_url)).running() as app:
        await app.chat.connection.made.wait()
        await sandbox.fault("getUpdates", "409", times=0)
        await (await sandbox.person("Анна")).says("/start")  # ends the poll that is under way

        async def told() -> bool:
            return "another process takes this bot's updates" in (await app.health.readiness()).parts["telegram"]

        await until(told)
        await sandbox.clear_faults()
