"""What one process of a shop does alone: by a lock that the system, or the server, lets go of when the process dies,
however it dies."""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.ext.asyncio import AsyncConnection

from db.connections import sync_url
from db.engine import Database
from db.errors import DatabaseUnavailable

log = structlog.get_logger()

BYTES: Final = {"bot": 0, "web": 1, "scheduler": 2}
"""Which byte of the lock's file stands for a part. Any number of workers may share an SQLite file."""
NOTICED = text(
    "SELECT set_config('tcp_keepalives_idle', '15', true), set_config('tcp_keepalives_interval', '5', true),"
    " set_config('tcp_keepalives_count', '3', true)"
)
"""A machine that is gone without a word is noticed within half a minute, not after two hours."""
POLLING_LOCK = 5_277_200_048  # any number, the same in every process


class AlreadyRunning(Exception):
    """Another process does this already. The text is one line that says where."""


@contextmanager
def hold_file(url: str, parts: Collection[str]) -> Iterator[None]:
    """Holds an SQLite database's file for these parts of a shop: two processes would read dialogs from two memories and
    answer twice. Raises `AlreadyRunning`. On PostgreSQL, and where the system has no such locks, nothing is held."""
    address = sync_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        yield
        return
    path = Path(f"{address.database}.lock")
    descriptor = _opened(path)
    try:
        for part in sorted(BYTES.keys() & set(parts)):
            if not _lock(descriptor, BYTES[part]):
                raise AlreadyRunning(
                    f"another process is the `{part}` of the shop on {address.database} already: stop that one first,"
                    " or give this one a DATABASE_URL of its own"
                )
        yield
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError as error:
        raise DatabaseUnavailable(f"{path} cannot be opened ({error.strerror}); it lies beside the database") from error


def _lock(descriptor: int, byte: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows
        return True
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
    except (BlockingIOError, PermissionError):  # either may be said of a lock that is held
        return False
    except OSError as error:  # some network file systems have no locks
        log.warning("no_file_locks", error=error.strerror)
    return True


class LeaderLock:
    """The turn to do what one process does alone, on PostgreSQL: a lock that lives as long as an open transaction. That
    looks at no rows, so it keeps no old ones, and a pooler before the server leaves it its connection."""

    def __init__(self, db: Database, number: int = POLLING_LOCK) -> None:
        self._db = db
        self._number = number
        self._connection: AsyncConnection | None = None

    async def is_ours(self) -> bool:
        """Whether it is, or is now. A connection that broke is opened anew; who was quicker then has the turn. Raises
        `DatabaseUnavailable`: nobody can tell."""
        try:
            if self._connection is not None:
                await self._connection.execute(text("SELECT 1"))
                return True
            return await self._take()
        except (DBAPIError, NoFreeConnection, OSError) as error:
            await self.give_back()
            raise DatabaseUnavailable(str(error)) from error

    async def give_back(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError, OSError):
                await connection.close()

    async def _take(self) -> bool:
        connection = await self._db.async_engine.connect()
        try:
            await connection.execute(NOTICED)
            lock = text("SELECT pg_try_advisory_xact_lock(:number)")
            ours = bool(await connection.scalar(lock, {"number": self._number}))
        except BaseException:
            await connection.close()
            raise
        if ours:
            self._connection = connection
        else:
            await connection.close()
        return ours
