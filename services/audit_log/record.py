"""The audit log: who did what to whom, written in the transaction that does it."""

from datetime import datetime

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.tables.users import AuditAction, AuditEntry

_entries = table_of(AuditEntry)


def record(
    session: Session,
    *,
    actor: int | None,
    action: AuditAction,
    now: datetime,
    target_user_id: int | None = None,
    subject: str | None = None,
    before: JsonObject | None = None,
    after: JsonObject | None = None,
    reason: str | None = None,
) -> int:
    """`actor`: a Telegram id, None for the shop itself; `subject`: the
    id of a payment, a package, a model. Returns the entry's id."""
    row = {
        "actor_telegram_id": actor,
        "target_user_id": target_user_id,
        "action": action,
        "subject": subject,
        "before": before,
        "after": after,
        "reason": reason,
        "created_at": now,
    }
    entry_id: int = session.execute(insert(_entries).returning(_entries.c.id), row).scalar_one()
    return entry_id


def complete(session: Session, entry_id: int, after: JsonObject) -> None:
    """What came of an action that had to call outside: it was written down before the call."""
    session.execute(update(_entries).where(_entries.c.id == entry_id, _entries.c.after.is_(None)).values(after=after))
