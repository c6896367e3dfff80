"""What becomes of a message of the outbox once it has been claimed, in the database."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.outbox import OutboxMessage, OutboxStatus, Priority, Wait
from db.upsert import insert_into
from services.notifications.claims import PENDING, still_held
from services.notifications.kinds.news import News
from services.notifications.notification import About, ClaimedMessage, Notification
from services.notifications.outbox import enqueue, short

_outbox = table_of(OutboxMessage)

RECHECK_AFTER = timedelta(seconds=20)  # by then a request that was cut off has taken effect or never will


def settle(
    session: Session, notification: ClaimedMessage, status: OutboxStatus, now: datetime, error: str | None
) -> bool:
    """Whether it was this sender's to settle."""
    sent_at = now if status is OutboxStatus.SENT else None
    values = {"status": status, "sent_at": sent_at, "waits_for": None, "error": error and short(error)}
    settled = update(_outbox).where(still_held(notification)).values(values).returning(_outbox.c.id)
    return session.execute(settled).first() is not None


def settle_and_go_on(
    session: Session,
    notification: Notification,
    status: OutboxStatus,
    now: datetime,
    error: str | None,
    *,
    then: News | None,
) -> None:
    if settle(session, notification, status, now, error) and then is not None:
        key = f"after:{notification.id}"
        enqueue(session, user_id=notification.user_id, kind=then.kind, payload=then.dump(), key=key, now=now)


def postpone(session: Session, notification: ClaimedMessage, values: dict[str, Any]) -> None:
    """`values`: the columns' (hence Any)."""
    session.execute(update(_outbox).where(still_held(notification)).values(values))


def release(session: Session, now: datetime, wait: Wait) -> None:
    """Tries while Telegram was away say nothing of the message: the next pause, if it needs one, is short again."""
    values: dict[str, Any] = {"available_at": now, "waits_for": None}
    if wait is Wait.TELEGRAM:
        values["attempts"] = case((_outbox.c.attempts > 1, 1), else_=_outbox.c.attempts)
    session.execute(update(_outbox).where(PENDING, _outbox.c.waits_for == wait).values(values))


def recheck(session: Session, about: About, now: datetime) -> None:
    """A sender that is at it settles nothing any more. Asked for many times it was not tried in vain once: the pause
    after a try that fails is a short one."""
    look = about.look
    row = {
        "user_id": about.user_id,
        "kind": look.kind,
        "payload": look.dump(),
        "key": look.key,
        "priority": Priority.NEWS,
        "created_at": now,
    }
    anew = {
        "status": OutboxStatus.PENDING,
        "attempts": 0,
        "available_at": now + RECHECK_AFTER,
        "waits_for": Wait.LOOK,
        "reopened_at": now,
    }
    new = insert_into(session, _outbox).values(row | anew)
    session.execute(new.on_conflict_do_update(index_elements=["key"], set_=anew))


def tell_again(session: Session, key: str, now: datetime) -> None:
    told = update(_outbox).where(_outbox.c.key == key, _outbox.c.status == OutboxStatus.SENT)
    session.execute(told.values(status=OutboxStatus.PENDING, attempts=0, available_at=now, reopened_at=now))


def reopen(session: Session, now: datetime) -> int:
    given_up = update(_outbox).where(_outbox.c.status == OutboxStatus.FAILED).returning(_outbox.c.id)
    anew = {"status": OutboxStatus.PENDING, "attempts": 0, "available_at": now, "reopened_at": now}
    return len(session.execute(given_up.values(anew)).all())
