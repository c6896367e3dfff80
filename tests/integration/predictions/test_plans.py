"""What is asked all day long reads the few rows that wait or run, however many there have been."""

import re
from typing import Any

import pytest
from sqlalchemy import Select, Update, text
from sqlalchemy.dialects import sqlite

from db.engine import Database
from services.notifications import claims as outbox
from services.predictions import claims as queue
from services.predictions import history

WHOLE_TABLE = re.compile(r"SCAN (predictions|outbox)( USING .*sqlite_autoindex.*)?$")
ASKED = {
    "waiting": (queue._waiting, "ix_predictions_queue"),
    "claim": (queue._claim, "ix_predictions_queue"),
    "held": (queue._held, "ix_predictions_leases"),
    "overdue": (queue._overdue, "ix_predictions_leases"),
    "notifications": (outbox._due, "ix_outbox"),
    "first notifications": (outbox._first_in_chat, "ix_outbox"),
    "places": (history._unfinished_rows, "ix_predictions_queue"),
    "runs": (history._unfinished_rows, "ix_predictions_leases"),
}


@pytest.mark.parametrize(("statement", "index"), ASKED.values(), ids=ASKED.keys())
async def test_a_partial_index_is_enough(
    sqlite_database: Database, statement: Select[Any] | Update, index: str
) -> None:
    sql = re.sub(r"__\[POSTCOMPILE_\w+\]", "?", str(statement.compile(dialect=sqlite.dialect())))
    names = [f":p{number}" for number in range(sql.count("?"))]
    for name in names:
        sql = sql.replace("?", name, 1)
    values = {name[1:]: None for name in names}
    rows = await sqlite_database.read(lambda session: session.execute(text(f"EXPLAIN QUERY PLAN {sql}"), values).all())
    plan = [row[3] for row in rows]
    assert any(index in step for step in plan), plan
    assert not any(WHOLE_TABLE.match(step) for step in plan), plan
