"""Messages of a conversation that are sent to the assistant no more: edited, joined with the next one, answered
anew."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.chats import MessageStatus
from services.billing import ledger
from services.chats import usage
from services.chats.claims import ClaimedAnswer
from services.chats.rows import IN_USE, UNFINISHED, messages
from services.plans.allowances import settle_answer

_unfinished = (
    select(messages)
    .where(messages.c.session_id == bindparam("session"), messages.c.number >= bindparam("since"), UNFINISHED)
    .order_by(messages.c.number)
    .with_for_update()
)


def withdraw(session: Session, session_id: UUID, *, since: int, now: datetime) -> None:
    """Messages from number `since` on. Answers that wait are canceled and paid back; those under way are to stop."""
    for row in session.execute(_unfinished, {"session": session_id, "since": since}).all():
        if row.status == MessageStatus.QUEUED:
            cancel(session, row, now)
    these = (messages.c.session_id == session_id) & (messages.c.number >= since)
    session.execute(update(messages).where(these, UNFINISHED).values(stop_requested_at=now))
    session.execute(update(messages).where(these, IN_USE).values(replaced_at=now))


def cancel(session: Session, answer: AnyRow, now: datetime) -> None:
    """An answer that waits, locked: nobody gets it, and what it was sold for comes back: credits, or its place in the
    day's or the plan's allowance."""
    ended = {"status": MessageStatus.CANCELED, "finished_at": now}
    session.execute(update(messages).where(messages.c.id == answer.id).values(**ended))
    if answer.hold:
        ledger.charge_refund(session, message_id=answer.id, now=now)
    elif answer.free:
        return_place(session, answer)
    else:
        settle_answer(session, answer.id, None)


def return_place(session: Session, answer: AnyRow | ClaimedAnswer) -> None:
    """In the allowance of the day on which it was sold: nothing was delivered."""
    usage.return_free(session, user_id=answer.user_id, model_slug=answer.model_slug, day=answer.day)
