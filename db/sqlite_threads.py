"""SQLite's threads: one writer that commits whatever transactions are waiting in one go, and a few readers.

A commit is what costs on SQLite, so the transactions that wait share one, a savepoint each. Nobody is answered before
it."""

import asyncio
import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from db.errors import DatabaseUnavailable

MAX_BATCH = 256


@dataclass(slots=True)
class _Job:
    work: Callable[[Session], Any]  # Any: whatever the transaction returns
    done: "Future[Any]"
    value: Any = None
    error: BaseException | None = None

    def answer(self) -> None:
        if self.done.cancelled() or not self.done.set_running_or_notify_cancel():
            return
        if self.error is None:
            self.done.set_result(self.value)
        else:
            self.done.set_exception(self.error)


class _BatchLost(Exception):
    """SQLite rolled the whole transaction back by itself (disk full, I/O error)."""


class SqliteWriter:
    def __init__(self, engine: Engine) -> None:
        """`engine` must leave BEGIN and COMMIT to this class (driver in autocommit)."""
        self._engine = engine
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="sqlite-writer", daemon=True)
        self._closed = False
        self._thread.start()

    def submit(self, work: Callable[[Session], Any]) -> "Future[Any]":
        if self._closed:
            raise DatabaseUnavailable("the database is closed")
        job = _Job(work, Future())
        self._jobs.put(job)
        return job.done

    async def run(self, work: Callable[[Session], Any]) -> Any:
        """A caller that is cancelled does not undo its transaction: once handed over it commits or fails as a whole."""
        return await asyncio.wrap_future(self.submit(work))

    def close(self) -> None:
        """Finish what waits, then stop."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join()

    def _loop(self) -> None:
        with held_connection(self._engine) as connection:
            while batch := self._next_batch():
                self._run_batch(connection, batch)
                for job in batch:
                    job.answer()
                batch.clear()

    def _next_batch(self) -> list[_Job]:
        first = self._jobs.get()
        if first is None:
            return []
        batch = [first]
        with contextlib.suppress(queue.Empty):
            while len(batch) < MAX_BATCH:
                job = self._jobs.get_nowait()
                if job is None:
                    self._jobs.put(None)  # finish this batch, stop at the next
                    break
                batch.append(job)
        return batch

    def _run_batch(self, connection: Connection, batch: list[_Job]) -> None:
        try:
            driver_of(connection).execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:  # locked for too long: nobody's transaction was tried
            for job in batch:
                job.error = _explain(error)
            return
        try:
            self._commit_together(connection, batch)
        except (_BatchLost, sqlite3.Error) as error:
            if len(batch) == 1:
                batch[0].error = _explain(error)
                return
            for job in batch:  # one of them may be what broke it: each alone
                job.value = job.error = None
                self._run_batch(connection, [job])

    def _commit_together(self, connection: Connection, batch: list[_Job]) -> None:
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
    session = session_on(connection)
    try:
        job.value = job.work(session)
        session.flush()
    except BaseException as error:  # it belongs to the caller, who gets it
        job.error = _explain(error)
        if not driver.in_transaction:
            raise _BatchLost(str(error)) from error
        driver.execute("ROLLBACK TO job")
    driver.execute("RELEASE job")
    session.expunge_all()


class SqliteReaders:
    """Threads with a connection each, for short reads: two and a half times quicker than a statement over aiosqlite."""

    def __init__(self, engine: Engine, threads: int = 2) -> None:
        self._engine = engine
        self._local = threading.local()
        self._open: list[ExitStack] = []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="sqlite-reader", initializer=self._connect)

    async def run(self, work: Callable[[Session], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._read, work)

    def close(self) -> None:
        self._pool.shutdown(wait=True)
        for stack in self._open:
            stack.close()

    def _connect(self) -> None:
        stack = ExitStack()
        self._local.connection = stack.enter_context(held_connection(self._engine))
        self._open.append(stack)

    def _read(self, work: Callable[[Session], Any]) -> Any:
        connection: Connection = self._local.connection
        driver = driver_of(connection)
        driver.execute("BEGIN")  # one view for all statements of the read
        try:
            return work(session_on(connection))
        except OperationalError as error:
            raise _explain(error) from error
        finally:
            if driver.in_transaction:
                driver.execute("ROLLBACK")


@contextmanager
def held_connection(engine: Engine) -> Iterator[Connection]:
    """A connection whose transactions are begun and ended in SQL: for SQLAlchemy it is in one endless transaction."""
    with engine.connect() as connection:
        outer = connection.begin()
        try:
            yield connection
        finally:
            outer.rollback()


def driver_of(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


def session_on(connection: Connection) -> Session:
    return Session(connection, join_transaction_mode="rollback_only", expire_on_commit=False)


def _explain(error: BaseException) -> BaseException:
    if isinstance(error, OperationalError | sqlite3.OperationalError | _BatchLost):
        return DatabaseUnavailable(str(error.__cause__ or error))
    return error
