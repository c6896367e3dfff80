"""How transactions run. A transaction is a plain function of a session: it cannot await, so it cannot call out while it
holds a lock. `Database.write` and `Database.read` run it; how is this file's own affair."""

import asyncio
import random
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from db.errors import DatabaseUnavailable
from db.sqlite_threads import SqliteReaders, SqliteWriter

P = ParamSpec("P")
R = TypeVar("R")

BUSY_TIMEOUT_MS = 10_000
RETRIED_SQLSTATES = {"40001", "40P01"}  # serialization failure, deadlock: PostgreSQL asks to run it again
MAX_TRIES = 5


class Database:
    """One database, SQLite or PostgreSQL, by its URL."""

    def __init__(self, url: str, *, pool_size: int = 16) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._writer: SqliteWriter | None = None
        self._readers: SqliteReaders | None = None
        if self.is_sqlite:
            self._make_folder()
            self._engine = create_async_engine(self.url, pool_size=4, max_overflow=4)
            event.listen(self._engine.sync_engine, "connect", _set_pragmas)
        else:
            self._engine = create_async_engine(
                self.url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True
            )

    async def write(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work` in a transaction and commit it. Raises what `work` raises (everything rolled back), or
        `DatabaseUnavailable`. `work` may run again after a deadlock: it must have no effect but on the session."""
        if self.is_sqlite:
            if self._writer is None:
                self._writer = SqliteWriter(self.sync_engine())
            result: R = await self._writer.run(lambda session: work(session, *args, **kwargs))
            return result
        return await self._run_async(work, *args, **kwargs)

    async def read(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work` on one consistent view. It must be short; it cannot write."""
        if self.is_sqlite:
            if self._readers is None:
                self._readers = SqliteReaders(self.sync_engine(read_only=True))
            result: R = await self._readers.run(lambda session: work(session, *args, **kwargs))
            return result
        return await self.scan(work, *args, **kwargs)

    async def scan(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Like `read`, for what may take seconds (audit, statistics): nobody waits behind it."""
        try:
            async with AsyncSession(self._engine, expire_on_commit=False) as session:
                return await session.run_sync(work, *args, **kwargs)
        except (OperationalError, InterfaceError, OSError) as error:
            raise DatabaseUnavailable(str(error)) from error

    async def _run_async(self, work: Callable[Concatenate[Session, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        for attempt in range(1, MAX_TRIES + 1):
            try:
                async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
                    return await session.run_sync(work, *args, **kwargs)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) in RETRIED_SQLSTATES and attempt < MAX_TRIES:
                    await asyncio.sleep(random.uniform(0.005, 0.05) * attempt)  # noqa: S311 - spreads rivals, hides nothing
                    continue
                if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
                    raise DatabaseUnavailable(str(error)) from error
                raise
            except OSError as error:  # nothing listens
                raise DatabaseUnavailable(str(error)) from error
        raise AssertionError("unreachable: the last attempt returns or raises")

    def sync_engine(self, *, read_only: bool = False) -> Engine:
        """A plain SQLite engine whose transactions the caller begins and ends in SQL."""
        engine = create_engine(
            self.url.set(drivername="sqlite"), poolclass=NullPool, connect_args={"check_same_thread": False}
        )
        event.listen(engine, "connect", _autocommit)
        event.listen(engine, "connect", _set_pragmas)
        if read_only:
            event.listen(engine, "connect", _query_only)
        return engine

    async def close(self) -> None:
        if self._writer is not None:
            await asyncio.to_thread(self._writer.close)
        if self._readers is not None:
            await asyncio.to_thread(self._readers.close)
        await self._engine.dispose()

    @property
    def async_engine(self) -> AsyncEngine:
        return self._engine

    def _make_folder(self) -> None:
        if self.url.database and self.url.database != ":memory:":
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)


def _autocommit(connection: sqlite3.Connection, _record: Any) -> None:  # Any: SQLAlchemy's pool record, unused
    connection.isolation_level = None


def _set_pragmas(connection: Any, _record: Any) -> None:  # Any: sqlite3's or aiosqlite's connection
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _query_only(connection: sqlite3.Connection, _record: Any) -> None:  # Any: SQLAlchemy's pool record, unused
    connection.execute("PRAGMA query_only=ON")
