"""Taking letters from the outbox, and saying how each of them ended."""

from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import delete
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.outbox import Channel, OutboxKind, OutboxMessage, OutboxStatus, RefusedAddress
from db.upsert import insert_into
from services.clock import Clock
from services.notifications.letter import Letter
from services.notifications.letter_claims import any_letter_due, claim_letter, letters_waiting
from services.notifications.outbox import short
from services.notifications.settle import postpone, settle

_outbox, _refused = table_of(OutboxMessage), table_of(RefusedAddress)
log = structlog.get_logger()

FIRST_PAUSE: Final = timedelta(seconds=15)  # a server that knows nobody yet asks for a minute or five
MAX_PAUSE: Final = timedelta(minutes=30)
GIVE_UP_AFTER: Final = timedelta(days=5)
LEAST_ATTEMPTS: Final = 12  # a shop that was switched off for that long has not tried
KEPT: Final = timedelta(days=30)


_ON_A_PAGE: Final = frozenset({OutboxKind.PREDICTION, OutboxKind.ENCLOSURE, OutboxKind.CHAT_ANSWER, OutboxKind.SCORING})


class Letters:
    """What is given up here is not paid back: an answer whose letter did not arrive stands on its page, and so it is
    skipped rather than failed."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def claim(self) -> Letter | None:
        """One that is due, and is this caller's for the lease."""
        if not await self._db.read(any_letter_due, self._clock()):
            return None  # an idle shop does not write
        return await self._db.write(claim_letter, self._clock())

    async def sent(self, letter: Letter) -> OutboxStatus:
        await self._db.write(_sent, letter, self._clock())
        return OutboxStatus.SENT

    async def skip(self, letter: Letter, reason: str) -> OutboxStatus:
        await self._db.write(settle, letter, OutboxStatus.SKIPPED, self._clock(), reason)
        return OutboxStatus.SKIPPED

    async def fail(self, letter: Letter, reason: str, *, nobody: bool = False) -> OutboxStatus:
        """`nobody`: the server says that there is no such address, which is remembered."""
        log.warning(
            "letter_given_up", letter_id=letter.id, kind=letter.kind, user_id=letter.user_id, reason=short(reason)
        )
        status = OutboxStatus.SKIPPED if letter.kind in _ON_A_PAGE else OutboxStatus.FAILED
        await self._db.write(_end, letter, status, reason, self._clock(), nobody=nobody)
        return status

    async def retry(self, letter: Letter, reason: str) -> OutboxStatus:
        """After a pause that grows; given up after days."""
        now = self._clock()
        if now - letter.since >= GIVE_UP_AFTER and letter.attempts >= LEAST_ATTEMPTS:
            return await self.fail(letter, reason)
        pause = min(FIRST_PAUSE * 2 ** min(letter.attempts - 1, 10), MAX_PAUSE)
        await self._db.write(postpone, letter, {"available_at": now + pause, "error": short(reason)})
        return OutboxStatus.PENDING

    async def put_back(self, letter: Letter, reason: str, *, after: timedelta) -> OutboxStatus:
        """Nothing was tried with it: that costs no attempt."""
        values = {"available_at": self._clock() + after, "attempts": letter.attempts - 1, "error": short(reason)}
        await self._db.write(postpone, letter, values)
        return OutboxStatus.PENDING

    async def backlog(self) -> tuple[int, float]:
        """How many letters wait, whatever for, and how old the oldest is, in seconds."""
        return await self._db.read(letters_waiting, self._clock())

    async def forget_old(self) -> int:
        """Letters of a month ago, sent or not: they name people and addresses. Returns how many."""
        return await self._db.write(_forget, self._clock() - KEPT)


def _sent(session: Session, letter: Letter, now: datetime) -> None:
    if settle(session, letter, OutboxStatus.SENT, now, None) and letter.refused:
        session.execute(delete(_refused).where(_refused.c.address == letter.address))
    _keep_no_last_word(session, letter)


def _end(session: Session, letter: Letter, status: OutboxStatus, reason: str, now: datetime, *, nobody: bool) -> None:
    settled = settle(session, letter, status, now, reason)
    _keep_no_last_word(session, letter)
    if not settled or not nobody or letter.kind == OutboxKind.ACCOUNT_DELETED:
        return
    values = {"reason": short(reason), "refused_at": now}
    new = insert_into(session, _refused).values(address=letter.address, **values)
    session.execute(new.on_conflict_do_update(index_elements=["address"], set_=values))


def _keep_no_last_word(session: Session, letter: Letter) -> None:
    """Whose account is deleted is known here no longer than it takes to say so."""
    if letter.kind == OutboxKind.ACCOUNT_DELETED:
        done = (_outbox.c.id == letter.id) & (_outbox.c.status != OutboxStatus.PENDING)
        session.execute(delete(_outbox).where(done))


def _forget(session: Session, before: datetime) -> int:
    session.execute(delete(_refused).where(_refused.c.refused_at < before))
    old = delete(_outbox).where(_outbox.c.channel == Channel.EMAIL, _outbox.c.created_at < before)
    return len(session.execute(old.returning(_outbox.c.id)).all())
