"""The weekly bonus: every enabled user who was here lately, once an ISO week."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.billing import BonusGrant
from db.tables.users import AuditAction, AuditEntry
from services.audit_log.record import AuditRecord, record
from services.billing.bulk import Chunk, WeeklyGrant, grant_chunk
from services.clock import Clock
from services.digits import ascii_digits
from services.errors import N_, ShopError
from services.users.actor import Actor

log = structlog.get_logger()

_grants, _audit = table_of(BonusGrant), table_of(AuditEntry)
CHUNK: Final = 2_000
ACTIVE_WITHIN: Final = timedelta(days=30)
DONE: Final = AuditAction.BONUS_WEEK_GRANTED
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)

NextFire = Callable[[datetime], datetime | None]
"""The first moment of the schedule that is not before the given one."""


class BadWeek(ShopError):
    """Not an ISO week, or one that has not begun."""

    message = N_("A week that has begun is expected, for example {example}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class BonusTerms:
    """`amount` in hundredths of a credit; 0 switches the bonus off. `zone`: the shop's, whose weeks count."""

    amount: int
    ttl: timedelta
    zone: ZoneInfo
    next_fire: NextFire
    active_within: timedelta = ACTIVE_WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A week and the moment at which its bonus comes."""

    week: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """To how many users by this run. `finished`: everybody has been looked at; else another process goes on with it."""

    users: int
    finished: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    week: str
    amount: int
    created_at: datetime


class Bonuses:
    def __init__(self, db: Database, clock: Clock, terms: BonusTerms) -> None:
        self.terms = terms
        self._db = db
        self._clock = clock
        self._running = False
        self._done: str | None = None  # the last week known to be granted

    async def run_due(self) -> Granted | None:
        """Grant this week's bonus if its time has come and that has not been done: also after the process was down at
        that time, or died in the middle. Who came later than that waits for the next one. None: nothing to do."""
        due = self.due(self._clock())
        if due is None or due.week == self._done or self._running:
            return None
        week = due.week
        self._running = True
        try:
            if not await self._db.read(_is_done, week):
                return await self.grant(week, joined_by=due.at)
            self._done = week
            return None
        finally:
            self._running = False

    async def grant(self, week: str, *, joined_by: datetime | None = None) -> Granted:
        """Grant the week's bonus to everyone (who came by that time) who has not got it. May be repeated, interrupted
        and run twice at once: each chunk commits by itself and nobody gets it twice."""
        now = self._clock()
        weekly = WeeklyGrant(
            week=week,
            amount=self.terms.amount,
            expires_at=now + self.terms.ttl,
            active_since=now - self.terms.active_within,
            joined_by=joined_by or now,
            now=now,
        )
        users, after = 0, 0
        while self.terms.amount:
            chunk: Chunk | None = await self._db.write(grant_chunk, weekly, after, CHUNK)
            if chunk is None:
                log.info("bonus_granted_elsewhere", week=week, users=users)
                return Granted(users=users, finished=False)
            users += chunk.granted
            if chunk.last_user_id is None:
                break
            after = chunk.last_user_id
        await self._db.write(_note_done, week, users, now)
        log.info("bonus_granted", week=week, users=users)
        return Granted(users=users, finished=True)

    def due(self, now: datetime) -> Due | None:
        """This week, if it has a moment of the schedule and that has come."""
        monday = _monday(now, self.terms.zone)
        fire = self.terms.next_fire(monday) if self.terms.amount else None
        if fire is None or fire > now:
            return None
        return Due(week=week_of(now, self.terms.zone), at=fire.astimezone(UTC))

    def next_date(self) -> datetime | None:
        """When the next bonus comes; None where there is none."""
        if not self.terms.amount:
            return None
        now = self._clock()
        first = self.terms.next_fire(_monday(now, self.terms.zone))
        if first is not None and first <= now:  # this week's is over, whatever else the schedule says
            first = self.terms.next_fire(_monday(now, self.terms.zone, weeks=1))
        return first

    async def last(self, user_id: int, count: int = 4) -> Sequence[GrantView]:
        """A user's latest bonuses, newest first."""
        return await self._db.read(_last, user_id, count)


def week_of(at: datetime, zone: ZoneInfo) -> str:
    """`2026-W47`, as weeks are there."""
    year, week, _ = at.astimezone(zone).isocalendar()
    return f"{year}-W{week:02d}"


def parse_week(text: str, *, now: datetime, zone: ZoneInfo) -> str:
    """Raises `BadWeek`."""
    current = week_of(now, zone)
    found = _WEEK.fullmatch(ascii_digits(text.strip().upper()))
    try:
        if found is None:
            raise ValueError
        datetime.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError:
        raise BadWeek(week=text[:32], example=current) from None
    if found[0] > current:
        raise BadWeek(week=found[0], example=current)
    return found[0]


def _monday(at: datetime, zone: ZoneInfo, *, weeks: int = 0) -> datetime:
    """The beginning of the week, or of one so many weeks later."""
    there = at.astimezone(zone)
    day = there.date() - timedelta(days=there.weekday()) + timedelta(weeks=weeks)
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _note_done(session: Session, week: str, users: int, now: datetime) -> None:
    if users or not _is_done(session, week):
        record(session, AuditRecord(actor=Actor.system(), action=DONE, subject=week, after={"users": users}), now)


def _is_done(session: Session, week: str) -> bool:
    done = exists().where(_audit.c.action == DONE, _audit.c.subject == week)
    return bool(session.scalar(select(done)))


def _last(session: Session, user_id: int, count: int) -> list[GrantView]:
    rows = session.execute(
        select(_grants.c.week, _grants.c.amount, _grants.c.created_at)
        .where(_grants.c.user_id == user_id)
        .order_by(_grants.c.id.desc())
        .limit(count)
    )
    return [GrantView(**row) for row in rows.mappings()]
