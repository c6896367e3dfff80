"""Long lists, a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, func
from sqlalchemy.orm import Session

from db.base import AnyRow

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """`page` counts from 0; `pages` is at least 1."""

    items: Sequence[T]
    page: int
    pages: int

    def holding(self, items: Sequence[U]) -> "Page[U]":
        """The same page of other items, such as what its rows say."""
        return Page(items=items, page=self.page, pages=self.pages)


def paginate(session: Session, query: Select[Any], page: int, size: int) -> Page[AnyRow]:  # Any: of whatever columns
    """Rows of an ordered query; a page past the end is the last one."""
    counted = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    page, pages = _within(session.scalar(counted) or 0, page, size)
    return Page(items=session.execute(query.limit(size).offset(page * size)).all(), page=page, pages=pages)


def page_of(items: Sequence[U], page: int, size: int) -> Page[U]:
    """The same of a list that is in memory."""
    page, pages = _within(len(items), page, size)
    return Page(items=items[page * size :][:size], page=page, pages=pages)


def _within(total: int, page: int, size: int) -> tuple[int, int]:
    pages = max(1, -(-total // size))
    return min(max(page, 0), pages - 1), pages
