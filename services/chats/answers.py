"""Answers to look at."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.chats import FinishReason, MessageStatus
from db.tables.predictions import ErrorCode
from services.chats.orders import MessageNotFound
from services.chats.rows import IN_USE, UNFINISHED, messages
from services.notifications.message_ref import MessageRef


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerView:
    """An answer and what it is one to. `hold`, `price` in hundredths of a credit, `fixed_price` of it whatever its
    length; texts are None once deleted; `heard`: the question was said aloud; `replaced`: it is sent to the assistant
    no more; `shortened`: the first for which older messages were left out; `latest`: nothing came after it."""

    id: UUID
    session_id: UUID
    user_id: int
    model_slug: str
    preset_id: int | None
    question_id: UUID
    question: str | None
    heard: bool
    text: str | None
    status: MessageStatus
    finish: FinishReason | None
    estimated: bool
    hold: int
    price: int | None
    fixed_price: int
    free: bool
    error_code: ErrorCode | None
    replaced: bool
    shortened: bool
    latest: bool
    place: MessageRef | None
    created_at: datetime
    finished_at: datetime | None


_question = messages.alias("question")
_later = messages.alias("later")
_any = (
    select(
        messages,
        _question.c.text.label("question"),
        _question.c.heard_at.label("question_heard_at"),
        ~select(_later.c.id)
        .where(_later.c.session_id == messages.c.session_id, _later.c.number > messages.c.number)
        .exists()
        .label("latest"),
    )
    .join(_question, _question.c.id == messages.c.reply_to)
    .where(messages.c.user_id == bindparam("user"))
)
_one = _any.where(messages.c.id == bindparam("answer"))
_by_key = _any.where(messages.c.request_key == bindparam("key"))
_running = select(messages.c.id).where(messages.c.user_id == bindparam("user"), UNFINISHED, IN_USE)


def read_answer(session: Session, answer_id: UUID, user_id: int) -> AnswerView:
    row = session.execute(_one, {"answer": answer_id, "user": user_id}).first()
    if row is None:
        raise MessageNotFound(answer_id=answer_id)
    return _view(row)


def is_sent(session: Session, request_key: str, user_id: int) -> bool:
    return session.execute(_by_key, {"key": request_key, "user": user_id}).first() is not None


def running_of(session: Session, user_id: int) -> list[UUID]:
    return list(session.scalars(_running, {"user": user_id}))


def _view(row: AnyRow) -> AnswerView:
    return AnswerView(
        id=row.id,
        session_id=row.session_id,
        user_id=row.user_id,
        model_slug=row.model_slug,
        preset_id=row.preset_id,
        question_id=row.reply_to,
        question=row.question,
        heard=row.question_heard_at is not None,
        text=row.text,
        status=MessageStatus(row.status),
        finish=None if row.finish is None else FinishReason(row.finish),
        estimated=row.estimated,
        hold=row.hold,
        price=row.price,
        fixed_price=row.fixed_price,
        free=row.free,
        error_code=None if row.error_code is None else ErrorCode(row.error_code),
        replaced=row.replaced_at is not None,
        shortened=row.shortened,
        latest=row.latest,
        place=MessageRef.of(row),
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
