"""What owners see of assistants: how much they were used, what that brought, how quick they were, and requests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final
from uuid import UUID

from sqlalchemy import JSON, ColumnElement, bindparam, case, func, select, type_coerce, update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.engine import Database
from db.tables.chats import AiRequest, MessageStatus, Sender
from db.tables.users import AuditAction, Role, User
from services.audit_log.record import AuditRecord, record
from services.chats.orders import MessageNotFound
from services.chats.rows import messages
from services.clock import Clock
from services.users.actor import Actor
from services.users.roles import Staff

_requests = table_of(AiRequest)
_users = table_of(User)
LATEST: Final = 8
PER: Final = 1_000_000  # tokens that a provider's price is for
AT_ONCE: Final = 100  # payloads that go in a transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantFigures:
    """Of some days: answers given and failed, tokens read and written, `earned` in hundredths of a credit; the first
    word of an answer in milliseconds, half of them and 95 of a hundred sooner; `cost`: what the provider says that it
    charged, in its own money, where it says so."""

    answers: int
    failed: int
    prompt_tokens: int
    completion_tokens: int
    earned: int
    half_ms: int | None
    most_ms: int | None
    cost: Decimal | None = None

    def reckoned(self, prices: tuple[int, int]) -> int:
        """What its tokens cost in hundredths of a credit, by what a provider asks for 1,000,000 that it reads, and
        writes."""
        read, written = prices
        return -(-(read * self.prompt_tokens + written * self.completion_tokens) // PER)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLine:
    """A request to a provider, and whose it is. `request`, `response`: only of one that is opened, and while they are
    kept."""

    id: UUID
    message_id: UUID
    user_id: int
    first_name: str
    model_slug: str
    attempt: int
    response_time_ms: int | None
    first_token_ms: int | None
    status_code: int | None
    error: str | None
    created_at: datetime
    request: JsonObject | None = None
    response: JsonObject | None = None


class AssistantReports:
    def __init__(self, db: Database, clock: Clock, staff: Staff, *, journal_for: timedelta) -> None:
        self._db, self._clock, self._staff = db, clock, staff
        self.journal_for = journal_for

    async def figures(self, slug: str, *, days: int) -> AssistantFigures:
        return await self._db.scan(_figures, slug, self._clock() - timedelta(days=days))

    async def latest(self, slug: str, *, actor: Actor) -> list[RequestLine]:
        """The newest requests for an assistant: for owners. Raises NotAllowed."""
        return await self._db.read(self._latest, slug, actor)

    async def open(self, request_id: UUID, *, actor: Actor) -> RequestLine:
        """With what was sent and came back: for owners, and written down. Raises NotAllowed, MessageNotFound."""
        return await self._db.write(self._open, request_id, actor, self._clock())

    async def forget_old(self) -> int:
        """What requests held, once it is old; returns how many. In short transactions: customers' come between."""
        count, before = 0, self._clock() - self.journal_for
        while gone := await self._db.write(_forget, before):
            count += gone
        return count

    def _latest(self, session: Session, slug: str, actor: Actor) -> list[RequestLine]:
        self._staff.require(session, actor, Role.OWNER, acts=False)
        return _latest(session, slug)

    def _open(self, session: Session, request_id: UUID, actor: Actor, now: datetime) -> RequestLine:
        self._staff.require(session, actor, Role.OWNER)
        whole = _lines.add_columns(_requests.c.request, _requests.c.response)
        row = session.execute(whole.where(_requests.c.id == request_id)).first()
        if row is None:
            raise MessageNotFound(request_id=request_id)
        opened = AuditRecord(
            actor=actor,
            action=AuditAction.CHAT_REQUEST_OPEN,
            target_user_id=row.user_id,
            subject=str(request_id),
            after={"assistant": row.model_slug},
        )
        record(session, opened, now)
        return RequestLine(**row._mapping)


_lines = (
    select(
        *(_requests.c[name] for name in ("id", "message_id", "attempt", "response_time_ms", "first_token_ms")),
        *(_requests.c[name] for name in ("status_code", "error", "created_at")),
        messages.c.user_id,
        messages.c.model_slug,
        _users.c.first_name,
    )
    .join(messages, messages.c.id == _requests.c.message_id)
    .join(_users, _users.c.id == messages.c.user_id)
)
_answers = (messages.c.model_slug == bindparam("slug")) & (messages.c.sender == Sender.ASSISTANT)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count(case((condition, 1)))


def _figures(session: Session, slug: str, since: datetime) -> AssistantFigures:
    lately = _answers & (messages.c.created_at >= since)
    row = session.execute(
        select(
            _count(messages.c.status == MessageStatus.SUCCEEDED).label("answers"),
            _count(messages.c.status == MessageStatus.FAILED).label("failed"),
            func.coalesce(func.sum(messages.c.prompt_tokens), 0).label("prompt_tokens"),
            func.coalesce(func.sum(messages.c.completion_tokens), 0).label("completion_tokens"),
            func.coalesce(func.sum(messages.c.price), 0).label("earned"),
        ).where(lately),
        {"slug": slug},
    ).one()
    told = {name: int(value) for name, value in row._mapping.items()}
    times = _first_words(session, slug, since)
    cost = _cost(session, slug, since)
    return AssistantFigures(**told, half_ms=_share(times, 50), most_ms=_share(times, 95), cost=cost)


_told_cost = type_coerce(_requests.c.response, JSON)["usage"]["cost"].as_string()


def _cost(session: Session, slug: str, since: datetime) -> Decimal | None:
    """Of requests whose answers are still kept."""
    query = (
        select(_told_cost)
        .join(messages, messages.c.id == _requests.c.message_id)
        .where(_answers, messages.c.created_at >= since, _told_cost.is_not(None))
    )
    told = [cost for each in session.scalars(query, {"slug": slug}) if (cost := _decimal(each)) is not None]
    return sum(told, Decimal()) if told else None


def _decimal(text: str) -> Decimal | None:
    try:
        cost = Decimal(text)
    except InvalidOperation:
        return None
    return cost if cost.is_finite() and cost >= 0 else None


def _first_words(session: Session, slug: str, since: datetime) -> Sequence[int]:
    """Milliseconds, in order."""
    query = (
        select(_requests.c.first_token_ms)
        .join(messages, messages.c.id == _requests.c.message_id)
        .where(_answers, messages.c.created_at >= since, _requests.c.first_token_ms.is_not(None))
        .order_by(_requests.c.first_token_ms)
    )
    return [int(each) for each in session.scalars(query, {"slug": slug})]


def _share(times: Sequence[int], percent: int) -> int | None:
    return times[(len(times) - 1) * percent // 100] if times else None


def _latest(session: Session, slug: str) -> list[RequestLine]:
    query = _lines.where(_answers).order_by(messages.c.created_at.desc(), _requests.c.attempt.desc()).limit(LATEST)
    return [RequestLine(**row._mapping) for row in session.execute(query, {"slug": slug})]


def _forget(session: Session, before: datetime) -> int:
    kept = _requests.c.request.is_not(None)  # one loses both at once
    old = select(_requests.c.id).where(_requests.c.created_at < before, kept).limit(AT_ONCE)
    gone = update(_requests).where(_requests.c.id.in_(old)).values(request=None, response=None)
    return len(session.execute(gone.returning(_requests.c.id)).all())
