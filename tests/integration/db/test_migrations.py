"""The one history goes up and down on both databases and ends at the tables of the code."""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, Engine, create_engine, event, inspect
from sqlalchemy.pool import NullPool

from db import migrate
from db.base import also_in_postgresql
from db.connections import sync_url
from db.errors import NewerDatabase, OldRevision
from db.migrate import current_revision, known_revisions, require_head, upgrade
from db.tables import metadata
from tests.support.databases import SqliteServer


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    with create_engine(sync_url(url), poolclass=NullPool).connect() as connection:
        yield connection


def test_up_down_and_up_again(empty_url: str) -> None:
    assert migrate.current_revision(empty_url) is None
    migrate.upgrade(empty_url)
    assert migrate.current_revision(empty_url) == migrate.head_revision()
    migrate.downgrade(empty_url, "base")
    assert migrate.current_revision(empty_url) is None
    with connected(empty_url) as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    migrate.upgrade(empty_url)
    migrate.upgrade(empty_url)
    migrate.require_head(empty_url)


def test_tables_are_those_of_the_code(database_url: str) -> None:
    with connected(database_url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_checks_and_partial_indexes_are_those_of_the_code(database_url: str) -> None:
    """Alembic compares neither."""
    also_in_postgresql(metadata)
    with connected(database_url) as connection:
        inspector = inspect(connection)
        for table in metadata.sorted_tables:
            expected = {c.name: str(c.sqltext) for c in table.constraints if isinstance(c, CheckConstraint)}
            found = {c["name"]: c["sqltext"] for c in inspector.get_check_constraints(table.name)}
            assert found.keys() == expected.keys(), table.name
            if connection.dialect.name == "sqlite":  # PostgreSQL writes the same conditions in its own words
                assert found == expected
            option = f"{connection.dialect.name}_where"
            partial = {
                str(index.name): bool(index.dialect_options[connection.dialect.name]["where"] is not None)
                for index in table.indexes
            }
            assert partial == {
                str(index["name"]): option in index.get("dialect_options", {})
                for index in inspector.get_indexes(table.name)
                if not index.get("duplicates_constraint")
            }


def test_head_is_what_alembic_takes_for_it() -> None:
    script = ScriptDirectory(str(migrate.MIGRATIONS))
    assert script.get_heads() == [migrate.head_revision()]


def test_old_tables_are_refused_in_one_line(empty_url: str) -> None:
    with pytest.raises(OldRevision, match=r"^[^\n]*`kassandra migrate`[^\n]*$"):
        migrate.require_head(empty_url)


async def test_processes_that_migrate_at_once_wait_for_each_other(empty_url: str) -> None:
    command = "import sys; from db.migrate import upgrade; sys.stdin.readline(); upgrade(sys.argv[1])"
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", command, empty_url),
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=migrate.MIGRATIONS.parent,
        )
        for _ in range(2)
    ]
    results = await asyncio.gather(*(process.communicate(b"\n") for process in processes))
    assert [process.returncode for process in processes] == [0, 0], results
    migrate.require_head(empty_url)


def test_works_from_any_folder_into_a_new_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    migrate.upgrade("sqlite+aiosqlite:///data/kassandra.db")
    assert (tmp_path / "data" / "kassandra.db").exists()
    migrate.require_head("sqlite+aiosqlite:///data/kassandra.db")


def test_is_quick(sqlite_server: SqliteServer) -> None:
    """A first start goes through all revisions, whose number grows: each may cost, on the average, half of making all
    tables at once in the same minute of the same machine. Both are slower where it has much else to do."""
    import alembic.command  # noqa: F401 - its import is not measured

    pairs = [(_time_of(upgrade, sqlite_server), _time_of(_make_tables, sqlite_server)) for _ in range(3)]
    migration, tables = (min(times) for times in zip(*pairs, strict=True))
    assert migration < len(known_revisions()) / 2 * tables


def test_a_database_that_is_up_to_date_costs_two_questions(sqlite_url: str) -> None:
    asked: list[str] = []

    def note(*about: Any) -> None:  # Any: SQLAlchemy's own six
        asked.append(about[2])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        upgrade(sqlite_url)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert [words.split()[0] for words in asked] == ["PRAGMA", "SELECT"], asked


def _time_of(do: Callable[[str], None], server: SqliteServer) -> float:
    url = server.create(migrated=False)
    began = time.thread_time()
    do(url)
    return time.thread_time() - began


def _make_tables(url: str) -> None:
    with create_engine(sync_url(url), poolclass=NullPool).begin() as connection:
        metadata.create_all(connection)


def test_a_database_of_a_newer_version(database_url: str) -> None:
    """To migrate does not help; a walk back would lose what the newer version wrote."""
    with create_engine(sync_url(database_url), poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0099'")
    for command in (upgrade, require_head, current_revision):
        with pytest.raises(NewerDatabase, match="made by a newer version of Kassandra") as refused:
            command(database_url)
        assert "0099" in str(refused.value)
        assert "kassandra migrate" not in str(refused.value)
