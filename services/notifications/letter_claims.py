"""Claims on the table `outbox` for letters. Like those for the chat (`claims`), but one at a time: a letter that waits
stands in no other's way."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import and_, bindparam, exists, func, or_, select, update
from sqlalchemy.orm import Session

from db.base import constant, table_of
from db.tables.identities import EmailLogin
from db.tables.outbox import Channel, OutboxMessage, RefusedAddress
from db.tables.users import User
from services.notifications.claims import LEASE, PENDING
from services.notifications.letter import Letter

_outbox, _users = table_of(OutboxMessage), table_of(User)
_logins, _refused = table_of(EmailLogin), table_of(RefusedAddress)

REMEMBERED: Final = timedelta(days=30)  # that nobody has an address: mailboxes come back

_own = _outbox.c.channel == constant(Channel.EMAIL)
# Who has Telegram is told everything there, for nobody wants the same twice.
_by_mail = and_(
    _outbox.c.channel.is_(None),
    exists()
    .where(_users.c.id == _outbox.c.user_id, _users.c.telegram_id.is_(None))
    .where(_logins.c.user_id == _users.c.id),
)
IS_LETTER = or_(_own, _by_mail)

_due = select(_outbox.c.id).where(PENDING, _outbox.c.available_at <= bindparam("now"), IS_LETTER)
_next = _due.order_by(_outbox.c.priority, _outbox.c.id).limit(1).with_for_update(skip_locked=True, of=_outbox)
_waiting = select(func.count(), func.min(func.coalesce(_outbox.c.reopened_at, _outbox.c.created_at))).where(
    PENDING, IS_LETTER
)
_address = func.coalesce(_outbox.c.address, _logins.c.address, "")
_claimed = (
    select(
        *(_outbox.c.id, _outbox.c.user_id, _outbox.c.kind, _outbox.c.payload, _outbox.c.key, _outbox.c.attempts),
        _outbox.c.available_at.label("lease"),
        func.coalesce(_outbox.c.reopened_at, _outbox.c.created_at).label("since"),
        _address.label("address"),
        func.coalesce(_outbox.c.language, _users.c.language, "").label("language"),
        _outbox.c.channel.is_not(None).label("own"),
        exists()
        .where(_refused.c.address == _address, _refused.c.refused_at > bindparam("remembered_since"))
        .correlate(_outbox, _logins)
        .label("refused"),
    )
    .outerjoin_from(_outbox, _users, _users.c.id == _outbox.c.user_id)
    .outerjoin(_logins, _logins.c.user_id == _outbox.c.user_id)
    .where(_outbox.c.id == bindparam("letter_id"))
)


def any_letter_due(session: Session, now: datetime) -> bool:
    return session.execute(_due.limit(1), {"now": now}).first() is not None


def claim_letter(session: Session, now: datetime) -> Letter | None:
    letter_id = session.scalar(_next, {"now": now})
    if letter_id is None:
        return None
    leased = {"attempts": _outbox.c.attempts + 1, "available_at": now + LEASE, "waits_for": None}
    session.execute(update(_outbox).where(_outbox.c.id == letter_id).values(leased))
    row = session.execute(_claimed, {"letter_id": letter_id, "remembered_since": now - REMEMBERED}).mappings().one()
    return Letter(**row)


def letters_waiting(session: Session, now: datetime) -> tuple[int, float]:
    """How many, whatever for, and how old the oldest is, in seconds."""
    count, since = session.execute(_waiting).one()
    return count, 0.0 if since is None else max((now - since).total_seconds(), 0.0)
