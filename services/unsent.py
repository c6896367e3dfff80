"""What of the outbox could not be sent: given up, or waiting for long."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.outbox import OutboxMessage, OutboxStatus, Wait

_outbox = table_of(OutboxMessage)
_since = func.coalesce(_outbox.c.reopened_at, _outbox.c.created_at)
_given_up = _outbox.c.status == OutboxStatus.FAILED
_waits = (_outbox.c.status == OutboxStatus.PENDING) & or_(
    _outbox.c.waits_for.is_(None), _outbox.c.waits_for != Wait.LOOK
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """`why`: what the latest that was given up, and the one that waits longest, failed with last; empty where nothing
    was tried."""

    given_up: int
    given_up_why: str
    waiting: int
    waiting_for: timedelta
    waiting_why: str


def unsent(session: Session, now: datetime) -> Unsent:
    last = session.execute(select(_outbox.c.error).where(_given_up).order_by(_outbox.c.id.desc()).limit(1)).first()
    oldest = session.execute(select(_since, _outbox.c.error).where(_waits).order_by(_since).limit(1)).first()
    return Unsent(
        given_up=session.execute(select(func.count()).where(_given_up)).scalar_one(),
        given_up_why="" if last is None else last.error or "",
        waiting=session.execute(select(func.count()).where(_waits)).scalar_one(),
        waiting_for=timedelta() if oldest is None else max(now - oldest[0], timedelta()),
        waiting_why="" if oldest is None else oldest.error or "",
    )
