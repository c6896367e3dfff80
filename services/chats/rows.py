"""The rows of a conversation, as those who sell answers read them."""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from db.base import AnyRow, constant, table_of
from db.tables.chats import ChatMessage, MessageStatus, Sender
from services.chats.context import PastTurn

messages = table_of(ChatMessage)
_questions = messages.alias("questions")

_queued, _running = constant(MessageStatus.QUEUED), constant(MessageStatus.RUNNING)
QUEUED: Final = messages.c.status == _queued
RUNNING: Final = messages.c.status == _running
UNFINISHED: Final = messages.c.status.in_((_queued, _running))
IN_USE: Final = messages.c.replaced_at.is_(None)
"""Not edited away, answered anew or joined with the next one."""

FIRST_ANSWER: Final = 2
"""Its number: a conversation begins with a customer's message."""

_past = (
    select(
        _questions.c.text.label("question"),
        messages.c.text.label("answer"),
        messages.c.completion_tokens,
        messages.c.estimated,
    )
    .join(_questions, _questions.c.id == messages.c.reply_to)
    .where(
        messages.c.session_id == bindparam("session"),
        messages.c.sender == constant(Sender.ASSISTANT),
        messages.c.status == constant(MessageStatus.SUCCEEDED),
        messages.c.number < bindparam("before"),
        IN_USE,
        _questions.c.replaced_at.is_(None),
        messages.c.text.is_not(None),
        _questions.c.text.is_not(None),
    )
    .order_by(messages.c.number.desc())
    .limit(bindparam("most"))
)
_last_number = select(func.coalesce(func.max(messages.c.number), 0)).where(
    messages.c.session_id == bindparam("session")
)


def past_turns(session: Session, session_id: UUID, *, before: int, most: int) -> list[PastTurn]:
    """Turns of a conversation that were answered before message number `before`, the newest `most`, oldest first."""
    if before <= FIRST_ANSWER:
        return []
    facts = {"session": session_id, "before": before, "most": most}
    rows = session.connection().execute(_past, facts).all()
    return [
        PastTurn(question=row.question, answer=row.answer, measured=None if row.estimated else row.completion_tokens)
        for row in reversed(rows)
    ]


def unheard_seconds(message: AnyRow) -> int:
    """Of a voice message that is still to be listened to."""
    return 0 if message.heard_at is not None else int(message.voice_seconds or 0)


def last_number(session: Session, session_id: UUID) -> int:
    return int(session.connection().execute(_last_number, {"session": session_id}).scalar_one())
