"""Claims on the table `outbox`: which messages a sender takes, and until when. The same statements on both databases;
on PostgreSQL rows locked by another sender are skipped, on SQLite there is one writer.

A claim is known by its lease and its number: what an earlier one brings is refused.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, case, exists, func, or_, select, update
from sqlalchemy.orm import Session

from db.base import constant, table_of
from db.tables.outbox import OutboxMessage, OutboxStatus, Wait
from db.tables.users import User
from services.notifications.notification import ClaimedMessage, Notification
from services.users.recipient import Recipient

_outbox, _users = table_of(OutboxMessage), table_of(User)

LEASE = timedelta(seconds=60)  # how long one sender has before another may try
KEPT_BACK: Final = (Wait.TELEGRAM, Wait.TRIED)  # by a Telegram that is away

PENDING = _outbox.c.status == constant(OutboxStatus.PENDING)
# What is for somebody without a channel waits until they have one. The same people by Telegram and by e-mail get it in
# the chat.
CAN_BE_SENT = _outbox.c.channel.is_(None) & exists().where(
    _users.c.id == _outbox.c.user_id, _users.c.telegram_id.is_not(None)
)

_is_due = PENDING & (_outbox.c.available_at <= bindparam("now")) & CAN_BE_SENT
_due = select(_outbox.c.id).where(_is_due)
_may_probe = (
    PENDING & or_(_outbox.c.available_at <= bindparam("now"), _outbox.c.waits_for == Wait.TELEGRAM) & CAN_BE_SENT
)
_earlier = _outbox.alias("earlier")
_earlier_one = select(_earlier.c.id).where(
    _earlier.c.user_id == _outbox.c.user_id,
    _earlier.c.channel.is_(None),
    _earlier.c.status == constant(OutboxStatus.PENDING),
    _earlier.c.priority == _outbox.c.priority,
    _earlier.c.id < _outbox.c.id,
    or_(_earlier.c.waits_for.is_(None), _earlier.c.waits_for.in_(KEPT_BACK)),  # the others are passed
)
_first = ~_earlier_one.exists() & _outbox.c.id.not_in(bindparam("in_hand", expanding=True))
_in_order = (_outbox.c.priority, _outbox.c.id)
_first_in_chat = _due.where(_first).order_by(*_in_order).with_for_update(skip_locked=True)
_longest_waiting = (
    select(_outbox.c.id)
    .where(_may_probe, _first)
    .order_by(_outbox.c.available_at, _outbox.c.id)
    .with_for_update(skip_locked=True)
)


def any_due(session: Session, now: datetime) -> bool:
    return session.execute(_due.limit(1), {"now": now}).first() is not None


def any_waiting(session: Session, now: datetime) -> bool:
    return session.execute(select(_outbox.c.id).where(_may_probe).limit(1), {"now": now}).first() is not None


def claim(
    session: Session, now: datetime, limit: int, *, in_hand: Collection[int], probe: bool = False
) -> list[Notification]:
    some = _longest_waiting if probe else _first_in_chat
    ids = list(session.scalars(some.limit(limit), {"now": now, "in_hand": list(in_hand)}))
    if not ids:
        return []
    tried = case((_outbox.c.waits_for.in_(KEPT_BACK), Wait.TRIED))
    leased = {"attempts": _outbox.c.attempts + 1, "available_at": now + LEASE, "waits_for": tried}
    session.execute(update(_outbox).where(_outbox.c.id.in_(ids)).values(leased))
    columns = (
        _outbox.c.id,
        _outbox.c.kind,
        _outbox.c.payload,
        _outbox.c.attempts,
        _outbox.c.available_at.label("lease"),
        func.coalesce(_outbox.c.reopened_at, _outbox.c.created_at).label("since"),
        _outbox.c.waits_for.is_not(None).label("kept_back"),
        _users.c.blocked_at.is_not(None).label("blocked"),
        ((_outbox.c.attempts > 1) & _outbox.c.error.is_(None)).label("lost"),
    )
    whom = (_outbox.c.user_id, _users.c.language, _users.c.telegram_id)
    rows = session.execute(
        select(*whom, *columns)
        .join(_users, _users.c.id == _outbox.c.user_id)
        .where(_outbox.c.id.in_(ids))
        .order_by(*_in_order)
    )
    return [_claimed(dict(row)) for row in rows.mappings()]


def _claimed(row: dict[str, Any]) -> Notification:
    """`row`: the columns' values, hence Any."""
    recipient = Recipient(**{name: row.pop(name) for name in ("user_id", "language", "telegram_id")})
    return Notification(recipient=recipient, **row)


def still_held(notification: ClaimedMessage) -> ColumnElement[bool]:
    """As it was claimed: not by another sender since, nor to be sent anew."""
    claimed = (_outbox.c.attempts == notification.attempts) & (_outbox.c.available_at == notification.lease)
    return (_outbox.c.id == notification.id) & claimed & PENDING
