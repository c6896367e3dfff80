"""What only the shop's owners can mend, told to each of them: now, or when they next come."""

import json
from collections.abc import Collection
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.outbox import OwnerNews
from db.tables.users import User
from db.upsert import insert_into
from services.notifications import outbox
from services.notifications.kinds.news import News

_users, _news = table_of(User), table_of(OwnerNews)
_waiting = select(_news.c.id).where(_news.c.telegram_id == bindparam("telegram_id")).limit(1)


def tell_owners(session: Session, owners: Collection[int], news: News, *, now: datetime) -> None:
    """Part of a caller's transaction. `owners`: Telegram ids. Each is told once: those who have never opened the bot,
    or have blocked it, when they next come."""
    kind, payload, key = news.kind, news.dump(), news.key
    reached = select(_users.c.telegram_id, _users.c.id).where(
        _users.c.telegram_id.in_(owners), _users.c.blocked_at.is_(None)
    )
    known = {row.telegram_id: row.id for row in session.execute(reached)} if owners else {}
    for telegram_id in sorted(set(owners)):
        if (user_id := known.get(telegram_id)) is not None:
            outbox.enqueue(session, user_id=user_id, kind=kind, payload=payload, key=f"{key}:{user_id}", now=now)
            continue
        row = {"telegram_id": telegram_id, "kind": kind, "payload": payload, "key": key, "created_at": now}
        kept = insert_into(session, _news).values(row)
        session.execute(kept.on_conflict_do_nothing(index_elements=["telegram_id", "key"]))


def tell_user(session: Session, user_id: int, news: News, *, now: datetime) -> None:
    """The same to one of the shop's people who acted, and so has a row."""
    telegram_id = session.scalar(select(_users.c.telegram_id).where(_users.c.id == user_id))
    if telegram_id is None:
        key = f"{news.key}:{user_id}"
        outbox.enqueue(session, user_id=user_id, kind=news.kind, payload=news.dump(), key=key, now=now)
    else:
        tell_owners(session, (telegram_id,), news, now=now)


def forget_news(session: Session, key: str) -> None:
    """What waited for owners under keys that begin so is not true any more."""
    session.execute(delete(_news).where(_news.c.key.startswith(key, autoescape=True)))


async def tell_what_waited(db: Database, telegram_id: int, now: datetime) -> bool:
    """An owner is here: into the outbox with what could not be told. False where there was nothing."""
    if not await db.read(_any_waiting, telegram_id):
        return False
    await db.write(_hand_over, telegram_id, now)
    return True


def _any_waiting(session: Session, telegram_id: int) -> bool:
    return session.connection().execute(_waiting, {"telegram_id": telegram_id}).first() is not None


def _hand_over(session: Session, telegram_id: int, now: datetime) -> None:
    """Words that waited several times, such as a trouble of every day, are told once."""
    user_id = session.scalar(select(_users.c.id).where(_users.c.telegram_id == telegram_id))
    if user_id is None:
        return
    taken = delete(_news).where(_news.c.telegram_id == telegram_id).returning(_news)
    rows = sorted(session.execute(taken).all(), key=lambda row: row.id)
    latest = {(row.kind, json.dumps(row.payload, sort_keys=True)): row for row in rows}
    for row in latest.values():
        key = f"{row.key}:{user_id}"
        outbox.enqueue(session, user_id=user_id, kind=row.kind, payload=row.payload, key=key, now=now)
