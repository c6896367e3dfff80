"""How a database is reached: drivers behind a URL, and SQLite connections whose transactions begin and end in SQL."""

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.pool import NullPool

BUSY_TIMEOUT_MS = 10_000
ASYNC_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
SYNC_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}


def async_url(url: str | URL) -> URL:
    """The URL with the driver that the shop runs on; `postgresql://` and `sqlite://` do. Raises ValueError."""
    return _with_driver(url, ASYNC_DRIVERS)


def sync_url(url: str | URL) -> URL:
    """The same database for one plain connection: migrations. Raises ValueError."""
    return _with_driver(url, SYNC_DRIVERS)


def _with_driver(url: str | URL, drivers: dict[str, str]) -> URL:
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend not in drivers:
        raise ValueError(f"{backend}: only SQLite and PostgreSQL databases are supported")
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ValueError("an SQLite database must be a file: its connections share nothing in memory")
    return parsed.set(drivername=drivers[backend])


def make_folder(url: URL) -> None:
    """SQLite makes the file but not the folder it is in."""
    if url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)


class ManualConnection(sqlite3.Connection):
    """BEGIN, COMMIT and ROLLBACK are statements. What SQLAlchemy's pool and sessions say by method is not meant for the
    transaction, which several sessions share."""

    def commit(self) -> None:
        pass

    def rollback(self) -> None:
        pass


def sqlite_engine(url: URL, *, read_only: bool = False, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Engine:
    """Every connect opens the file anew; threads may hand the connection on."""
    engine = create_engine(
        url.set(drivername="sqlite"),
        poolclass=NullPool,
        connect_args={"check_same_thread": False, "isolation_level": None, "factory": ManualConnection},
    )
    listen_for_pragmas(engine, read_only=read_only, busy_timeout_ms=busy_timeout_ms)
    return engine


def listen_for_pragmas(engine: Engine, *, read_only: bool, busy_timeout_ms: int) -> None:
    pragmas = [
        f"busy_timeout={busy_timeout_ms}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "recursive_triggers=ON",  # else INSERT OR REPLACE deletes rows behind the triggers' back
        "temp_store=MEMORY",
    ]
    if read_only:
        pragmas.append("query_only=ON")

    def set_pragmas(connection: Any, _record: Any) -> None:  # Any: sqlite3's or aiosqlite's, and the pool's record
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    event.listen(engine, "connect", set_pragmas)
