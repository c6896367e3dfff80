"""Messages that were edited: whether they can be answered anew, and what has joined them since.

The key of an edit is that of its message, `EDIT` and something of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.chats import Sender
from services.chats.orders import MessageNotFound, MessageNotLast
from services.chats.rows import messages

EXTRA: Final = "\n"  # between messages that are joined
EDIT: Final = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditableMessage:
    """As it was said last: `replaces` of an order."""

    session_id: UUID
    question_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedPart:
    """A message that went with the one before it; `key` of its own."""

    text: str
    pictures: tuple[UUID, ...]
    key: str


def together(before: str, text: str) -> str:
    """A picture may come without words."""
    return EXTRA.join(each for each in (before, text) if each)


def editable(session: Session, key: str, user_id: int) -> EditableMessage | None:
    """The message of that key, where it is the last one of its conversation, or went with that."""
    facts = {"user": user_id, "key": key, "edits": f"{key}{EDIT}"}
    said = session.execute(_newest_of, facts).first()
    if said is None:
        return None
    try:
        chain_from(session, said.session_id, said.reply_to)
    except (MessageNotFound, MessageNotLast):
        return None
    return EditableMessage(session_id=said.session_id, question_id=said.reply_to)


def chain_from(session: Session, session_id: UUID, question_id: UUID) -> list[AnyRow]:
    """The edited message, and those that joined it, each with all that its text goes on from. Raises MessageNotFound,
    MessageNotLast: the conversation went on without it."""
    edited = session.execute(_own_message, {"message": question_id, "session": session_id}).first()
    if edited is None or edited.text is None:
        raise MessageNotFound(message_id=question_id)
    number: int | None = session.execute(_last_own, {"session": session_id}).scalar()
    chain: list[AnyRow] = []
    while number is not None and number > edited.number:
        chain.append(message_numbered(session, session_id, number))
        number = chain[-1].joins
    if number != edited.number:
        raise MessageNotLast(message_id=question_id)
    return [edited, *reversed(chain)]


def message_numbered(session: Session, session_id: UUID, number: int) -> AnyRow:
    """A customer's own, which is there."""
    return session.execute(_own_numbered, {"session": session_id, "number": number}).one()


def joined_parts(session: Session, chain: Sequence[AnyRow], mark: str) -> list[JoinedPart]:
    """What came after the first of the chain. `mark` makes their keys new ones."""
    parts = []
    for before, each in pairwise(chain):
        key: str = session.execute(_first_key, {"question": each.id}).scalar_one()
        parts.append(
            JoinedPart(
                text=each.text.removeprefix(before.text).removeprefix(EXTRA if before.text else ""),
                pictures=tuple(UUID(picture) for picture in (each.pictures or ())[len(before.pictures or ()) :]),
                key=f"{key.partition(EDIT)[0]}{EDIT}{mark}",
            )
        )
    return parts


_own = (messages.c.session_id == bindparam("session")) & (messages.c.sender == Sender.USER)
_columns = (messages.c.id, messages.c.number, messages.c.joins, messages.c.text, messages.c.pictures)
_own_message = select(*_columns).where(messages.c.id == bindparam("message"), _own)
_own_numbered = select(*_columns).where(messages.c.number == bindparam("number"), _own)
_last_own = select(func.max(messages.c.number)).where(_own)
_newest_of = (
    select(messages.c.session_id, messages.c.reply_to)
    .where(
        messages.c.user_id == bindparam("user"),
        or_(
            messages.c.request_key == bindparam("key"),
            messages.c.request_key.startswith(bindparam("edits"), autoescape=False),
        ),
    )
    .order_by(messages.c.created_at.desc(), messages.c.number.desc())
    .limit(1)
)
_first_key = (
    select(messages.c.request_key)
    .where(messages.c.reply_to == bindparam("question"))
    .order_by(messages.c.number)
    .limit(1)
)
