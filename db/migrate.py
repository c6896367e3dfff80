"""Brings a database to the newest tables. One linear history: `migrations/versions/NNNN_*.py`, NNNN being the revision.

Plain functions over one synchronous connection; two processes that migrate at once wait for each other. Alembic is
imported only when there is something to do: it costs a third of a second."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, inspect
from sqlalchemy.exc import DBAPIError

from db.connections import make_folder, plain_engine, require_usable, sync_url
from db.errors import DatabaseUnavailable, NewerDatabase, OldRevision, is_outage
from db.postgresql import drivers_of

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
ADVISORY_LOCK = 5_277_200_047  # any number, the same in every process


def head_revision() -> str:
    return max(known_revisions())


def known_revisions() -> set[str]:
    return {path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py")}


def current_revision(url: str) -> str | None:
    """What the database stands at; `None` for one without tables, or a file that is not there. Raises `NewerDatabase`,
    `DatabaseUnavailable`."""
    parsed = sync_url(url)
    if parsed.get_backend_name() == "sqlite":
        require_usable(parsed)
        if not Path(str(parsed.database)).exists():
            return None
    with _connect(parsed) as connection:
        current, known = _revision(connection), known_revisions()
    if current is not None and current not in known:
        raise NewerDatabase(
            f"The database was made by a newer version of Kassandra (revision {current}, this version knows"
            f" {head_revision()} and older): go back to that version, or put back a back-up made by this one."
        )
    return current


def require_head(url: str) -> None:
    """Raises `OldRevision` or `NewerDatabase` unless the database has exactly the tables of this code."""
    current, head = current_revision(url), head_revision()
    if current != head:
        raise OldRevision(
            f"The database is at revision {current or 'none'}, this version needs {head}: run `kassandra migrate`."
        )


def upgrade(url: str, revision: str = "head") -> None:
    """Raises `DatabaseUnavailable` when the database cannot be reached, stays locked or is full; `NewerDatabase`."""
    current = current_revision(url)
    if revision == "head" and current == head_revision():
        return
    from alembic import command

    parsed = sync_url(url)
    if parsed.get_backend_name() == "sqlite":
        make_folder(parsed)
    _run(parsed, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """`base` leaves no table."""
    from alembic import command

    _run(sync_url(url), lambda config: command.downgrade(config, revision))


def _run(url: URL, do: "Callable[[Config], None]") -> None:
    with _connect(url) as connection, _exclusive(connection):
        do(alembic_config(connection))


def alembic_config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _connect(url: URL) -> Iterator[Connection]:
    try:
        with plain_engine(url).connect() as connection:
            yield connection
    except DBAPIError as error:
        if is_outage(error):
            raise DatabaseUnavailable(f"DATABASE_URL: {_place(url)}: {error.orig}") from error
        raise


def _place(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    return f"PostgreSQL at {drivers_of(url).psycopg.get('host', 'this machine')}"


@contextmanager
def _exclusive(connection: Connection) -> Iterator[None]:
    """One transaction for all revisions, one process at a time."""
    if connection.dialect.name != "sqlite":
        with connection.begin():
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
            yield
        return
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")  # else dropping a table to build it anew deletes its rows
    connection.exec_driver_sql("BEGIN IMMEDIATE")
    try:
        yield
        if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise RuntimeError(f"the migration left a row that refers to nothing: {tuple(broken)}")
    except BaseException:
        connection.exec_driver_sql("ROLLBACK")
        raise
    connection.exec_driver_sql("COMMIT")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    value: Any = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()  # Any: text or NULL
    return None if value is None else str(value)
