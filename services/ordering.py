"""Rows that admins put in order: one of them goes up or down, and all get new positions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, select, update
from sqlalchemy.orm import Session

STEP: Final = 10  # between positions


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """`key` names a row; `position` is the column that admins set; `by`: what the rows are listed by."""

    key: Column[Any]  # Any: a number or a word
    position: Column[Any]
    by: Sequence[ColumnElement[Any]]


def move(session: Session, order: Ranking, key: int | str, places: int) -> tuple[int, int] | None:
    """Up (negative) or down, as far as it goes. Gives its place before and after, from 1; None where there is no such
    row. Two at once go one after the other: rows are locked first, and read again then."""
    session.execute(select(order.key).order_by(order.key).with_for_update(key_share=True))
    keys = list(session.scalars(select(order.key).order_by(*order.by)))
    if key not in keys:
        return None
    old = keys.index(key)
    new = min(max(old + places, 0), len(keys) - 1)
    if new != old:
        keys.insert(new, keys.pop(old))
        for place, each in enumerate(keys, start=1):
            placed = update(order.key.table).where(order.key == each).values({order.position: place * STEP})
            session.execute(placed)
    return old + 1, new + 1
