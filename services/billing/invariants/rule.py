"""What must hold of the money at any moment, as a question to the database that finds the rows which break it.

The words stand in docs/data.md. The SQL is the same for SQLite and PostgreSQL."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`offenders` returns a row for each violation, its columns named for a reader; `examined` is the table, or a
    FROM clause, whose rows it looks at."""

    invariant: str
    name: str
    states: str
    examined: str
    offenders: str
