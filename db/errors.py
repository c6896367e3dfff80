"""What a database can do to a transaction that is no fault of the transaction."""

import sqlite3

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

SQLITE_OUTAGES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_NOTADB,
}
LOST_STATEMENTS = ("26000", "42P05")
# a name that was given on another connection: a pooler changes them between transactions
POSTGRESQL_OUTAGES = ("08", "53", "57", "58", "55P03", "55000", *LOST_STATEMENTS)
# connection, resources, operator, system; lock timeout; a database that lets nobody in


class DatabaseUnavailable(Exception):
    """Locked for too long, disk full, server gone: nothing was written and the same call may succeed later."""


class OldRevision(Exception):
    """The tables are older than this code. The text is one line that says what to run."""


class NewerDatabase(Exception):
    """The tables are of a version that this code does not know. The text is one line that says what to do."""


class DamagedDatabase(Exception):
    """The file is not what SQLite wrote. `fix`: what to do about it."""

    def __init__(self, damage: str, *, fix: str) -> None:
        super().__init__(f"{damage}; {fix}")
        self.damage = damage
        self.fix = fix


def unavailable(error: BaseException) -> DatabaseUnavailable:
    """What to raise for an outage; the text names the fix where the address lacks one."""
    sqlstate = getattr(getattr(error, "orig", None), "sqlstate", None)
    if sqlstate in LOST_STATEMENTS:
        return DatabaseUnavailable("DATABASE_URL leads to PgBouncer in transaction mode: add pgbouncer=true to it")
    return DatabaseUnavailable(str(error))


def is_outage(error: BaseException) -> bool:
    """Whether the database failed, rather than the statement it was given."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (error.orig is not None and is_outage(error.orig))
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF in SQLITE_OUTAGES
    if isinstance(error, OSError | NoFreeConnection):  # nothing listens; everybody else is served first
        return True
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate is None:  # the drivers' own words for a connection that cannot be made or is closed
        return type(error).__name__ in ("InterfaceError", "OperationalError")
    return str(sqlstate).startswith(POSTGRESQL_OUTAGES)
