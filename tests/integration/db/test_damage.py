"""A database file that is not what SQLite wrote: nothing starts on it, and every look at it says what to do."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from db.damage import require_sound
from db.errors import DamagedDatabase
from tests.integration.cli.test_commands import TOKEN, Shell

PAGE = 4096
CUSTOMER = """WITH RECURSIVE
    numbers(n) AS (SELECT :first UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :first + 3000)
    INSERT INTO users (id, telegram_id, first_name, language, language_chosen, balance, bonus_muted, created_at,
        last_seen_at)
    SELECT n, 1000000 + n, 'Anna' || n, 'ru', 0, 0, 0, '2026-01-01', '2026-01-01' FROM numbers"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    shell = Shell(tmp_path)
    shell.has_tables()
    return shell


@pytest.fixture
def file(shell: Shell) -> Path:
    return shell.folder / "shop.db"


def _look(file: Path) -> None:
    require_sound(f"sqlite:///{file}", seconds=60.0)


def _come(connection: sqlite3.Connection, *, first: int) -> None:
    """3,000 customers."""
    with connection:
        connection.execute(CUSTOMER, {"first": first})


def _torn(file: Path) -> None:
    """Half of a page of a table did not reach the disk."""
    with closing(sqlite3.connect(file)) as connection:
        _come(connection, first=1)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'users'").fetchone()
    with file.open("r+b") as raw:
        raw.seek((page - 1) * PAGE)
        raw.write(b"\xff" * (PAGE // 2))


def _under_foreign_log(file: Path) -> bytes:
    """A back-up put back under the log of a shop that was killed; returns what the back-up is."""
    kept, copy = file.with_name("kept-wal"), file.with_name("copy.db")
    with closing(sqlite3.connect(file)) as live:
        live.execute("PRAGMA journal_mode=WAL")
        _come(live, first=1)
        with closing(sqlite3.connect(copy)) as back_up:
            live.backup(back_up)
        _come(live, first=5_000)
        live.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
        _come(live, first=9_000)
        shutil.copy(f"{file}-wal", kept)
    shutil.copy(copy, file)
    shutil.move(kept, f"{file}-wal")
    return copy.read_bytes()


def test_a_sound_file(file: Path) -> None:
    with closing(sqlite3.connect(file)) as live:
        _come(live, first=1)
        _look(file)
    _look(file)
    _look(file.with_name("none.db"))
    require_sound("postgresql://nobody@127.0.0.1:1/none", seconds=60.0)


def test_a_torn_page(file: Path) -> None:
    _torn(file)
    with pytest.raises(DamagedDatabase, match=r"the database file is damaged: .* in .*shop.db") as told:
        _look(file)
    assert "shop.db-wal" in told.value.fix


def test_a_copy_under_a_foreign_log(file: Path) -> None:
    """Looking at it changes nothing: without the log the copy is good."""
    copy = _under_foreign_log(file)
    with pytest.raises(DamagedDatabase):
        _look(file)
    assert file.read_bytes() == copy
    for end in ("-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)
    _look(file)
    with closing(sqlite3.connect(file)) as mended:
        assert mended.execute("SELECT count(*) FROM users").fetchone() == (3000,)


@pytest.mark.slow
def test_every_command_says_so(shell: Shell, file: Path) -> None:
    before = _under_foreign_log(file)
    away = {"BOT_TOKEN": TOKEN, "TELEGRAM_API_URL": "http://127.0.0.1:1"}
    for command in ("run", "audit", "migrate", "reconcile", "bonus grant", "outbox retry"):
        line = shell.fails(*command.split(), **away)
        assert line.startswith("kassandra: the database file is damaged: "), command
        assert "After a restore" in line
    code, said, _ = shell.run("doctor", **away)
    assert code == 1
    assert "FAIL database      the database file is damaged: " in said
    assert "remove shop.db-wal and shop.db-shm" in said
    assert file.read_bytes() == before
