"""INSERT … ON CONFLICT, spelled the same way by both databases but in two of SQLAlchemy's modules."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import Table
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Insert: TypeAlias = "sqlite.Insert | postgresql.Insert"
"""It has `on_conflict_do_nothing` and `on_conflict_do_update`."""


def insert_into(session: Session, table: Table) -> Insert:
    return insert_of(session.get_bind().dialect.name)(table)


def insert_of(dialect: str) -> Callable[[Table], Insert]:
    """Imports the module of this database alone."""
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert
    from sqlalchemy.dialects import postgresql

    return postgresql.insert
