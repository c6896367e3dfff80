"""What is asked all day long reads the few rows that wait or run, however many there have been."""

import re
import sqlite3
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import Select, Update, make_url, text
from sqlalchemy.dialects import sqlite

from db.engine import Database
from services.billing import lots, statement
from services.chats import claims as answers
from services.chats import remaining, rows
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


OFTEN = {
    "operations": statement._last,
    "expiring": statement._ending,
    "charged": lots._users_of["prediction_id"],
    "charge": lots._parts_by["message_id"],
    "returned": lots._returned_by["scoring_id"],
    "answers": answers._claim,
    "held": remaining._held_then,
    "past": rows._past,
    **{name: asked for name, (asked, _) in ASKED.items()},
}


@pytest.mark.parametrize(("statement", "index"), ASKED.values(), ids=ASKED.keys())
async def test_a_partial_index_is_enough(
    sqlite_database: Database, statement: Select[Any] | Update, index: str
) -> None:
    sql = _sql(statement)
    names = [f":p{number}" for number in range(sql.count("?"))]
    for name in names:
        sql = sql.replace("?", name, 1)
    values = {name[1:]: None for name in names}
    rows = await sqlite_database.read(lambda session: session.execute(text(f"EXPLAIN QUERY PLAN {sql}"), values).all())
    plan = [row[3] for row in rows]
    assert any(index in step for step in plan), plan
    assert not any(WHOLE_TABLE.match(step) for step in plan), plan


@pytest.mark.parametrize("asked", OFTEN.values(), ids=OFTEN.keys())
def test_what_is_asked_often_is_planned_once(sqlite_url: str, asked: Select[Any] | Update) -> None:
    """SQLite plans a statement anew whenever other values are given to it, if one of them is compared with what a
    partial index holds."""
    sql, planned = _sql(asked), 0

    def plan(*_: object) -> int:
        nonlocal planned
        planned += 1
        return sqlite3.SQLITE_OK

    with closing(sqlite3.connect(str(make_url(sqlite_url).database))) as connection:
        connection.set_authorizer(plan)
        connection.execute(sql, [0] * sql.count("?")).fetchall()
        assert planned
        planned = 0
        connection.execute(sql, [1] * sql.count("?")).fetchall()
        assert not planned


def _sql(asked: Select[Any] | Update) -> str:
    return re.sub(r"__\[POSTCOMPILE_\w+\]", "?", str(asked.compile(dialect=sqlite.dialect())))
