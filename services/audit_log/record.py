"""The audit log: who did what to whom, written in the transaction that does it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.tables.users import AuditAction, AuditEntry
from services.users.actor import Actor

_entries = table_of(AuditEntry)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """`subject`: the id of a payment, a package, a model, the week of a bonus, a request to an assistant, or the
    Telegram id of who got a role; `before` and `after`: only what the action changed; `after` of a request that was
    opened: its assistant."""

    actor: Actor
    action: AuditAction
    target_user_id: int | None = None
    subject: str | None = None
    before: JsonObject | None = None
    after: JsonObject | None = None
    reason: str | None = None


def record(session: Session, what: AuditRecord, now: datetime) -> int:
    """Returns the entry's id."""
    row = {
        "actor_user_id": what.actor.user_id,
        "edge": what.actor.edge,
        "target_user_id": what.target_user_id,
        "action": what.action,
        "subject": what.subject,
        "before": what.before,
        "after": what.after,
        "reason": what.reason,
        "created_at": now,
    }
    entry_id: int = session.execute(insert(_entries).returning(_entries.c.id), row).scalar_one()
    return entry_id


def complete(session: Session, entry_id: int, after: JsonObject) -> None:
    """What came of an action that had to call outside: it was written down before the call."""
    session.execute(update(_entries).where(_entries.c.id == entry_id, _entries.c.after.is_(None)).values(after=after))
