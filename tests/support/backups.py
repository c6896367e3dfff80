"""A copy of a whole database, to be put back under the shop that goes on with it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

from sqlalchemy import Connection, create_engine, insert, make_url, select, text
from sqlalchemy.pool import NullPool

from db.connections import sync_url
from db.tables import metadata

NEXT_IDS = text("""SELECT setval(pg_get_serial_sequence(table_name, 'id'), 1 + (xpath('/row/max/text()', query_to_xml(
    format('SELECT coalesce(max(id), 0) AS max FROM %I', table_name), false, true, '')))[1]::text::bigint, false)
    FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'id' AND pg_get_serial_sequence(table_name, 'id') IS NOT NULL""")


def back_up(url: str) -> Callable[[], None]:
    """What was copied, as the way to put it back."""
    return _copy_file(url) if make_url(url).get_backend_name() == "sqlite" else _copy_rows(url)


def _copy_file(url: str) -> Callable[[], None]:
    path, copy = str(make_url(url).database), sqlite3.connect(":memory:", check_same_thread=False)
    with closing(sqlite3.connect(path)) as live:
        live.backup(copy)

    def put_back() -> None:
        with closing(sqlite3.connect(path)) as live:
            copy.backup(live)

    return put_back


def _copy_rows(url: str) -> Callable[[], None]:
    engine = create_engine(sync_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        rows = {table: connection.execute(select(table)).mappings().all() for table in metadata.sorted_tables}

    def put_back() -> None:
        with engine.begin() as connection:
            _without_triggers(connection)
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
            for table, kept in rows.items():
                if kept:
                    connection.execute(insert(table), [dict(row) for row in kept])
            connection.execute(NEXT_IDS)

    return put_back


def _without_triggers(connection: Connection) -> None:
    """As pg_restore does it: the ledger's rows are not to be deleted otherwise."""
    connection.exec_driver_sql("SET session_replication_role = replica")
