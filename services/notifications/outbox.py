"""Messages that must arrive: written in the transaction whose news they are, sent later by the chat's edge."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement, bindparam, case, exists, func, insert, literal_column, or_, select, update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.engine import Database
from db.tables.outbox import OutboxKind, OutboxMessage, OutboxStatus, Priority, Wait
from db.tables.users import User
from db.upsert import insert_into
from services.clock import Clock
from services.notifications.kinds.news import News
from services.notifications.kinds.payments import PaymentNews
from services.notifications.kinds.predictions import PredictionEnded
from services.redaction import redact
from services.users.recipient import Recipient

_outbox, _users = table_of(OutboxMessage), table_of(User)
log = structlog.get_logger()

LEASE = timedelta(seconds=60)  # how long one sender has before another may try
MAX_PAUSE = timedelta(minutes=30)
GIVE_UP_AFTER = timedelta(days=7)  # what finds no way for that long is given up
RECHECK_AFTER = timedelta(seconds=20)  # by then a request that was cut off has taken effect or never will
LEAST_ATTEMPTS = 12  # a shop that was switched off for a week has not tried

KEPT_BACK: Final = (Wait.TELEGRAM, Wait.TRIED)  # by a Telegram that is away

# A word, not a parameter: only so can either database tell that the index of pending messages alone will do.
_pending = _outbox.c.status == literal_column("'pending'")
# What is for somebody without a channel waits until they have one.
_can_be_sent = exists().where(_users.c.id == _outbox.c.user_id, _users.c.telegram_id.is_not(None))


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a message in the chat tells of. `kind`: as in letters, payment or prediction."""

    kind: OutboxKind
    id: UUID
    user_id: int

    @property
    def look(self) -> News:
        """It puts the truth into the message again."""
        if self.kind is OutboxKind.PAYMENT:
            return PaymentNews(payment_id=self.id, look=True)
        return PredictionEnded(prediction_id=self.id, look=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A claimed message. `kind` says who presents the payload: an OutboxKind, or one of a newer version."""

    id: int
    recipient: Recipient
    kind: str
    payload: JsonObject
    attempts: int
    lease: datetime
    """Its end. No other claim has the same, so it tells whose the message is."""
    since: datetime
    """When it was written, or taken up once more after it was given up."""
    kept_back: bool
    """It waited for a Telegram that was away."""
    blocked: bool
    """The user has blocked the bot: there is no use in trying."""
    lost: bool
    """A sender before this one ended without a word: what it sent may have arrived."""

    @property
    def user_id(self) -> int:
        return self.recipient.user_id

    @property
    def about(self) -> About | None:
        """The payment or prediction whose message it changes."""
        if self.kind == OutboxKind.PREDICTION:
            number = PredictionEnded.load(self.payload).prediction_id
        elif self.kind == OutboxKind.PAYMENT:
            number = PaymentNews.load(self.payload).payment_id
        else:
            return None
        return About(kind=OutboxKind(self.kind), id=number, user_id=self.user_id)


def put(session: Session, news: News, *, user_id: int, now: datetime) -> bool:
    """Part of a caller's transaction. What was told before is not told again: False."""
    return _add_new(session, row_of(news, user_id=user_id, now=now))


def put_many(session: Session, told: Sequence[tuple[int, News]], now: datetime) -> None:
    """Like `put`, to users by their ids, for facts that the caller has just made and that cannot have been told
    before."""
    session.connection().execute(_add, [row_of(news, user_id=user_id, now=now) for user_id, news in told])


def enqueue(
    session: Session,
    *,
    user_id: int,
    kind: OutboxKind,
    payload: JsonObject,
    key: str,
    now: datetime,
    priority: Priority = Priority.ANSWER,
) -> bool:
    """As `put`, for what was written as a row before, perhaps by another version, or goes on under another key."""
    row = _row(user_id=user_id, kind=kind, payload=payload, key=key, priority=priority, now=now)
    return _add_new(session, row)


def row_of(news: News, *, user_id: int, now: datetime) -> dict[str, Any]:  # Any: the columns' values
    return _row(user_id=user_id, kind=news.kind, payload=news.dump(), key=news.key, priority=news.priority, now=now)


def _row(
    *, user_id: int, kind: OutboxKind, payload: JsonObject, key: str, priority: Priority, now: datetime
) -> dict[str, Any]:  # Any: the columns' values
    return {
        "user_id": user_id,
        "kind": kind,
        "payload": payload,
        "key": key,
        "status": OutboxStatus.PENDING,
        "priority": priority,
        "attempts": 0,
        "available_at": now,
        "created_at": now,
    }


def _add_new(session: Session, row: dict[str, Any]) -> bool:
    """Whether its key is new."""
    new = insert_into(session, _outbox).values(row).on_conflict_do_nothing(index_elements=["key"])
    return session.execute(new.returning(_outbox.c.id)).first() is not None


_add = insert(_outbox)


GivenUp = Callable[[Session, Notification, str, datetime], bool]


class Outbox:
    """`given_up`: by kind, what follows from giving up a letter for the reason told, in the same transaction; it tells
    whether anything did."""

    def __init__(self, db: Database, clock: Clock, given_up: Mapping[str, GivenUp] | None = None) -> None:
        self._db = db
        self._clock = clock
        self._given_up = given_up or {}

    async def claim(self, limit: int = 50, *, in_hand: Collection[int] = ()) -> list[Notification]:
        """Messages that are due and can be sent, those that somebody waits for before the news; of each, at most one
        for a chat so that their order holds. What is not settled within the lease is claimed again, but not by who
        still has it `in_hand`: a clock that leaps ends leases early."""
        if not await self._db.read(_any_due, self._clock()):
            return []  # an idle shop does not write
        return await self._db.write(_claim, self._clock(), limit, in_hand=in_hand)

    async def probe(self, *, in_hand: Collection[int] = ()) -> list[Notification]:
        """At most one message: of those that are due or wait for Telegram the one that has waited longest. While
        Telegram is away it stands for all."""
        if not await self._db.read(_any_waiting, self._clock()):
            return []
        return await self._db.write(_claim, self._clock(), 1, in_hand=in_hand, probe=True)

    async def release(self, wait: Wait) -> None:
        """What it waited for is there: all such messages are due now. Leases of other senders stand."""
        await self._db.write(_release, self._clock(), wait)

    async def sent(self, letter: Notification, *, then: News | None = None) -> OutboxStatus:
        """`then`: goes on where this one ends."""
        return await self._settle(letter, OutboxStatus.SENT, None, then)

    async def skip(self, letter: Notification, reason: str, *, then: News | None = None) -> OutboxStatus:
        return await self._settle(letter, OutboxStatus.SKIPPED, reason, then)

    async def fail(self, letter: Notification, reason: str) -> OutboxStatus:
        log.error("letter_given_up", letter_id=letter.id, kind=letter.kind, user_id=letter.user_id, reason=reason)
        await self._db.write(self._give_up, letter, reason, self._clock())
        return OutboxStatus.FAILED

    async def retry(
        self, letter: Notification, reason: str, *, after: timedelta | None = None, wait: Wait | None = None
    ) -> OutboxStatus:
        """Try again `after` that time, which costs no attempt, or after a pause that grows; given up after days. How
        often it was tried while Telegram was away does not make the pauses after that long."""
        now = self._clock()
        if after is None and now - letter.since >= GIVE_UP_AFTER and letter.attempts >= LEAST_ATTEMPTS:
            return await self.fail(letter, reason)
        forgiven = letter.kept_back and wait is not Wait.TELEGRAM
        attempts = 1 if forgiven else letter.attempts
        pause = after or min(timedelta(seconds=2 ** min(attempts, 16)), MAX_PAUSE)
        values = {"available_at": now + pause, "waits_for": wait, "error": short(reason)}
        await self._db.write(_postpone, letter, values | {"attempts": attempts - (after is not None)})
        return OutboxStatus.PENDING

    async def shelve(self, letter: Notification, reason: str) -> OutboxStatus:
        """The shop itself cannot present it: it waits for a repair. Nobody's money waits: what is paid back where it is
        given up is given up."""
        return await self._db.write(self._shelve, letter, reason, self._clock())

    async def recheck(self, about: About) -> None:
        """Put into its message, in a while, what is true of it then."""
        await self._db.write(_recheck, about, self._clock())

    async def tell_again(self, key: str) -> None:
        """What was told may have been covered since."""
        await self._db.write(_tell_again, key, self._clock())

    async def reopen(self) -> int:
        """Send once more what was given up. Returns how many messages that are."""
        return await self._db.write(_reopen, self._clock())

    async def _settle(
        self, letter: Notification, status: OutboxStatus, reason: str | None, then: News | None
    ) -> OutboxStatus:
        await self._db.write(_settle_and_go_on, letter, status, self._clock(), reason, then=then)
        return status

    def _give_up(self, session: Session, letter: Notification, reason: str, now: datetime) -> None:
        follows = self._given_up.get(letter.kind)
        if _settle(session, letter, OutboxStatus.FAILED, now, reason) and follows is not None:
            follows(session, letter, reason, now)

    def _shelve(self, session: Session, letter: Notification, reason: str, now: datetime) -> OutboxStatus:
        follows = self._given_up.get(letter.kind)
        if not _settle(session, letter, OutboxStatus.FAILED, now, reason):
            return OutboxStatus.PENDING
        if follows is not None and follows(session, letter, reason, now):
            log.error("letter_given_up", letter_id=letter.id, kind=letter.kind, user_id=letter.user_id, reason=reason)
            return OutboxStatus.FAILED
        waiting = {"status": OutboxStatus.PENDING, "waits_for": Wait.REPAIR, "available_at": now + _pause(letter)}
        session.execute(update(_outbox).where(_outbox.c.id == letter.id).values(waiting))
        return OutboxStatus.PENDING

    async def backlog(self) -> tuple[int, float]:
        """How many messages wait, whatever for, and how old the oldest is, in seconds."""
        return await self._db.read(_backlog, self._clock())

    async def kept_back(self) -> float:
        """How old the oldest answer is that Telegram does not let through, in seconds; 0 where there is none."""
        return await self._db.read(_kept_back, self._clock())


def _pause(letter: Notification) -> timedelta:
    return min(timedelta(seconds=2 ** min(letter.attempts, 16)), MAX_PAUSE)


_is_due = _pending & (_outbox.c.available_at <= bindparam("now")) & _can_be_sent
_due = select(_outbox.c.id).where(_is_due)
_may_probe = (
    _pending & or_(_outbox.c.available_at <= bindparam("now"), _outbox.c.waits_for == Wait.TELEGRAM) & _can_be_sent
)
_earlier = _outbox.alias("earlier")
_earlier_one = select(_earlier.c.id).where(
    _earlier.c.user_id == _outbox.c.user_id,
    _earlier.c.status == literal_column("'pending'"),
    _earlier.c.priority == _outbox.c.priority,
    _earlier.c.id < _outbox.c.id,
    or_(_earlier.c.waits_for.is_(None), _earlier.c.waits_for.in_(KEPT_BACK)),  # the others are passed
)
_first = ~_earlier_one.exists() & _outbox.c.id.not_in(bindparam("in_hand", expanding=True))
_in_order = (_outbox.c.priority, _outbox.c.id)
_first_in_chat = _due.where(_first).order_by(*_in_order).with_for_update(skip_locked=True)
_longest_waiting = (
    select(_outbox.c.id)
    .where(_may_probe, _first)
    .order_by(_outbox.c.available_at, _outbox.c.id)
    .with_for_update(skip_locked=True)
)


def _any_due(session: Session, now: datetime) -> bool:
    return session.execute(_due.limit(1), {"now": now}).first() is not None


def _any_waiting(session: Session, now: datetime) -> bool:
    return session.execute(select(_outbox.c.id).where(_may_probe).limit(1), {"now": now}).first() is not None


def _claim(
    session: Session, now: datetime, limit: int, *, in_hand: Collection[int], probe: bool = False
) -> list[Notification]:
    some = _longest_waiting if probe else _first_in_chat
    ids = list(session.scalars(some.limit(limit), {"now": now, "in_hand": list(in_hand)}))
    if not ids:
        return []
    tried = case((_outbox.c.waits_for.in_(KEPT_BACK), Wait.TRIED))
    leased = {"attempts": _outbox.c.attempts + 1, "available_at": now + LEASE, "waits_for": tried}
    session.execute(update(_outbox).where(_outbox.c.id.in_(ids)).values(leased))
    columns = (
        _outbox.c.id,
        _outbox.c.kind,
        _outbox.c.payload,
        _outbox.c.attempts,
        _outbox.c.available_at.label("lease"),
        func.coalesce(_outbox.c.reopened_at, _outbox.c.created_at).label("since"),
        _outbox.c.waits_for.is_not(None).label("kept_back"),
        _users.c.blocked_at.is_not(None).label("blocked"),
        ((_outbox.c.attempts > 1) & _outbox.c.error.is_(None)).label("lost"),
    )
    whom = (_outbox.c.user_id, _users.c.language, _users.c.telegram_id)
    rows = session.execute(
        select(*whom, *columns)
        .join(_users, _users.c.id == _outbox.c.user_id)
        .where(_outbox.c.id.in_(ids))
        .order_by(*_in_order)
    )
    return [_claimed(dict(row)) for row in rows.mappings()]


def _claimed(row: dict[str, Any]) -> Notification:
    """`row`: the columns' values, hence Any."""
    recipient = Recipient(**{name: row.pop(name) for name in ("user_id", "language", "telegram_id")})
    return Notification(recipient=recipient, **row)


def _is(letter: Notification) -> ColumnElement[bool]:
    """As it was claimed: not by another sender since, nor to be sent anew."""
    claimed = (_outbox.c.attempts == letter.attempts) & (_outbox.c.available_at == letter.lease)
    return (_outbox.c.id == letter.id) & claimed & _pending


def _settle(session: Session, letter: Notification, status: OutboxStatus, now: datetime, error: str | None) -> bool:
    """Whether it was this sender's to settle."""
    sent_at = now if status is OutboxStatus.SENT else None
    values = {"status": status, "sent_at": sent_at, "waits_for": None, "error": error and short(error)}
    settled = update(_outbox).where(_is(letter)).values(values).returning(_outbox.c.id)
    return session.execute(settled).first() is not None


def _settle_and_go_on(
    session: Session,
    letter: Notification,
    status: OutboxStatus,
    now: datetime,
    error: str | None,
    *,
    then: News | None,
) -> None:
    if _settle(session, letter, status, now, error) and then is not None:
        key = f"after:{letter.id}"
        enqueue(session, user_id=letter.user_id, kind=then.kind, payload=then.dump(), key=key, now=now)


def _postpone(session: Session, letter: Notification, values: dict[str, Any]) -> None:
    """`values`: the columns' (hence Any)."""
    session.execute(update(_outbox).where(_is(letter)).values(values))


def _release(session: Session, now: datetime, wait: Wait) -> None:
    """Tries while Telegram was away say nothing of the letter: the next pause, if it needs one, is short again."""
    values: dict[str, Any] = {"available_at": now, "waits_for": None}
    if wait is Wait.TELEGRAM:
        values["attempts"] = case((_outbox.c.attempts > 1, 1), else_=_outbox.c.attempts)
    session.execute(update(_outbox).where(_pending, _outbox.c.waits_for == wait).values(values))


def _recheck(session: Session, about: About, now: datetime) -> None:
    """A sender that is at it settles nothing any more. Asked for many times it was not tried in vain once: the pause
    after a try that fails is a short one."""
    look = about.look
    row = {
        "user_id": about.user_id,
        "kind": look.kind,
        "payload": look.dump(),
        "key": look.key,
        "priority": Priority.NEWS,
        "created_at": now,
    }
    anew = {
        "status": OutboxStatus.PENDING,
        "attempts": 0,
        "available_at": now + RECHECK_AFTER,
        "waits_for": Wait.LOOK,
        "reopened_at": now,
    }
    new = insert_into(session, _outbox).values(row | anew)
    session.execute(new.on_conflict_do_update(index_elements=["key"], set_=anew))


def _tell_again(session: Session, key: str, now: datetime) -> None:
    told = update(_outbox).where(_outbox.c.key == key, _outbox.c.status == OutboxStatus.SENT)
    session.execute(told.values(status=OutboxStatus.PENDING, attempts=0, available_at=now, reopened_at=now))


def _reopen(session: Session, now: datetime) -> int:
    given_up = update(_outbox).where(_outbox.c.status == OutboxStatus.FAILED).returning(_outbox.c.id)
    anew = {"status": OutboxStatus.PENDING, "attempts": 0, "available_at": now, "reopened_at": now}
    return len(session.execute(given_up.values(anew)).all())


_oldest = func.min(func.coalesce(_outbox.c.reopened_at, _outbox.c.created_at))
_untold = _pending & or_(_outbox.c.waits_for.is_(None), _outbox.c.waits_for != Wait.LOOK) & _can_be_sent
_answer_kept_back = _pending & (_outbox.c.priority == Priority.ANSWER) & _outbox.c.waits_for.in_(KEPT_BACK)


def _backlog(session: Session, now: datetime) -> tuple[int, float]:
    count, since = session.execute(select(func.count(), _oldest).where(_untold)).one()
    return count, _seconds(since, now)


def _kept_back(session: Session, now: datetime) -> float:
    return _seconds(session.scalar(select(_oldest).where(_answer_kept_back)), now)


def _seconds(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max((now - since).total_seconds(), 0.0)


def short(error: str) -> str:
    """As much of a reason as a row keeps."""
    return redact(error.replace("\x00", ""))[:255]  # PostgreSQL takes no zero characters
