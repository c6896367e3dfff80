"""docs/data.md lists every table and column there is, with its kind and whether it may be empty, and no other."""

import re
from pathlib import Path

from sqlalchemy import BigInteger, Boolean, Column, Date, Float, Integer, LargeBinary, String, Text, Uuid

from db.base import JsonColumn, UtcDateTime
from db.tables import metadata
from services.billing.invariants.rules import RULES

PAGE = (Path(__file__).parents[3] / "docs" / "data.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| ([^|]+) \|[^|]*\|$", re.MULTILINE)


def documented() -> dict[str, dict[str, str]]:
    sections = re.split(r"^### `(\w+)`$", PAGE, flags=re.MULTILINE)[1:]
    return {
        name: {column: kind.strip() for column, kind in ROW.findall(body)}
        for name, body in zip(sections[::2], sections[1::2], strict=True)
    }


KINDS = {
    UtcDateTime: {"time"},
    Date: {"date"},
    Boolean: {"yes/no"},
    Float: {"fraction"},
    Uuid: {"uuid"},
    LargeBinary: {"bytes"},
    Text: {"text"},
    BigInteger: {"number", "credits", "credits, signed", "kopecks", "tokens"},
    Integer: {"number", "days", "bytes", "tokens", "ms"},
    JsonColumn: {"object", "{ru, en}", "list"},
}


def kinds_of(column: Column[object]) -> set[str]:
    """What the page may call it."""
    if type(column.type) is String:
        return {f"text {column.type.length}"}
    return next(kinds for known, kinds in KINDS.items() if isinstance(column.type, known))


def test_every_table_and_column_is_listed_and_no_other() -> None:
    expected = {table.name: [column.name for column in table.columns] for table in metadata.sorted_tables}
    assert {name: list(columns) for name, columns in documented().items()} == expected


def test_kinds_are_those_of_the_columns() -> None:
    page = documented()
    for table in metadata.sorted_tables:
        for column in table.columns:
            kind = page[table.name][column.name]
            assert kind.endswith(" ?") == bool(column.nullable), column
            assert kind.removesuffix(" ?") in kinds_of(column), column


def test_every_invariant_is_stated() -> None:
    stated = set(re.findall(r"^\| (I\d) \|", PAGE, re.MULTILINE))
    assert stated == {f"I{n}" for n in range(1, 10)}
    assert {rule.invariant for rule in RULES} <= stated
