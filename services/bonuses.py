"""The weekly bonus: every enabled user who was here lately, once an ISO week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import exists, insert, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.billing import BonusGrant
from db.engine import Database
from db.users import AuditEntry
from services.billing.bulk import Chunk, WeeklyGrant, grant_chunk
from services.clock import Clock

log = structlog.get_logger()

_grants, _audit = table_of(BonusGrant), table_of(AuditEntry)
CHUNK = 2_000
DONE = "bonus.week_granted"


@dataclass(frozen=True, slots=True, kw_only=True)
class BonusTerms:
    """`amount` in hundredths of a credit; 0 switches the bonus off."""

    amount: int
    ttl: timedelta
    active_within: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    week: str
    amount: int
    created_at: datetime


def week_of(at: datetime) -> str:
    """`2026-W47`; `at` in the shop's time zone."""
    year, week, _ = at.isocalendar()
    return f"{year}-W{week:02d}"


class Bonuses:
    def __init__(self, db: Database, clock: Clock, terms: BonusTerms) -> None:
        self._db = db
        self._clock = clock
        self.terms = terms

    async def grant(self, week: str) -> int:
        """Grant the week's bonus to everyone who has not got it; returns to how many. May be repeated, interrupted and
        run twice at once: each chunk commits by itself and nobody gets it twice."""
        now = self._clock()
        weekly = WeeklyGrant(
            week=week,
            amount=self.terms.amount,
            expires_at=now + self.terms.ttl,
            active_since=now - self.terms.active_within,
            now=now,
        )
        granted, after = 0, 0
        while self.terms.amount:
            chunk: Chunk | None = await self._db.write(grant_chunk, weekly, after, CHUNK)
            if chunk is None:
                log.info("bonus_granted_elsewhere", week=week)
                return granted
            granted += chunk.granted
            if chunk.last_user_id is None:
                break
            after = chunk.last_user_id
        await self._db.write(_note_done, week, granted, now)
        log.info("bonus_granted", week=week, users=granted)
        return granted

    async def is_done(self, week: str) -> bool:
        """Whether a run for the week has come to its end."""
        return await self._db.read(_is_done, week)

    async def last(self, user_id: int, count: int = 4) -> Sequence[GrantView]:
        """A user's latest bonuses, newest first."""
        return await self._db.read(_last, user_id, count)


def _note_done(session: Session, week: str, granted: int, now: datetime) -> None:
    if granted or not _is_done(session, week):
        row = {"action": DONE, "subject": week, "after": {"users": granted}, "created_at": now}
        session.execute(insert(_audit), row)


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
