"""Long lists by what stands after an item, for whoever reads all of them: what comes in meanwhile shifts nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
from sqlalchemy.orm import Session

from db.base import AnyRow

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(Generic[T]):
    items: Sequence[T]
    has_more: bool

    def of(self, make: Callable[[T], U]) -> "Slice[U]":
        """The same part of other items, such as what its rows say."""
        return Slice(items=[make(item) for item in self.items], has_more=self.has_more)


def first_of(session: Session, query: Select[Any], limit: int) -> Slice[AnyRow]:  # Any: of whatever columns
    """The first rows of an ordered query."""
    rows = session.execute(query.limit(limit + 1)).all()
    return Slice(items=rows[:limit], has_more=len(rows) > limit)
