"""What was said in a conversation, a part at a time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.chats import ChatSession, FinishReason, MessageStatus, Sender
from db.tables.predictions import ErrorCode
from services.chats.orders import MessageNotFound
from services.chats.rows import IN_USE, messages
from services.chats.sessions import ChatSessionNotFound
from services.slices import Slice, first_of

_sessions = table_of(ChatSession)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLine:
    """What a customer said, or an answer, which says by `reply_to` what it is one to; then `hold` and `price` are in
    hundredths of a credit, `price` None until it is known. `text`: None where there is none yet; of an answer under way
    it is what was kept last. `replaced`: it is sent to the assistant no more."""

    id: UUID
    session_id: UUID
    number: int
    sender: Sender
    text: str | None
    status: MessageStatus
    pictures: tuple[UUID, ...]
    reply_to: UUID | None
    finish: FinishReason | None
    hold: int
    price: int | None
    free: bool
    prompt_tokens: int | None
    completion_tokens: int | None
    estimated: bool
    error_code: ErrorCode | None
    replaced: bool
    created_at: datetime
    finished_at: datetime | None

    @property
    def finished(self) -> bool:
        return self.status not in (MessageStatus.QUEUED, MessageStatus.RUNNING)


_SHOWN = tuple(name for name in ChatLine.__slots__ if name != "replaced")
_any = (
    select(*(messages.c[name] for name in _SHOWN), messages.c.replaced_at)
    .join(_sessions, _sessions.c.id == messages.c.session_id)
    .where(
        messages.c.session_id == bindparam("session"),
        messages.c.user_id == bindparam("user"),
        _sessions.c.deleted_at.is_(None),
    )
)
_one = _any.where(messages.c.id == bindparam("message"))
_newest = _any.where(IN_USE).order_by(messages.c.number.desc())
_there = select(_sessions.c.id).where(
    _sessions.c.id == bindparam("session"), _sessions.c.user_id == bindparam("user"), _sessions.c.deleted_at.is_(None)
)


def read_line(session: Session, session_id: UUID, message_id: UUID, user_id: int) -> ChatLine:
    """Raises MessageNotFound."""
    facts = {"session": session_id, "message": message_id, "user": user_id}
    row = session.connection().execute(_one, facts).first()
    if row is None:
        raise MessageNotFound(message_id=message_id)
    return _line(row)


def lines_after(session: Session, session_id: UUID, user_id: int, last: UUID | None, limit: int) -> Slice[ChatLine]:
    """The newest, or those older than the message `last`; without what was edited away or answered anew. Raises
    ChatSessionNotFound, MessageNotFound."""
    facts = {"session": session_id, "user": user_id}
    if session.connection().execute(_there, facts).first() is None:
        raise ChatSessionNotFound(session_id=session_id)
    query = _newest.params(**facts)
    if last is not None:
        query = query.where(messages.c.number < read_line(session, session_id, last, user_id).number)
    return first_of(session, query, limit).of(_line)


def _line(row: AnyRow) -> ChatLine:
    told = dict(row._mapping)
    replaced = told.pop("replaced_at") is not None
    told |= {
        "sender": Sender(row.sender),
        "status": MessageStatus(row.status),
        "pictures": tuple(UUID(each) for each in row.pictures or ()),
        "finish": None if row.finish is None else FinishReason(row.finish),
        "error_code": None if row.error_code is None else ErrorCode(row.error_code),
    }
    return ChatLine(**told, replaced=replaced)
