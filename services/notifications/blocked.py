"""Messages to those who have blocked the bot: what they waited for comes when they are back."""

from datetime import datetime
from typing import Final

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from db.base import constant, table_of
from db.tables.outbox import OutboxMessage, OutboxStatus, Priority
from db.tables.users import User
from services.notifications.notification import Notification
from services.notifications.outbox import short
from services.notifications.settle import postpone, settle

_outbox, _users = table_of(OutboxMessage), table_of(User)
_SKIPPED: Final = _outbox.c.status == constant(OutboxStatus.SKIPPED)
_blocked_at = select(_users.c.blocked_at).where(_users.c.id == bindparam("user")).with_for_update(key_share=True)


def skip_blocked(session: Session, notification: Notification, reason: str, now: datetime) -> OutboxStatus:
    """Where its user is back meanwhile it is due at once."""
    if session.scalar(_blocked_at, {"user": notification.user_id}) is None:
        postpone(session, notification, {"available_at": now, "error": short(reason)})
        return OutboxStatus.PENDING
    settle(session, notification, OutboxStatus.SKIPPED, now, reason)
    return OutboxStatus.SKIPPED


def mark_blocked(session: Session, telegram_id: int, now: datetime) -> None:
    """From the first time on that it was noticed."""
    here = (_users.c.telegram_id == telegram_id) & _users.c.blocked_at.is_(None)
    session.execute(update(_users).where(here).values(blocked_at=now))


def come_back(session: Session, telegram_id: int, now: datetime) -> None:
    """What was skipped since is due. Its lease ended after the block was noticed."""
    row = session.execute(
        select(_users.c.id, _users.c.blocked_at)
        .where(_users.c.telegram_id == telegram_id, _users.c.blocked_at.is_not(None))
        .with_for_update(key_share=True)
    ).first()
    if row is None:
        return
    session.execute(update(_users).where(_users.c.id == row.id).values(blocked_at=None))
    waited_for = _SKIPPED & (_outbox.c.user_id == row.id) & (_outbox.c.priority == Priority.ANSWER)
    anew = {"status": OutboxStatus.PENDING, "attempts": 0, "available_at": now, "reopened_at": now}
    session.execute(update(_outbox).where(waited_for, _outbox.c.available_at > row.blocked_at).values(anew))
