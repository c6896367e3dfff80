"""A database that an old version filled: `tests/data/shop-45fa053.sql`, written by commit 45fa053."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    DateTime,
    MetaData,
    Table,
    Uuid,
    create_engine,
    insert,
    make_url,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.pool import NullPool

from db.connections import sync_url
from db.migrate import upgrade

DUMP: Final = Path(__file__).parents[1] / "data" / "shop-45fa053.sql"
LEFT_AT: Final = datetime(2026, 11, 26, 20, 42, tzinfo=UTC)
"""A moment after its last row."""
NEXT_IDS = """SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table} HAVING max(id) IS NOT NULL"""


def load(url: str) -> None:
    """Fill the empty database at `url` as the old version left it; its tables are the old ones."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with closing(sqlite3.connect(str(parsed.database))) as file:
            file.executescript(DUMP.read_text("utf-8"))
        return
    with closing(sqlite3.connect(":memory:")) as source:
        source.row_factory = sqlite3.Row
        source.executescript(DUMP.read_text("utf-8"))
        (revision,) = source.execute("SELECT version_num FROM alembic_version").fetchone()
        upgrade(url, revision)
        _carry_over(source, url)


def stored(question: str) -> list[Any]:
    """What one column of the dump holds."""
    with closing(sqlite3.connect(":memory:")) as source:
        source.executescript(DUMP.read_text("utf-8"))
        return [row[0] for row in source.execute(question)]


def reflected(connection: Connection) -> Mapping[str, Table]:
    """The tables as they are there."""
    metadata = MetaData()
    metadata.reflect(connection)
    return metadata.tables


def rows(url: str, *names: str) -> dict[str, list[dict[str, object]]]:
    """All that these tables hold, in an order that does not change."""
    with create_engine(sync_url(url), poolclass=NullPool).connect() as connection:
        tables = reflected(connection)
        found = {}
        for name in names:
            answer = connection.execute(select(tables[name])).mappings()
            found[name] = sorted((dict(row) for row in answer), key=lambda row: str(sorted(row.items(), key=str)))
        return found


def _carry_over(source: sqlite3.Connection, url: str) -> None:
    tables = MetaData()
    with create_engine(sync_url(url), poolclass=NullPool).begin() as connection:
        connection.exec_driver_sql("SET session_replication_role = replica")  # the rows are sound together
        tables.reflect(connection)
        for table in tables.sorted_tables:
            rows = source.execute(f"SELECT * FROM {table.name}").fetchall()
            if table.name == "alembic_version" or not rows:
                continue
            connection.execute(insert(table), [{c.name: _value(c, row[c.name]) for c in table.columns} for row in rows])
            if table.autoincrement_column is not None:
                connection.exec_driver_sql(NEXT_IDS.format(table=table.name))


def _value(column: Column[Any], value: Any) -> Any:  # Any: what SQLite keeps, what PostgreSQL takes
    match column.type:
        case _ if value is None:
            return None
        case JSONB():
            return json.loads(value)
        case DateTime():
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        case Uuid():
            return UUID(value)
        case Boolean():
            return bool(value)
    return value
