"""The writer under everything that can go wrong with it: one transaction's failure is its own, no caller waits forever,
nothing is half-written."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from db import sqlite_threads
from db.engine import Database
from db.errors import DatabaseUnavailable
from db.tables.dialogs import FsmState
from tests.support.clock import START


def put(session: Session, key: str, size: int = 0) -> str:
    session.execute(
        text("INSERT INTO fsm_state (key, state, data, updated_at) VALUES (:key, :state, '{}', '2026-01-01')"),
        {"key": key, "state": "x" * size},
    )
    return key


def put_and_fail(session: Session, key: str) -> None:
    put(session, key)
    raise ZeroDivisionError(key)


def keys(session: Session) -> set[str]:
    return set(session.scalars(text("SELECT key FROM fsm_state")))


async def outcome_of(database: Database, work: Callable[..., object], *arguments: str) -> object:
    """What `write` returned, or the type of what it raised."""
    try:
        return await database.write(work, *arguments)
    except Exception as error:  # noqa: BLE001 - it is what the test looks at
        return type(error)


@asynccontextmanager
async def held_up(database: Database) -> AsyncIterator[None]:
    """What is written inside waits, and then goes in one batch."""
    gate, entered = threading.Event(), threading.Event()

    def wait(session: Session) -> None:
        entered.set()
        gate.wait(10)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(database.write(wait))
        await asyncio.to_thread(entered.wait, 10)
        try:
            yield
        finally:
            gate.set()


@contextmanager
def locked(database: Database) -> Iterator[None]:
    """Somebody else holds the write lock."""
    other = sqlite3.connect(str(database.url.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


async def test_one_failure_in_a_batch_is_its_own(sqlite_database: Database) -> None:
    async with asyncio.TaskGroup() as tasks, held_up(sqlite_database):
        good = [tasks.create_task(sqlite_database.write(put, f"good{n}")) for n in range(10)]
        bad = [tasks.create_task(outcome_of(sqlite_database, put_and_fail, f"bad{n}")) for n in range(5)]
        await asyncio.sleep(0)
    assert [task.result() for task in good] == [f"good{n}" for n in range(10)]
    assert [task.result() for task in bad] == [ZeroDivisionError] * 5
    assert await sqlite_database.read(keys) == {f"good{n}" for n in range(10)}


async def test_a_failed_read_is_its_own(sqlite_database: Database) -> None:
    """Reads that wait are done together by one thread; the connection of one that the database fails is opened anew."""

    def fail(session: Session) -> None:
        raise ZeroDivisionError

    def write(session: Session) -> None:
        put(session, "b")  # nobody may: SQLite says so as it does of a disk that cannot be written to

    await sqlite_database.write(put, "a")
    works: list[Callable[[Session], object]] = [fail, keys, write, keys] * 10
    results = await asyncio.gather(*map(sqlite_database.read, works), return_exceptions=True)
    told = [type(each) if isinstance(each, BaseException) else each for each in results]
    assert told == [ZeroDivisionError, {"a"}, DatabaseUnavailable, {"a"}] * 10


async def test_closing_finishes_what_is_read(sqlite_database: Database) -> None:
    async with asyncio.TaskGroup() as tasks:
        reads = [tasks.create_task(sqlite_database.read(keys)) for _ in range(100)]
        await asyncio.sleep(0)
        tasks.create_task(sqlite_database.close())
    assert all(task.result() == set() for task in reads)


async def test_a_broken_constraint_leaves_the_writer_usable(sqlite_database: Database) -> None:
    def add_row(session: Session) -> None:
        session.add(FsmState(key="a", state=None, data={}, updated_at=START))  # fails when the session is flushed

    await sqlite_database.write(put, "a")
    for work in (add_row, lambda session: put(session, "a")):
        with pytest.raises(IntegrityError):
            await sqlite_database.write(work)
        await sqlite_database.write(put, f"after {work.__name__}")
    assert len(await sqlite_database.read(keys)) == 3


async def test_a_savepoint_of_ones_own(sqlite_database: Database) -> None:
    def put_or_not(session: Session) -> None:
        put(session, "before")
        with suppress(IntegrityError), session.begin_nested():
            put(session, "inside")
            put(session, "before")
        put(session, "after")

    await sqlite_database.write(put_or_not)
    assert await sqlite_database.read(keys) == {"before", "after"}


async def test_giving_up_silently_is_refused(sqlite_database: Database) -> None:
    """A rolled back session that goes on would commit half of what it did."""

    def roll_back(session: Session) -> None:
        put(session, "half")
        session.rollback()
        put(session, "other half")

    def swallow(session: Session) -> None:
        put(session, "a")
        session.add(FsmState(key="a", state=None, data={}, updated_at=START))
        with suppress(IntegrityError):
            session.flush()

    for work in (roll_back, swallow):
        with pytest.raises(RuntimeError, match="rolled its session back"):
            await sqlite_database.write(work)
    await sqlite_database.write(put, "next")
    assert await sqlite_database.read(keys) == {"next"}


async def test_a_full_disk(sqlite_database: Database) -> None:
    """`max_page_count` makes SQLite behave so: the file may not grow."""

    def allow(session: Session, pages: int) -> int:
        session.execute(text(f"PRAGMA max_page_count = {pages}"))
        return int(session.execute(text("PRAGMA page_count")).scalar_one())

    def put_small_and_large(session: Session) -> None:
        put(session, "half")
        put(session, "other half", size=100_000)

    pages = await sqlite_database.write(allow, 1_000_000)
    await sqlite_database.write(allow, pages)
    async with asyncio.TaskGroup() as tasks, held_up(sqlite_database):
        results = [
            tasks.create_task(outcome_of(sqlite_database, work))
            for work in (lambda s: put(s, "small"), put_small_and_large, lambda s: put(s, "large", size=100_000))
        ]
        await asyncio.sleep(0)
    assert [task.result() for task in results] == ["small", DatabaseUnavailable, DatabaseUnavailable]
    assert await sqlite_database.read(keys) == {"small"}
    await sqlite_database.write(allow, 1_000_000)
    await sqlite_database.write(put_small_and_large)
    assert await sqlite_database.read(keys) == {"small", "half", "other half"}


async def test_a_lost_transaction_is_tried_again_one_by_one(sqlite_database: Database) -> None:
    """A full disk can take the whole batch with it; then only the one that broke it fails."""

    def lose_everything(session: Session) -> None:
        put(session, "lost")
        session.execute(text("INSERT OR ROLLBACK INTO fsm_state SELECT * FROM fsm_state"))

    async with asyncio.TaskGroup() as tasks, held_up(sqlite_database):
        results = [
            tasks.create_task(outcome_of(sqlite_database, work))
            for work in (lambda s: put(s, "first"), lose_everything, lambda s: put(s, "last"))
        ]
        await asyncio.sleep(0)
    assert [task.result() for task in results] == ["first", DatabaseUnavailable, "last"]
    assert await sqlite_database.read(keys) == {"first", "last"}


async def test_a_locked_database(sqlite_url: str) -> None:
    database = Database(sqlite_url, busy_timeout_ms=30)
    await database.write(put, "before")
    with locked(database):
        for _ in range(2):
            with pytest.raises(DatabaseUnavailable, match="locked"):
                await database.write(put, "meanwhile")
        assert await database.read(keys) == {"before"}
    await database.write(put, "after")
    assert await database.read(keys) == {"before", "after"}
    await database.close()


async def test_a_caller_who_leaves_does_not_undo_anything(sqlite_database: Database) -> None:
    async with held_up(sqlite_database):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await sqlite_database.write(put, "left")
    await sqlite_database.write(put, "stayed")
    assert await sqlite_database.read(keys) == {"left", "stayed"}


async def test_closing_finishes_what_waits(sqlite_database: Database) -> None:
    async with asyncio.TaskGroup() as tasks, held_up(sqlite_database):
        waiting = [tasks.create_task(sqlite_database.write(put, str(n))) for n in range(300)]
        await asyncio.sleep(0)
        tasks.create_task(sqlite_database.close())
        await asyncio.sleep(0)
    assert {task.result() for task in waiting} == {str(n) for n in range(300)}
    for call in (sqlite_database.write(put, "late"), sqlite_database.read(keys)):
        with pytest.raises(DatabaseUnavailable, match="closed"):
            await call


async def test_a_bug_in_the_writer_reaches_the_callers(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise SystemError("a bug")

    with monkeypatch.context() as patched:
        patched.setattr(sqlite_threads, "_run_one", broken)
        with pytest.raises(SystemError, match="a bug"):
            await sqlite_database.write(put, "a")
    await sqlite_database.write(put, "b")
    assert await sqlite_database.read(keys) == {"b"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_dead_writer_answers_everybody(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    async with asyncio.TaskGroup() as tasks, held_up(sqlite_database):
        results = [tasks.create_task(outcome_of(sqlite_database, lambda s: put(s, "a"))) for _ in range(3)]
        await asyncio.sleep(0)
        monkeypatch.setattr(sqlite_threads.SqliteWriter, "_serve", None)  # calling it kills the thread
    assert {task.result() for task in results} == {DatabaseUnavailable}
    with pytest.raises(DatabaseUnavailable):
        await sqlite_database.write(put, "b")


async def test_a_file_that_cannot_be_opened_yet(tmp_path: Path) -> None:
    (tmp_path / "shop.db").mkdir()
    database = Database(f"sqlite:///{tmp_path / 'shop.db'}")
    for _ in range(2):
        for call in (database.write, database.read, database.scan):
            with pytest.raises(DatabaseUnavailable):
                await call(keys)
    (tmp_path / "shop.db").rmdir()
    await database.write(lambda session: session.execute(text("CREATE TABLE fsm_state (key TEXT)")).close())
    assert await database.read(keys) == set()
    await database.close()


async def test_wrong_sql_is_not_an_outage(sqlite_database: Database) -> None:
    for call in (sqlite_database.write, sqlite_database.read, sqlite_database.scan):
        with pytest.raises(OperationalError, match="no such table"):
            await call(lambda session: session.execute(text("SELECT * FROM nowhere")))


async def test_what_was_written_can_be_read_at_once(sqlite_database: Database) -> None:
    for n in range(20):
        await sqlite_database.write(put, str(n))
        assert len(await sqlite_database.read(keys)) == n + 1
