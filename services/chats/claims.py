"""Claims on answers: who may give one, and until when. A customer has one answer at a time, a conversation is answered
in its order, and who has just been answered waits behind those who have not. Of two workers that look in the same
instant one has a customer to itself until its claim is committed; the other finds nothing for that customer.

A claim is known by its worker and its number: `attempts` grows with each, so what an earlier one brings is refused."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Self
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, exists, or_, select, text, update
from sqlalchemy.orm import Session

from db.base import AnyRow, constant, table_of
from db.tables.chats import MessageStatus
from db.tables.models import Model
from services.chats.costs import TokenPrices
from services.chats.rows import QUEUED, RUNNING, messages
from services.notifications.message_ref import MessageRef

_models = table_of(Model)
_other, _earlier = messages.alias("other"), messages.alias("earlier")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedAnswer:
    """An answer that a worker holds by its claim number `attempts`. `hold` in hundredths; `prompt_budget` and `limit`
    in tokens."""

    id: UUID
    session_id: UUID
    user_id: int
    model_slug: str
    number: int
    question_id: UUID
    attempts: int
    hold: int
    free: bool
    day: date
    prompt_budget: int
    limit: int
    prices: TokenPrices
    place: MessageRef | None
    created_at: datetime

    @classmethod
    def of(cls, row: AnyRow) -> Self:
        return cls(
            id=row.id,
            session_id=row.session_id,
            user_id=row.user_id,
            model_slug=row.model_slug,
            number=row.number,
            question_id=row.reply_to,
            attempts=row.attempts,
            hold=row.hold,
            free=row.free,
            day=row.day,
            prompt_budget=row.prompt_budget,
            limit=row.answer_limit,
            prices=TokenPrices(fixed=row.fixed_price, input=row.input_price, output=row.output_price),
            place=MessageRef.of(row),
            created_at=row.created_at,
        )


# Statements are built once: building and hashing one costs more than SQLite takes to run it.
_queued, _running = constant(MessageStatus.QUEUED), constant(MessageStatus.RUNNING)
_is_waiting = _other.c.status == _queued
_before_it = or_(
    _other.c.available_at < messages.c.available_at,
    and_(_other.c.available_at == messages.c.available_at, _other.c.id < messages.c.id),
)
_first_of_its_conversation = ~exists().where(
    _earlier.c.session_id == _other.c.session_id,
    _earlier.c.status == _queued,
    _earlier.c.number < _other.c.number,
)
_behind_another = exists().where(
    or_(
        and_(_other.c.user_id == messages.c.user_id, _other.c.status == _running),
        and_(_other.c.session_id == messages.c.session_id, _is_waiting, _other.c.number < messages.c.number),
        and_(
            _other.c.user_id == messages.c.user_id,
            _other.c.model_slug == messages.c.model_slug,  # one who is away, or has no room, holds up no other
            _is_waiting,
            _other.c.available_at <= bindparam("now"),
            _before_it,
            _first_of_its_conversation,  # what waits itself holds up nobody: else two could wait for each other
        ),
    )
)
_next = (
    select(messages.c.id, messages.c.user_id)
    .where(QUEUED, messages.c.model_slug == bindparam("slug"), messages.c.available_at <= bindparam("now"))
    .where(~_behind_another)
    .order_by(messages.c.available_at, messages.c.id)
    .limit(bindparam("limit"))
)
_due = _next.with_for_update(skip_locked=True).cte("due")
_due_of = (
    _next.where(messages.c.user_id.in_(bindparam("customers", expanding=True)))
    .with_for_update(skip_locked=True)
    .cte("due")
)
CUSTOMER: Final = 0x63686174 << 32  # PostgreSQL's advisory lock of who may give a customer an answer, and their id
_have_to_itself = text(
    "SELECT id FROM unnest(CAST(:customers AS bigint[])) AS customers (id) WHERE pg_try_advisory_xact_lock(:base + id)"
)
_begin = (
    update(messages)
    .values(
        status=MessageStatus.RUNNING,
        attempts=messages.c.attempts + 1,
        started_at=bindparam("now"),
        leased_until=bindparam("lease_until"),
        leased_by=bindparam("worker"),
    )
    .returning(messages)
)
_claim = _begin.where(messages.c.id.in_(select(_due.c.id)))
_claim_of = _begin.where(messages.c.id.in_(select(_due_of.c.id)))
_waiting = select(messages.c.model_slug).where(QUEUED, messages.c.available_at <= bindparam("now")).distinct()
_held = (
    select(messages.c.id, messages.c.attempts)
    .where(
        messages.c.id.in_(bindparam("answers", expanding=True)), RUNNING, messages.c.leased_by == bindparam("worker")
    )
    .order_by(messages.c.id)
    .with_for_update()
)
_keep = (
    update(messages)
    .where(messages.c.id == bindparam("answer"), RUNNING, messages.c.leased_by == bindparam("holder"))
    .values(
        text=bindparam("so_far"),
        first_token_at=bindparam("first", type_=messages.c.first_token_at.type),
        leased_until=bindparam("until", type_=messages.c.leased_until.type),
    )
)
_to_stop = select(messages.c.id).where(
    RUNNING, messages.c.leased_by == bindparam("worker"), messages.c.stop_requested_at.is_not(None)
)
_overdue = (
    select(messages)
    .where(RUNNING, messages.c.leased_until < bindparam("now"))
    .order_by(messages.c.leased_until)
    .limit(bindparam("limit"))
)
_turn_over = (
    update(messages)
    .where(QUEUED, messages.c.user_id == bindparam("user"), messages.c.available_at < bindparam("now"))
    .values(available_at=bindparam("now"))
)


def waiting_assistants(session: Session, now: datetime) -> list[str]:
    """Slugs that have answers to give."""
    return list(session.connection().scalars(_waiting, {"now": now}))


def claim(
    session: Session, *, model_slug: str, limit: int, now: datetime, lease_until: datetime, worker: str
) -> list[ClaimedAnswer]:
    connection, which = session.connection(), {"slug": model_slug, "limit": limit, "now": now}
    lease = {"lease_until": lease_until, "worker": worker}
    if connection.dialect.name == "sqlite":  # one writer anyway
        return [ClaimedAnswer.of(row) for row in connection.execute(_claim, which | lease)]
    customers = _customers_of(connection, which)
    if not customers:
        return []
    rows = connection.execute(_claim_of, which | lease | {"customers": customers})  # sees what others have committed
    return [ClaimedAnswer.of(row) for row in rows]


def _customers_of(connection: Connection, which: Mapping[str, object]) -> list[int]:
    """Whose answers are next, of those that no other worker gives one to in this moment; nobody else does until the
    transaction ends."""
    waiting = sorted({row.user_id for row in connection.execute(_next, which)})
    return list(connection.scalars(_have_to_itself, {"customers": waiting, "base": CUSTOMER}))


def held(session: Session, answers: Sequence[UUID], worker: str) -> dict[UUID, int]:
    """Those that are still this worker's, by its claim numbers; locked then until the transaction ends."""
    rows = session.connection().execute(_held, {"answers": answers, "worker": worker})
    return {row.id: row.attempts for row in rows}


def keep(session: Session, kept: Sequence[Mapping[str, object]], *, worker: str) -> set[UUID]:
    """Write down how far answers have come, which renews their leases. `kept`: `answer`, `so_far`, `first`, `until` of
    each. Returns those that their customers want stopped."""
    session.connection().execute(_keep, [{**each, "holder": worker} for each in kept])
    return set(session.connection().scalars(_to_stop, {"worker": worker}))


def pass_turns(session: Session, user_ids: Collection[int], now: datetime) -> None:
    """What else these customers wait for is as if it were new: others come first."""
    session.connection().execute(_turn_over, [{"user": user_id, "now": now} for user_id in sorted(user_ids)])


def requeue(session: Session, answer_id: UUID, available_at: datetime) -> None:
    free = {"status": MessageStatus.QUEUED, "leased_until": None, "leased_by": None, "available_at": available_at}
    session.execute(update(messages).where(messages.c.id == answer_id, RUNNING).values(**free))


def any_overdue(session: Session, now: datetime) -> bool:
    return session.execute(_overdue, {"now": now, "limit": 1}).first() is not None


def overdue(session: Session, now: datetime, limit: int = 100) -> Sequence[AnyRow]:
    """Answers whose worker has not been heard of, locked."""
    return session.execute(_overdue.with_for_update(skip_locked=True), {"now": now, "limit": limit}).all()


def overdue_ids(session: Session, now: datetime, limit: int = 100) -> list[UUID]:
    return [row.id for row in session.execute(_overdue, {"now": now, "limit": limit})]


def one_left(session: Session, answer_id: UUID, now: datetime) -> AnyRow | None:
    """This answer, locked, where it waits or its worker has not been heard of."""
    left = QUEUED | (RUNNING & (messages.c.leased_until < now))
    return session.execute(select(messages).where(messages.c.id == answer_id, left).with_for_update()).first()


def abandoned(session: Session, before: datetime, limit: int = 100) -> Sequence[AnyRow]:
    """Answers sold before that time whose assistant has left the shop since, or rests, locked."""
    gone = ~_models.c.present | _models.c.resting_since.is_not(None) | _models.c.stopped_for.is_not(None)
    return session.execute(
        select(messages)
        .join(_models, _models.c.slug == messages.c.model_slug)
        .where(QUEUED, gone, messages.c.created_at < before)
        .limit(limit)
        .with_for_update(skip_locked=True, of=messages)
    ).all()
