"""What a customer has ordered, as lists, and what waits for an order."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from db.base import constant
from db.tables.scorings import ScoringStatus
from services.pages import Page, paginate
from services.scoring.queries import ScoringView, look_at, scorings, view_of
from services.slices import Slice, first_of

_ORDERED = scorings.c.status != constant(ScoringStatus.DRAFT)


def page_of_user(session: Session, user_id: int, page: int, size: int) -> Page[ScoringView]:
    found = paginate(session, _mine(user_id), page, size)
    return found.holding([view_of(row) for row in found.items])


def last_draft(session: Session, user_id: int) -> ScoringView | None:
    """The newest that was checked and may be ordered."""
    mine = (scorings.c.user_id == user_id) & ~_ORDERED & scorings.c.checked_file_id.is_not(None)
    row = session.execute(select(scorings).where(mine).order_by(scorings.c.created_at.desc()).limit(1)).first()
    return None if row is None else view_of(row)


def older_of_user(session: Session, user_id: int, last: UUID | None, limit: int) -> Slice[ScoringView]:
    """The newest, or those older than `last`. Raises `ScoringNotFound` where that is none of theirs."""
    mine = _mine(user_id)
    if last is not None:
        at = look_at(session, last, user_id).created_at
        older = (scorings.c.created_at < at) | ((scorings.c.created_at == at) & (scorings.c.id < last))
        mine = mine.where(older)
    return first_of(session, mine, limit).of(view_of)


def _mine(user_id: int) -> Select[Any]:  # Any: all columns
    mine = select(scorings).where(scorings.c.user_id == user_id, _ORDERED)
    return mine.order_by(scorings.c.created_at.desc(), scorings.c.id.desc())
