"""Messages that must arrive: written in the transaction whose news they are, sent later by the chat's edge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Executable, insert
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.tables.outbox import Channel, OutboxKind, OutboxMessage, OutboxStatus, Priority
from db.upsert import insert_of
from services.notifications.kinds.news import News
from services.redaction import redact
from services.webhooks import events as webhooks

_outbox = table_of(OutboxMessage)


def put(session: Session, news: News, *, user_id: int, now: datetime) -> bool:
    """Part of a caller's transaction. What was told before is not told again: False."""
    webhooks.note(session, [(user_id, news)], now)
    return _add_new(session, row_of(news, user_id=user_id, now=now))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """An address that a letter goes to. `language`: of who has no account; `user_id`: of who has one."""

    address: str
    language: str
    user_id: int | None = None


def put_letter(session: Session, letter: News, *, to: Mailbox, now: datetime) -> bool:
    """As `put`, by e-mail alone and to this address, whichever the user's is."""
    row = {
        "user_id": to.user_id,
        "channel": Channel.EMAIL,
        "address": to.address,
        "language": to.language,
        "kind": letter.kind,
        "payload": letter.dump(),
        "key": letter.key,
        "status": OutboxStatus.PENDING,
        "priority": letter.priority,
        "attempts": 0,
        "available_at": now,
        "created_at": now,
    }
    return _add_new(session, row)


def put_many(session: Session, told: Sequence[tuple[int, News]], now: datetime) -> None:
    """Like `put`, to users by their ids, for facts that the caller has just made and that cannot have been told
    before."""
    webhooks.note(session, told, now)
    session.connection().execute(_add, [row_of(news, user_id=user_id, now=now) for user_id, news in told])


def enqueue(
    session: Session,
    *,
    user_id: int,
    kind: OutboxKind,
    payload: JsonObject,
    key: str,
    now: datetime,
    priority: Priority = Priority.ANSWER,
) -> bool:
    """As `put`, for what was written as a row before, perhaps by another version, or goes on under another key."""
    row = _row(user_id=user_id, kind=kind, payload=payload, key=key, priority=priority, now=now)
    return _add_new(session, row)


def row_of(news: News, *, user_id: int, now: datetime) -> dict[str, Any]:  # Any: the columns' values
    return _row(user_id=user_id, kind=news.kind, payload=news.dump(), key=news.key, priority=news.priority, now=now)


def _row(
    *, user_id: int, kind: OutboxKind, payload: JsonObject, key: str, priority: Priority, now: datetime
) -> dict[str, Any]:  # Any: the columns' values
    return {
        "user_id": user_id,
        "kind": kind,
        "payload": payload,
        "key": key,
        "status": OutboxStatus.PENDING,
        "priority": priority,
        "attempts": 0,
        "available_at": now,
        "created_at": now,
    }


def _add_new(session: Session, row: dict[str, Any]) -> bool:
    """Whether its key is new."""
    adding = _adding(session.get_bind().dialect.name)
    return session.connection().execute(adding, row).first() is not None


@cache  # building and hashing a statement costs more than SQLite takes to run it
def _adding(dialect: str) -> Executable:
    return insert_of(dialect)(_outbox).on_conflict_do_nothing(index_elements=["key"]).returning(_outbox.c.id)


_add = insert(_outbox)


def short(error: str) -> str:
    """As much of a reason as a row keeps."""
    return redact(error.replace("\x00", ""))[:255]  # PostgreSQL takes no zero characters
