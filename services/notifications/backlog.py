"""How much waits in the outbox, and for how long."""

from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.outbox import OutboxMessage, Priority, Wait
from services.notifications.claims import CAN_BE_SENT, KEPT_BACK, PENDING

_outbox = table_of(OutboxMessage)

_oldest = func.min(func.coalesce(_outbox.c.reopened_at, _outbox.c.created_at))
_untold = PENDING & or_(_outbox.c.waits_for.is_(None), _outbox.c.waits_for != Wait.LOOK) & CAN_BE_SENT
_answer_kept_back = PENDING & (_outbox.c.priority == Priority.ANSWER) & _outbox.c.waits_for.in_(KEPT_BACK)


def backlog(session: Session, now: datetime) -> tuple[int, float]:
    count, since = session.execute(select(func.count(), _oldest).where(_untold)).one()
    return count, _seconds(since, now)


def kept_back(session: Session, now: datetime) -> float:
    return _seconds(session.scalar(select(_oldest).where(_answer_kept_back)), now)


def _seconds(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)
