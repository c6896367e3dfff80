"""How a database is reached: one address, what each driver takes of it, and SQLite connections whose transactions begin
and end in SQL."""

import sqlite3
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from db.errors import DatabaseUnavailable
from db.file_access import why_unwritable
from db.postgresql import BadAddress, drivers_of, with_hosts_aside

BUSY_TIMEOUT_MS = 10_000
ASYNC_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
SYNC_DRIVERS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg"}
MISSING = "is PostgreSQL, which needs more packages: .venv/bin/pip install -r requirements/server.txt"


def async_url(url: str | URL) -> URL:
    """The URL with the driver that the shop runs on; `postgres://` and `sqlite://` do. Raises `BadAddress`."""
    return _with_driver(url, ASYNC_DRIVERS)


def sync_url(url: str | URL) -> URL:
    """The same database for one plain connection: migrations. Raises `BadAddress`."""
    return _with_driver(url, SYNC_DRIVERS)


def _with_driver(url: str | URL, drivers: dict[str, str]) -> URL:
    address = read_address(url)
    return address.set(drivername=drivers[address.get_backend_name()])


def read_address(url: str | URL) -> URL:
    """An address that can be reached with what is installed. Raises `BadAddress`, which never shows a password."""
    try:
        parsed = make_url(with_hosts_aside(url) if isinstance(url, str) else url)
    except (ArgumentError, ValueError):
        raise BadAddress("is not an address such as sqlite:///data/kassandra.db or postgresql://host/name") from None
    parts = (parsed.username, parsed.password, parsed.host, parsed.database, *parsed.query.values())
    if any("\0" in str(part) for part in parts):
        raise BadAddress("has a zero byte in it (%00): no file, user or host has one")
    backend = parsed.drivername.partition("+")[0]
    if backend in ("postgres", "postgresql"):
        if find_spec("asyncpg") is None or find_spec("psycopg") is None:
            raise BadAddress(MISSING)
        drivers_of(parsed)
        return parsed.set(drivername="postgresql")
    if backend != "sqlite":
        raise BadAddress("names another kind of database: only SQLite and PostgreSQL are supported")
    return _sqlite_address(parsed)


def _sqlite_address(url: URL) -> URL:
    if url.host is not None:
        raise BadAddress("needs three slashes (four before an absolute path): sqlite:///data/kassandra.db")
    if url.database in (None, "", ":memory:"):
        raise BadAddress("must name a file: SQLite's connections share nothing in memory")
    if url.query:
        raise BadAddress("has a parameter; an SQLite address takes none")
    return url


def postgres_engine(url: URL, *, pool_size: int) -> AsyncEngine:
    """asyncpg, for the shop."""
    return create_async_engine(
        url.set(query={}),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        connect_args=drivers_of(url).asyncpg,
    )


def plain_engine(url: URL) -> Engine:
    """For one connection at a time: migrations, and what commands look up."""
    if url.get_backend_name() == "sqlite":
        return sqlite_engine(url)
    return create_engine(url.set(query={}), poolclass=NullPool, connect_args=drivers_of(url).psycopg)


def require_usable(url: URL) -> None:
    """Raises `DatabaseUnavailable` that names the path, its owner and the fix where SQLite could not work."""
    if (problem := why_unwritable(Path(str(url.database)))) is not None:
        raise DatabaseUnavailable(f"DATABASE_URL: {problem}")


def make_folder(url: URL) -> None:
    """SQLite makes the file but not the folder it is in. Raises `DatabaseUnavailable`."""
    try:
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseUnavailable(f"DATABASE_URL: {url.database}: {error.strerror}") from error


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
