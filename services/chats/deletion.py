"""What customers said and were told goes when they want it gone; what it cost stays."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.chats import AiRequest, ChatMessage, ChatSession
from services.chats.withdraw import withdraw
from services.files.cleanup import wish_away
from services.files.files import parse_file_id

_sessions, _messages, _requests = table_of(ChatSession), table_of(ChatMessage), table_of(AiRequest)
_lock = select(_sessions.c.id).where(_sessions.c.id == bindparam("session")).with_for_update()


def delete_session(session: Session, session_id: UUID, now: datetime) -> None:
    """The conversation, its texts, pictures and voice messages and what the journal has of it. Answers that wait are
    canceled and paid back, those under way are to stop; their texts go when they have ended."""
    session.execute(_lock, {"session": session_id})  # as who adds to it does
    withdraw(session, session_id, since=0, now=now)
    of_session = select(_messages.c.id).where(_messages.c.session_id == session_id)
    gone = {"is_active": False, "ended_at": now, "deleted_at": now, "title": None}
    session.execute(update(_sessions).where(_sessions.c.id == session_id).values(**gone))
    wish_away(session, _files_of(session, session_id))
    nothing = dict.fromkeys(("text", "pictures", "voice"))
    session.execute(update(_messages).where(_messages.c.session_id == session_id).values(**nothing))
    texts = {"request": None, "response": None}
    session.execute(update(_requests).where(_requests.c.message_id.in_(of_session)).values(**texts))


def _files_of(session: Session, session_id: UUID) -> list[UUID]:
    told = select(_messages.c.pictures, _messages.c.voice).where(_messages.c.session_id == session_id)
    rows = session.execute(told).all()
    pictures = [parse_file_id(each) for row in rows for each in row.pictures or ()]
    return [file_id for file_id in (*pictures, *(row.voice for row in rows)) if file_id is not None]


def delete_all(session: Session, user_id: int, now: datetime) -> int:
    """Returns how many conversations had a message: the others were never shown."""
    mine = (_sessions.c.user_id == user_id) & _sessions.c.deleted_at.is_(None)
    found = session.execute(select(_sessions.c.id, _sessions.c.title).where(mine)).all()
    for row in found:
        delete_session(session, row.id, now)
    return sum(row.title is not None for row in found)
