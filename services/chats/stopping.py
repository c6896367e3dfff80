"""A customer wants an answer no more, or shows it somewhere."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.tables.chats import MessageStatus
from services.chats.rows import UNFINISHED, messages
from services.chats.withdraw import cancel
from services.notifications import outbox
from services.notifications.kinds.chats import AnswerReady


def request_stop(
    session: Session, user_id: int, answer_id: UUID | None, now: datetime
) -> tuple[list[UUID], list[UUID]]:
    """Answers under way, which whoever gives them will end, and those that were waiting, which are canceled and paid
    back now."""
    mine = (messages.c.user_id == user_id) & UNFINISHED
    if answer_id is not None:
        mine &= messages.c.id == answer_id
    stopped, canceled = [], []
    for row in session.execute(select(messages).where(mine).order_by(messages.c.number).with_for_update()).all():
        if row.status == MessageStatus.RUNNING:
            stopped.append(row.id)
            continue
        cancel(session, row, now)
        canceled.append(row.id)
        outbox.put(session, AnswerReady(message_id=row.id), user_id=user_id, now=now)
    session.execute(update(messages).where(messages.c.id.in_(stopped)).values(stop_requested_at=now))
    return stopped, canceled


def note_message(session: Session, answer_id: UUID, message_id: int) -> bool:
    """Whether the answer is not given yet, and is shown nowhere else."""
    free = (messages.c.id == answer_id) & UNFINISHED & messages.c.message_id.is_(None)
    noted = update(messages).where(free).values(message_id=message_id)
    return session.execute(noted.returning(messages.c.id)).first() is not None
