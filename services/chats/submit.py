"""Selling an answer: check, hold and queue it in one transaction."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import bindparam, exists, func, insert, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.chats import ChatSession, MessageStatus, Sender
from services.chats.edits import chain_from, joined_parts, message_numbered, together
from services.chats.orders import (
    Accepted,
    EmptyMessage,
    MessageNotFound,
    MessageNotLast,
    MessageOrder,
    MessageTooLong,
    PasteTooLong,
    PicturesLeftOut,
    PicturesNotTaken,
    SaleTerms,
)
from services.chats.rows import IN_USE, QUEUED, UNFINISHED, messages, unheard_seconds
from services.chats.sale import AnswerSale, NewIds, check_length
from services.chats.sessions import title_of_first
from services.chats.terms import TermsOf, conversation_row, fixed_price
from services.chats.visible import is_visible
from services.chats.voices import SentVoice, VoiceNotTaken, VoiceTooLong
from services.chats.withdraw import withdraw

_sessions = table_of(ChatSession)


def submit(session: Session, order: MessageOrder, terms_of: TermsOf, ids: NewIds, now: datetime) -> Accepted:
    """Raises what `Chats.send` does; then nothing was charged or changed."""
    chat = conversation_row(session, order.session_id, order.user_id, lock=True)
    standing = _standing(session, order)
    if standing.known is not None:
        return _find(session, order)
    terms = terms_of(chat)
    if order.replaces is None:
        return _sell(session, chat, order, ids, standing=standing, terms=terms, now=now)
    chain = chain_from(session, order.session_id, order.replaces)
    accepted = _sell(session, chat, order, ids, standing=standing, terms=terms, now=now)
    for part in joined_parts(session, chain, ids.answer.hex[:8]):  # what had joined it does so again
        more = replace(order, text=part.text, pictures=part.pictures, request_key=part.key, replaces=None)
        again = NewIds(question=uuid5(ids.question, part.key), answer=uuid5(ids.answer, part.key))
        accepted = _sell(session, chat, more, again, standing=_standing(session, more), terms=terms, now=now)
    return replace(accepted, joined=False)


def _sell(
    session: Session,
    chat: AnyRow,
    order: MessageOrder,
    ids: NewIds,
    *,
    standing: AnyRow,
    terms: SaleTerms,
    now: datetime,
) -> Accepted:
    fixed = fixed_price(chat)
    _check_message(order, terms)
    before = _take_back(session, order, terms, standing, now)
    text, pictures = order.text, [each.hex for each in order.pictures]
    if before is not None:
        text, pictures = together(before.text, text), [*(before.pictures or ()), *pictures]
    voice, number = order.voice, standing.last + 1
    question = {
        "id": ids.question,
        "session_id": chat.id,
        "user_id": order.user_id,
        "model_slug": chat.model_slug,
        "number": number,
        "sender": Sender.USER,
        "text": text,
        "status": MessageStatus.SENT,
        "pictures": pictures or None,
        "voice": voice and voice.file_id,
        "voice_seconds": voice and voice.seconds,
        "joins": before and before.number,
        "created_at": now,
    }
    session.connection().execute(_add, question)
    answer = AnswerSale(
        order=order,
        terms=terms,
        prices=terms.prices(fixed),
        text=text,
        pictures=len(pictures),
        seconds=0 if voice is None else voice.seconds,
    )
    accepted = answer.sell(session, chat, ids, number + 1, now, alone=not standing.unfinished)
    _touch(session, chat, text, now)
    return replace(accepted, joined=before is not None)


def answer_anew(
    session: Session, answer_id: UUID, order: MessageOrder, terms_of: TermsOf, *, new_id: UUID, now: datetime
) -> Accepted:
    """Another answer to the message of the last one, which is sent no more."""
    chat = conversation_row(session, order.session_id, order.user_id, lock=True)
    standing = _standing(session, order)
    if standing.known is not None:
        return _find(session, order)
    old = session.execute(_answer_of, {"answer": answer_id, "user": order.user_id}).first()
    if old is None or old.session_id != chat.id or old.question is None:
        raise MessageNotFound(answer_id=answer_id)
    if old.number != standing.last:
        raise MessageNotLast(answer_id=answer_id)
    fixed, terms = fixed_price(chat), terms_of(chat)
    withdraw(session, chat.id, since=old.number, now=now)
    answer = AnswerSale(
        order=order,
        terms=terms,
        prices=terms.prices(fixed),
        text=old.question,
        pictures=len(old.pictures or ()),
        seconds=unheard_seconds(old),
    )
    ids = NewIds(question=old.reply_to, answer=new_id)
    accepted = answer.sell(session, chat, ids, standing.last + 1, now)
    _touch(session, chat, old.question, now)
    return accepted


_add = insert(messages)
_open = select(_sessions.c.id).where(_sessions.c.user_id == bindparam("user"), _sessions.c.is_active)
_same_request = select(messages).where(
    messages.c.user_id == bindparam("user"), messages.c.request_key == bindparam("request_key")
)
_facts = select(
    select(func.coalesce(func.max(messages.c.number), 0))
    .where(messages.c.session_id == bindparam("session"))
    .scalar_subquery()
    .label("last"),
    select(messages.c.id)
    .where(messages.c.user_id == bindparam("user"), messages.c.request_key == bindparam("request_key"))
    .scalar_subquery()
    .label("known"),
    exists().where(messages.c.user_id == bindparam("user"), UNFINISHED).label("unfinished"),
)
_asked = messages.alias("asked")
_last_waiting = (
    select(
        *(_asked.c[name] for name in ("number", "text", "pictures", "voice")),
        messages.c.available_at,
        messages.c.id.label("answer_id"),
    )
    .join(_asked, _asked.c.id == messages.c.reply_to)
    .where(messages.c.session_id == bindparam("session"), QUEUED, IN_USE, messages.c.attempts == 0)
    .order_by(messages.c.number.desc())
    .limit(1)
    .with_for_update(of=messages, skip_locked=True)  # a worker that has it begins it
)
_answer_of = (
    select(
        messages.c.session_id,
        messages.c.number,
        messages.c.reply_to,
        _asked.c.text.label("question"),
        _asked.c.pictures,
        _asked.c.voice_seconds,
        _asked.c.heard_at,
    )
    .join(_asked, _asked.c.id == messages.c.reply_to)
    .where(messages.c.id == bindparam("answer"), messages.c.user_id == bindparam("user"))
)


def _standing(session: Session, order: MessageOrder) -> AnyRow:
    """Of the locked conversation: `last`, its newest number; `known`, what this very message was sold as before;
    `unfinished`, whether the customer waits for any answer."""
    facts = {"session": order.session_id, "user": order.user_id, "request_key": order.request_key}
    return session.connection().execute(_facts, facts).one()


def _find(session: Session, order: MessageOrder) -> Accepted:
    """What this very message was sold as before."""
    facts = {"user": order.user_id, "request_key": order.request_key}
    row = session.connection().execute(_same_request, facts).one()
    return Accepted(answer_id=row.id, model_slug=row.model_slug, repeated=True, hold=row.hold, free=row.free)


def _check_message(order: MessageOrder, terms: SaleTerms) -> None:
    if order.voice is not None:
        _check_voice(order.voice, terms)
    elif not order.pictures and not is_visible(order.text):
        raise EmptyMessage
    if order.pictures and terms.picture_tokens is None:
        raise PicturesNotTaken


def _check_voice(voice: SentVoice, terms: SaleTerms) -> None:
    if terms.voice_seconds is None:
        raise VoiceNotTaken
    if voice.seconds > terms.voice_seconds:
        raise VoiceTooLong(seconds=terms.voice_seconds)


def _take_back(
    session: Session, order: MessageOrder, terms: SaleTerms, standing: AnyRow, now: datetime
) -> AnyRow | None:
    """What the order takes the place of is sent no more. Returns the message that its text goes on from: one that waits
    still, or of an edited one that which it had been joined with. What is said aloud joins nothing."""
    if order.replaces is None:
        before = _waiting(session, order.session_id) if standing.unfinished else None
        if before is not None and not _is_joined(before, order, terms, now):
            before = None
        if before is None and order.more:
            raise PicturesLeftOut(count=0)
        if before is not None:
            withdraw(session, order.session_id, since=before.number, now=now)
        return before
    edited, *_ = chain_from(session, order.session_id, order.replaces)
    withdraw(session, order.session_id, since=edited.number, now=now)
    if edited.joins is None:
        return None
    return message_numbered(session, order.session_id, edited.joins)


def _is_joined(before: AnyRow, order: MessageOrder, terms: SaleTerms, now: datetime) -> bool:
    """Whether both were written, and fit into what is read at once. Raises PasteTooLong where they are parts of one
    text."""
    if before.voice is not None or order.voice is not None:
        return False
    try:
        pictures = len(before.pictures or ()) + len(order.pictures)
        check_length(terms, together(before.text, order.text), pictures)
    except MessageTooLong as error:
        if before.available_at > now and not order.more:
            raise PasteTooLong(**error.params) from None
        return False
    return True


def give_up_paste(session: Session, order: MessageOrder, now: datetime) -> None:
    """The parts of a text that wait are not answered: all of it is too long."""
    chat = conversation_row(session, order.session_id, order.user_id, lock=True)
    if (before := _waiting(session, chat.id)) is not None and before.voice is None:
        withdraw(session, chat.id, since=before.number, now=now)


def wait_for_more(session: Session, user_id: int, *, until: datetime) -> bool:
    """More of an album is on its way to what waits in the open conversation. Whether anything does."""
    chat = session.scalar(_open, {"user": user_id})
    if chat is None or (before := _waiting(session, chat)) is None:
        return False
    session.execute(update(messages).where(messages.c.id == before.answer_id).values(available_at=until))
    return True


def _waiting(session: Session, session_id: UUID) -> AnyRow | None:
    """The last message of the conversation, where nobody has begun to answer it; nobody does now."""
    return session.connection().execute(_last_waiting, {"session": session_id}).first()


_renew = (
    update(_sessions)
    .where(_sessions.c.id == bindparam("chat"))
    .values(last_message_at=bindparam("at"), title=bindparam("named"))
)


def _touch(session: Session, chat: AnyRow, text: str, now: datetime) -> None:
    facts = {"chat": chat.id, "at": now, "named": chat.title or title_of_first(text)}
    session.connection().execute(_renew, facts)
