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

    def drop(self, url: str) -> None:
        path = Path(str(make_url(url).database))
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)

    def _migrated(self) -> Path:
        if self._template is None:
            path = self._folder / "template.db"
            upgrade(f"sqlite:///{path}")  # the last connection closes: everything is in the one file
            self._template = path
        return self._template


class PostgresServer:
    """Hands out databases of a running server."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._template: str | None = None

    def create(self, *, migrated: bool = True) -> str:
        template = self._migrated() if migrated else "template0"
        return self._create(f'TEMPLATE "{template}"')

    def drop(self, url: str) -> None:
        self._run(f'DROP DATABASE IF EXISTS "{make_url(url).database}" WITH (FORCE)')

    def close(self) -> None:
        if self._template is not None:
            self._run(f'DROP DATABASE "{self._template}" WITH (FORCE)')

    def _migrated(self) -> str:
        if self._template is None:
            url = self._create("TEMPLATE template0")
            self._template = str(make_url(url).database)
            upgrade(url)
        return self._template

    def _create(self, how: str) -> str:
        name = f"kassandra_test_{uuid4().hex}"
        self._run(f'CREATE DATABASE "{name}" {how}')
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
