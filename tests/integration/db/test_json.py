"""JSON of strangers' texts."""

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from db.base import Json
from db.engine import Database


def kept(session: Session, value: object) -> object:
    return session.scalar(select(literal(value, Json)))


async def test_what_no_database_keeps_is_left_out(database: Database) -> None:
    sent = {"a\x00": ["\ud800b", {"c": "\x00"}, 1, None, True], "😀": r"\u0000 as it is typed"}
    assert await database.read(kept, sent) == {"a": ["b", {"c": ""}, 1, None, True], "😀": r"\u0000 as it is typed"}
