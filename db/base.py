"""What every table shares: naming of constraints, column types, the clock's time zone."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    TypeDecorator,
    Uuid,
    literal_column,
    text,
)
from sqlalchemy.orm import DeclarativeBase, mapped_column
from sqlalchemy.types import TypeEngine

from db.unkept import may_have_unkept, without_unkept

BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite only numbers rows of an INTEGER PRIMARY KEY


class JsonColumn(TypeDecorator[Any]):
    """Text in SQLite, binary in PostgreSQL, whose dialects take 2 MB and are imported where they are used. Strangers'
    files and models speak in it: what no database keeps is left out."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:  # Any: JSON holds what it holds
        if dialect.name != "postgresql":
            return dialect.type_descriptor(JSON(none_as_null=True))
        from sqlalchemy.dialects.postgresql import JSONB

        return dialect.type_descriptor(JSONB(none_as_null=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], Any] | None:  # Any: JSON, and what a driver takes
        dump = super().bind_processor(dialect)
        if dump is None:
            return None

        def bind(value: Any) -> Any:  # Any: as above
            bound = dump(value)
            if bound is None or (isinstance(bound, str) and not may_have_unkept(bound)):
                return bound
            return dump(without_unkept(value))

        return bind


Json = JsonColumn()


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in UTC on both databases (SQLite has no time zones of its own)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


JsonObject = dict[str, Any]  # Any: JSON holds what it holds
AnyRow = Row[*tuple[Any, ...]]  # Any: rows of Core statements carry no types

# Column shorthands. Credits are integer hundredths, money integers of minor units (kopecks, Stars): never a float.
Key = Annotated[int, mapped_column(BigId, primary_key=True, autoincrement=True)]
UuidKey = Annotated[UUID, mapped_column(Uuid, primary_key=True)]
Credits = Annotated[int, mapped_column(BigInteger)]
Kopecks = Annotated[int, mapped_column(BigInteger)]
CurrencyCode = Annotated[str, mapped_column(String(3))]
Word = Annotated[str, mapped_column(String(32))]
Line = Annotated[str, mapped_column(String(255))]


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it as a class attribute
        datetime: UtcDateTime(),
        JsonObject: Json,
    }


def one_of(column: str, values: type) -> str:
    """SQL for a CHECK that `column` holds a member of the string enum `values`."""
    return f"{column} IN ({', '.join(repr(str(v)) for v in values)})"  # type: ignore[attr-defined]  # an enum class is iterable


def constant(value: str | int) -> ColumnElement[Any]:  # Any: a column's own type
    """A word or a number of the SQL itself, not a parameter: only so can either database tell that a partial index will
    do, and SQLite without planning the statement anew at each run (which is most of the cost of a small one)."""
    return literal_column(repr(value) if isinstance(value, int) else f"'{value}'")


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """Of the rows for which the SQL `where` is true. `also_in_postgresql` has to follow where tables are made or
    compared: to name that database here would import its dialects, 2 MB, in every shop."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where))


def also_in_postgresql(metadata: MetaData) -> None:
    """Partial indexes are partial in PostgreSQL too."""
    for index in (index for table in metadata.tables.values() for index in table.indexes):
        if (where := index.dialect_options["sqlite"]["where"]) is not None:
            index.dialect_kwargs["postgresql_where"] = where


def table_of(mapped: type[Base]) -> Table:
    """The Core table of a class, for statements where the ORM would only cost."""
    table = mapped.__table__
    assert isinstance(table, Table)
    return table
