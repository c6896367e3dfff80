"""How transactions run. A transaction is a plain function of a session: it cannot await, so it cannot call out while it
holds a lock. `Database.write` and `Database.read` run it; how is this file's own affair."""

import asyncio
import random
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from db.connections import BUSY_TIMEOUT_MS, async_url, listen_for_pragmas, make_folder, postgres_engine, sqlite_engine
from db.errors import DatabaseUnavailable, is_outage, unavailable
from db.sqlite_threads import SqliteReaders, SqliteWriter

P = ParamSpec("P")
R = TypeVar("R")

RETRIED_SQLSTATES = {"40001", "40P01"}  # serialization failure, deadlock: PostgreSQL asks to run it again
MAX_TRIES = 5


class Database:
    """One database, SQLite or PostgreSQL, by its URL."""

    def __init__(self, url: str, *, pool_size: int = 16, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> None:
        """`busy_timeout_ms`: how long SQLite waits for another process that holds its one lock."""
        self.url = async_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.busy_timeout_ms = busy_timeout_ms
        self._writer: SqliteWriter | None = None
        self._readers: SqliteReaders | None = None
        self._closed = False
        if self.is_sqlite:
            make_folder(self.url)
            self._engine = self._scanning_engine()
        else:
            self._engine = postgres_engine(self.url, pool_size=pool_size)
        # One BEGIN asks for both: it costs no round trip.
        self._snapshots = (
            self._engine
            if self.is_sqlite
            else self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        )

    def _scanning_engine(self) -> AsyncEngine:
        engine = create_async_engine(self.url, pool_size=4, max_overflow=4, connect_args={"isolation_level": None})
        listen_for_pragmas(engine.sync_engine, read_only=True, busy_timeout_ms=self.busy_timeout_ms)
        event.listen(engine.sync_engine, "begin", _begin)  # else each statement would see a state of its own
        return engine

    async def write(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work` in a transaction and commit it. Raises what `work` raises (everything rolled back), or
        `DatabaseUnavailable`. `work` may run again after a deadlock: it must have no effect but on the session."""
        self._require_open()
        if self.is_sqlite:
            if self._writer is None:
                self._writer = SqliteWriter(self.sync_engine())
            result: R = await self._writer.run(lambda session: work(session, *args, **kwargs))
            return result
        return await self._run_async(work, *args, **kwargs)

    async def read(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work` on one consistent view. It must be short; it cannot write."""
        self._require_open()
        if self.is_sqlite:
            if self._readers is None:
                self._readers = SqliteReaders(self.sync_engine(read_only=True))
            result: R = await self._readers.run(lambda session: work(session, *args, **kwargs))
            return result
        return await self.scan(work, *args, **kwargs)

    async def scan(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Like `read`, for what may take seconds (audit, statistics): nobody waits behind it."""
        self._require_open()
        try:
            async with AsyncSession(self._snapshots, expire_on_commit=False) as session:
                return await session.run_sync(work, *args, **kwargs)
        except (DBAPIError, NoFreeConnection, OSError) as error:
            if is_outage(error):
                raise unavailable(error) from error
            raise

    async def _run_async(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, MAX_TRIES + 1):
            try:
                async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                    return await session.run_sync(work, *args, **kwargs)
            except (DBAPIError, NoFreeConnection, OSError) as error:
                sqlstate = getattr(getattr(error, "orig", None), "sqlstate", None)
                if sqlstate in RETRIED_SQLSTATES and attempt < MAX_TRIES:
                    await asyncio.sleep(random.uniform(0.005, 0.05) * attempt)  # noqa: S311 - spreads rivals, hides nothing
                elif is_outage(error):
                    raise unavailable(error) from error
                else:
                    raise
        raise AssertionError("unreachable: the last attempt returns or raises")

    def sync_engine(self, *, read_only: bool = False) -> Engine:
        """A plain SQLite engine whose transactions the caller begins and ends in SQL."""
        return sqlite_engine(self.url, read_only=read_only, busy_timeout_ms=self.busy_timeout_ms)

    def _require_open(self) -> None:
        if self._closed:
            raise DatabaseUnavailable("the database is closed")

    async def close(self) -> None:
        """What was handed over is finished first."""
        self._closed = True
        if self._writer is not None:
            await asyncio.to_thread(self._writer.close)
        if self._readers is not None:
            await asyncio.to_thread(self._readers.close)
        await self._engine.dispose()

    @property
    def async_engine(self) -> AsyncEngine:
        return self._engine


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")
