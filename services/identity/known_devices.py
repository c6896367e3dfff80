"""Browsers and programs that were signed in to an account before: they are not news to its owner, and strangers who try
passwords elsewhere do not take their tries away. Each shows a token of its own, kept as a hash; it lets nobody in."""

import re
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.identities import KnownDevice
from db.upsert import insert_into
from services.identity.tokens import hash_token

_devices = table_of(KnownDevice)

MOST: Final = 20  # of one account
KEPT: Final = timedelta(days=400)
_OURS = re.compile(r"[A-Za-z0-9_-]{43}")


def looks_ours(token: str) -> bool:
    """Whether it may be taken up again; what a stranger makes up may not."""
    return _OURS.fullmatch(token) is not None


def is_known(session: Session, user_id: int, token: str) -> bool:
    mine = (_devices.c.user_id == user_id) & (_devices.c.token_hash == hash_token(token))
    return bool(session.scalar(select(exists().where(mine))))


def meet_device(session: Session, user_id: int, token: str, now: datetime) -> None:
    """Part of a caller's transaction: it is known from now on."""
    seen = insert_into(session, _devices).values(user_id=user_id, token_hash=hash_token(token), seen_at=now)
    again = seen.on_conflict_do_update(index_elements=["user_id", "token_hash"], set_={"seen_at": now})
    session.execute(again)
    mine = select(_devices.c.id).where(_devices.c.user_id == user_id)
    too_many = mine.order_by(_devices.c.seen_at.desc(), _devices.c.id.desc()).offset(MOST)
    session.execute(delete(_devices).where(_devices.c.id.in_(list(session.scalars(too_many)))))


def forget_devices(session: Session, user_id: int) -> None:
    """Part of a caller's transaction: whoever comes next is news."""
    session.execute(delete(_devices).where(_devices.c.user_id == user_id))


def sweep_devices(session: Session, now: datetime) -> None:
    session.execute(delete(_devices).where(_devices.c.seen_at <= now - KEPT))
