"""SQLite's threads: one writer that commits whatever transactions are waiting in one go, and a few readers.

A commit is what costs on SQLite, so the transactions that wait share one, a savepoint each. Nobody is answered before
it. Each thread keeps one connection and opens another when that one broke, and wakes the event loop once for all that
it has done together."""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.orm import Session

from db.errors import DatabaseUnavailable, is_outage

MAX_BATCH = 256
READ_TOGETHER = 8  # by one thread, while another may be idle


@dataclass(slots=True)
class _Job:
    work: Callable[[Session], Any]  # Any: whatever the transaction returns
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[Any]"
    value: Any = None
    error: BaseException | None = None


class _BatchLost(Exception):
    """SQLite rolled the whole transaction back by itself (disk full, I/O error)."""


class _Jobs:
    """What waits for a thread, or for the next of a few."""

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # nothing is queued behind the end
        self._closed = False

    async def run(self, work: Callable[[Session], Any]) -> Any:
        loop = asyncio.get_running_loop()
        job = _Job(work, loop, loop.create_future())
        with self._lock:
            if self._closed:
                raise DatabaseUnavailable("the database is closed")
            self._jobs.put(job)
        return await job.done

    def next_batch(self, most: int) -> list[_Job]:
        """Waits for the first; none when nothing comes any more, and then for every thread."""
        batch: list[_Job] = []
        with contextlib.suppress(queue.Empty):
            while len(batch) < most:
                job = self._jobs.get(block=not batch)
                if job is None:
                    self._jobs.put(None)
                    break
                batch.append(job)
        return batch

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._jobs.put(None)


class SqliteWriter:
    def __init__(self, engine: Engine) -> None:
        """`engine` must leave BEGIN and COMMIT to this class: see `db.connections.sqlite_engine`."""
        self._connection = _HeldConnection(engine)
        self._jobs = _Jobs()
        self._thread = threading.Thread(target=self._loop, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[Session], Any]) -> Any:
        """A caller that is cancelled does not undo its transaction: once handed over it commits or fails as a whole."""
        return await self._jobs.run(work)

    def close(self) -> None:
        """Finish what waits, then stop."""
        self._jobs.close()
        self._thread.join()

    def _loop(self) -> None:
        batch: list[_Job] = []
        try:
            while batch := self._jobs.next_batch(MAX_BATCH):
                self._serve(batch)
        finally:
            self._jobs.close()
            while rest := self._jobs.next_batch(MAX_BATCH):  # only if the loop itself broke
                batch += rest
            for job in batch:
                job.error = DatabaseUnavailable("the writer has stopped")
            _answer(batch)
            self._connection.close()

    def _serve(self, batch: list[_Job]) -> None:
        try:
            self._run_batch(batch)
        except BaseException as error:  # noqa: BLE001 - whatever it is, nobody may wait for an answer forever
            self._connection.close()
            for job in batch:
                job.error = _explain(error)
        _answer(batch)

    def _run_batch(self, batch: list[_Job]) -> None:
        connection = self._connection.get()
        driver_of(connection).execute("BEGIN IMMEDIATE")  # locked for too long: nobody's transaction was tried
        try:
            _commit_together(connection, batch)
        except (_BatchLost, sqlite3.Error) as error:
            if len(batch) == 1:
                batch[0].error = _explain(error)
                return
            for job in batch:  # one of them may be what broke it: each alone
                job.value = job.error = None
                self._run_batch([job])


def _commit_together(connection: Connection, batch: list[_Job]) -> None:
    driver = driver_of(connection)
    try:
        for job in batch:
            _run_one(connection, driver, job)
        driver.execute("COMMIT")
    except BaseException:
        if driver.in_transaction:  # SQLite rolls back by itself when the disk is full
            driver.execute("ROLLBACK")
        raise


def _run_one(connection: Connection, driver: sqlite3.Connection, job: _Job) -> None:
    driver.execute("SAVEPOINT job")
    try:
        with transaction_on(connection) as session:
            job.value = job.work(session)
    except BaseException as error:  # it belongs to the caller, who gets it
        job.error = _explain(error)
        if not driver.in_transaction:
            raise _BatchLost(str(error)) from error
        driver.execute("ROLLBACK TO job")
    driver.execute("RELEASE job")


def _answer(jobs: Iterable[_Job]) -> None:
    """One wake-up of the event loop for all of them."""
    for loop, group in groupby(jobs, key=lambda job: job.loop):
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(_deliver, list(group))


def _deliver(jobs: list[_Job]) -> None:
    for job in jobs:
        if job.done.done():  # its caller was cancelled
            continue
        if job.error is None:
            job.done.set_result(job.value)
        else:
            job.done.set_exception(job.error)


class SqliteReaders:
    """Threads with a connection each, for short reads: less than half the cost of statements over aiosqlite."""

    def __init__(self, engine: Engine, threads: int = 2) -> None:
        self._engine = engine
        self._jobs = _Jobs()
        self._threads = [
            threading.Thread(target=self._loop, name=f"sqlite-reader-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    async def run(self, work: Callable[[Session], Any]) -> Any:
        return await self._jobs.run(work)

    def close(self) -> None:
        """Finish what waits, then stop."""
        self._jobs.close()
        for thread in self._threads:
            thread.join()

    def _loop(self) -> None:
        held = _HeldConnection(self._engine)
        while batch := self._jobs.next_batch(READ_TOGETHER):
            for job in batch:
                _read(held, job)
            _answer(batch)
        held.close()


def _read(held: "_HeldConnection", job: _Job) -> None:
    try:
        connection = held.get()
        driver = driver_of(connection)
        driver.execute("BEGIN")  # one view for all statements of the read
        try:
            with transaction_on(connection) as session:
                job.value = job.work(session)
        finally:
            if driver.in_transaction:
                driver.execute("ROLLBACK")
    except BaseException as error:  # noqa: BLE001 - it belongs to the caller, who gets it
        job.error = _explain(error)
        if job.error is not error:
            held.close()


class _HeldConnection:
    """One thread's connection, opened when it is first needed and again after it broke."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._stack = ExitStack()
        self._connection: Connection | None = None

    def get(self) -> Connection:
        if self._connection is None:
            self._connection = self._stack.enter_context(self._engine.connect())
        return self._connection

    def close(self) -> None:
        self._connection = None
        self._stack.close()


class _SessionOn(Session):
    """Begins nothing of its own for statements on its connection: that costs as much as a small one of them."""

    def connection(self, bind_arguments: Any = None, execution_options: Any = None) -> Connection:  # Any: unused here
        if bind_arguments is None and execution_options is None and isinstance(self.bind, Connection):
            return self.bind
        return super().connection(bind_arguments, execution_options)

    def rollback(self) -> None:
        """Is known only to a session that has begun."""
        super().connection()
        super().rollback()


@contextmanager
def transaction_on(connection: Connection) -> Iterator[Session]:
    """A session for one transaction's function, flushed at its end. BEGIN and COMMIT are the caller's: SQLAlchemy's own
    transaction reaches no database, its end tells only whether the session gave up on the way."""
    if not connection.in_transaction():
        connection.begin()
    outer = connection.get_transaction()
    session = _SessionOn(connection, join_transaction_mode="rollback_only", expire_on_commit=False)
    try:
        yield session
        session.flush()
    finally:
        session.close()
        failed = outer is None or not outer.is_active
        if failed and connection.in_transaction():
            connection.rollback()
    if failed:
        raise RuntimeError("a transaction's function rolled its session back: it must raise, or use a savepoint")


def driver_of(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def _explain(error: BaseException) -> BaseException:
    cause = error.__cause__ if isinstance(error, _BatchLost) and error.__cause__ else error
    if isinstance(error, _BatchLost) or is_outage(cause):
        unavailable = DatabaseUnavailable(str(cause))
        unavailable.__cause__ = cause
        return unavailable
    return error
