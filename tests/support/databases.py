"""Databases for tests: made once by migration, then copied for each test."""

import getpass
import os
import shutil
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import URL, create_engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from db.connections import sync_url
from db.migrate import upgrade
from db.tables import metadata


class SqliteServer:
    """Hands out SQLite files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template: Path | None = None

    def create(self, *, migrated: bool = True) -> str:
        path = self._folder / f"{uuid4().hex}.db"
        if migrated:
            shutil.copyfile(self._migrated(), path)
        return f"sqlite+aiosqlite:///{path}"

    def give_back(self, url: str) -> None:
        path = Path(str(make_url(url).database))
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)

    def _migrated(self) -> Path:
        if self._template is None:
            path = self._folder / "template.db"
            upgrade(f"sqlite:///{path}")  # the last connection closes: everything is in the one file
            self._template = path
        return self._template


SCHEMA = """SELECT (SELECT count(*) FROM pg_class), (SELECT count(*) FROM pg_constraint),
    (SELECT string_agg(tgname || tgenabled::text, ',' ORDER BY oid) FROM pg_trigger WHERE NOT tgisinternal)"""
RESTART_IDS = "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'"


class PostgresServer:
    """Hands out databases of a running server. One that comes back is emptied and handed out again: making and dropping
    one costs a hundred milliseconds, and seconds while the disk is busy."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._template: str | None = None
        self._schema: tuple[object, ...] = ()
        self._clean: list[str] = []

    def create(self, *, migrated: bool = True) -> str:
        if migrated and self._clean:
            return self._clean.pop()
        return self._create(f'TEMPLATE "{self._migrated()}"' if migrated else "TEMPLATE template0")

    def give_back(self, url: str) -> None:
        if self._emptied(url):
            self._clean.append(url)
        else:
            self.drop(url)

    def drop(self, url: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def unplug(self, url: str) -> None:
        """Cut all connections to a database and let nobody in."""
        name = make_url(url).database
        self._run(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        self._run(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    def plug_in(self, url: str) -> None:
        self._run(f'ALTER DATABASE "{make_url(url).database}" ALLOW_CONNECTIONS true')

    def _emptied(self, url: str) -> bool:
        """Not when the test changed tables or triggers, left a transaction open, or we may not pass by triggers."""
        deletes = "; ".join(f"DELETE FROM {name}" for name in metadata.tables)
        try:
            with create_engine(sync_url(url), poolclass=NullPool).begin() as connection:
                if tuple(connection.exec_driver_sql(SCHEMA).one()) != self._schema:
                    return False
                connection.exec_driver_sql("SET session_replication_role = replica; SET lock_timeout = '1s'")
                connection.exec_driver_sql(deletes)
                connection.exec_driver_sql(RESTART_IDS)
        except DBAPIError:
            return False
        return True

    def close(self) -> None:
        for url in self._clean:
            self.drop(url)
        if self._template is not None:
            self._run(f'DROP DATABASE "{self._template}" WITH (FORCE)')

    def _migrated(self) -> str:
        if self._template is None:
            url = self._create("TEMPLATE template0")
            upgrade(url)
            with create_engine(sync_url(url), poolclass=NullPool).connect() as connection:
                self._schema = tuple(connection.exec_driver_sql(SCHEMA).one())
            self._template = str(make_url(url).database)
        return self._template

    def _create(self, how: str) -> str:
        name = f"kassandra_test_{uuid4().hex}"
        self._run(f'CREATE DATABASE "{name}" {how}')
        self._run(f'ALTER DATABASE "{name}" SET synchronous_commit = off')  # commits need not outlive the machine
        return self._url.set(drivername="postgresql+asyncpg", database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        engine = create_engine(sync_url(self._url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)


def find_postgres() -> PostgresServer:
    """`TEST_POSTGRES_URL`, or a local server that trusts `postgres` or the current user. Where there is none the test
    is skipped with the reason; with CI in the environment it fails."""
    given = os.environ.get("TEST_POSTGRES_URL")
    tried = (
        [given] if given else [f"postgresql://{who}@127.0.0.1:5432/postgres" for who in ("postgres", getpass.getuser())]
    )
    reason = ""
    for url in tried:
        parsed = sync_url(url).update_query_dict({"connect_timeout": "3"})
        try:
            with create_engine(parsed, poolclass=NullPool).connect():
                return PostgresServer(make_url(url))
        except (DBAPIError, ImportError) as error:
            reason = f"{parsed.render_as_string()}: {str(error).splitlines()[0]}"
    message = f"no PostgreSQL to test on ({reason}); start one or set TEST_POSTGRES_URL"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
