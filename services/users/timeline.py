"""Everything that happened to one user, in one list: operations, payments, predictions, tables, answers, what the
shop's people did, sessions and merges of accounts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from sqlalchemy import ColumnElement, Table, case, or_, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.billing import Transaction, TransactionKind
from db.tables.chats import ChatMessage, MessageStatus, Sender
from db.tables.identities import AccountMerge, SessionKind, WebSession
from db.tables.payments import PaymentStatus
from db.tables.predictions import Prediction, PredictionStatus
from db.tables.scorings import Scoring, ScoringStatus
from services.audit_log.history import Entry, entries_about
from services.billing.ledger import UnknownUser
from services.identity.sessions import Device
from services.moments import read_moment, write_moment
from services.money import Money
from services.payments.queries import money_of, payments
from services.users.search import lines_of

_lines, _predictions, _messages = table_of(Transaction), table_of(Prediction), table_of(ChatMessage)
_sessions, _merges = table_of(WebSession), table_of(AccountMerge)
_scorings = table_of(Scoring)
ON_PAGE: Final = 40
TIES: Final = 20  # of one source at one moment: a page ends between moments, not within one


State: TypeAlias = TransactionKind | PaymentStatus | PredictionStatus | ScoringStatus | MessageStatus | SessionKind


class Happened(StrEnum):
    OPERATION = "operation"
    PAYMENT = "payment"
    PREDICTION = "prediction"
    SCORING = "scoring"
    ANSWER = "answer"
    ACTION = "action"
    SESSION = "session"
    MERGE = "merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """`ref`: the id of what it tells of; `state`: of an operation its kind, of a session its kind, else its status;
    `credits` in hundredths, signed; `note`: an operation's comment, or who else's account it was; `device`: of a
    session; `entry`: of the audit log; `rows`: of a table those that can be answered."""

    kind: Happened
    at: datetime
    ref: str
    state: TransactionKind | PaymentStatus | PredictionStatus | ScoringStatus | MessageStatus | SessionKind | None = (
        None
    )
    credits: int | None = None
    money: Money | None = None
    model_slug: str | None = None
    note: str = ""
    device: Device | None = None
    entry: Entry | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelinePage:
    """Newest first; `more`: where the next page begins, None on the last one."""

    items: Sequence[TimelineEvent]
    more: str | None


def timeline(session: Session, user_id: int, before: str) -> TimelinePage:
    """`before`: as the page above it said, empty for the newest. Raises `UnknownUser`."""
    if not lines_of(session, [user_id]):
        raise UnknownUser(user_id=user_id)
    until = read_moment(before)
    found = [event for source in SOURCES for event in source(session, user_id, until)]
    found.sort(key=lambda event: event.at, reverse=True)
    if len(found) <= ON_PAGE:
        return TimelinePage(items=found, more=None)
    last = found[ON_PAGE - 1].at
    shown = [event for event in found if event.at >= last]
    return TimelinePage(items=shown, more=write_moment(last) if len(found) > len(shown) else None)


def _operations(session: Session, user_id: int, until: datetime | None) -> Iterable[TimelineEvent]:
    for row in _newest(session, _lines, _lines.c.user_id == user_id, until, order=_lines.c.id):
        yield TimelineEvent(
            kind=Happened.OPERATION,
            at=row.created_at,
            ref=str(row.id),
            state=TransactionKind(row.kind),
            credits=row.amount,
            note=row.comment or "",
        )


def _payments(session: Session, user_id: int, until: datetime | None) -> Iterable[TimelineEvent]:
    for row in _newest(session, payments, payments.c.user_id == user_id, until):
        yield TimelineEvent(
            kind=Happened.PAYMENT,
            at=row.created_at,
            ref=str(row.id),
            state=PaymentStatus(row.status),
            credits=row.credits,
            money=money_of(row),
        )


def _predictions_of(session: Session, user_id: int, until: datetime | None) -> Iterable[TimelineEvent]:
    for row in _newest(session, _predictions, _predictions.c.user_id == user_id, until):
        yield TimelineEvent(
            kind=Happened.PREDICTION,
            at=row.created_at,
            ref=str(row.id),
            state=PredictionStatus(row.status),
            credits=row.price,
            model_slug=row.model_slug,
        )


def _scorings_of(session: Session, user_id: int, until: datetime | None) -> Iterable[TimelineEvent]:
    """What was ordered, at the price of all its rows."""
    mine = (_scorings.c.user_id == user_id) & (_scorings.c.status != ScoringStatus.DRAFT)
    for row in _newest(session, _scorings, mine, until):
        good = row.all_rows - row.bad_rows
        yield TimelineEvent(
            kind=Happened.SCORING,
            at=row.created_at,
            ref=str(row.id),
            state=ScoringStatus(row.status),
            credits=row.price * good,
            model_slug=row.model_slug,
            rows=good,
        )


def _answers(session: Session, user_id: int, until: datetime | None) -> Iterable[TimelineEvent]:
    """What was said is not told."""
    mine = (_messages.c.user_id == user_id) & (_messages.c.sender == Sender.ASSISTANT)
    for row in _newest(session, _messages, mine, until):
        yield TimelineEvent(
            kind=Happened.ANSWER,
            at=row.created_at,
            ref=str(row.id),
            state=MessageStatus(row.status),
            credits=row.price if row.price is not None else row.hold,
            model_slug=row.model_slug,
        )


def _actions(session: Session, user_id: int, until: datetime | None) -> Iterable[TimelineEvent]:
    for entry in entries_about(session, user_id, until=until, limit=ON_PAGE + TIES):
        yield TimelineEvent(kind=Happened.ACTION, at=entry.created_at, ref=str(entry.id), entry=entry)


def _sessions_of(session: Session, user_id: int, until: datetime | None) -> Iterable[TimelineEvent]:
    for row in _newest(session, _sessions, _sessions.c.user_id == user_id, until):
        yield TimelineEvent(
            kind=Happened.SESSION,
            at=row.created_at,
            ref=str(row.id),
            state=SessionKind(row.kind),
            device=Device(address=row.address, agent=row.agent),
        )


def _merges_of(session: Session, user_id: int, until: datetime | None) -> Iterable[TimelineEvent]:
    mine = or_(_merges.c.into_user_id == user_id, _merges.c.from_user_id == user_id)
    other = case((_merges.c.into_user_id == user_id, _merges.c.from_user_id), else_=_merges.c.into_user_id)
    for row in _newest(session, _merges, mine, until, more=(other.label("other"),)):
        came = row.into_user_id == user_id
        yield TimelineEvent(
            kind=Happened.MERGE,
            at=row.created_at,
            ref=str(row.id),
            credits=row.credits if came else -row.credits,
            note=f"#{row.other}",
        )


SOURCES: Final[Sequence[Callable[[Session, int, datetime | None], Iterable[TimelineEvent]]]] = (
    _operations,
    _payments,
    _predictions_of,
    _scorings_of,
    _answers,
    _actions,
    _sessions_of,
    _merges_of,
)


def _newest(
    session: Session,
    table: Table,
    mine: ColumnElement[bool],
    until: datetime | None,
    *,
    order: ColumnElement[int] | None = None,
    more: Sequence[ColumnElement[int]] = (),
) -> Sequence[AnyRow]:
    """`order`: what grows with time and has an index, where that is not the time."""
    query = select(table, *more).where(mine)
    if until is not None:
        query = query.where(table.c.created_at < until)
    newest = table.c.created_at if order is None else order
    return session.execute(query.order_by(newest.desc()).limit(ON_PAGE + TIES)).all()
