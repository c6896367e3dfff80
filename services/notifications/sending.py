"""Taking messages from the outbox, and saying how each of them ended."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.outbox import OutboxMessage, OutboxStatus, Wait
from services.clock import Clock
from services.notifications.backlog import backlog, kept_back
from services.notifications.blocked import skip_blocked
from services.notifications.claims import any_due, any_waiting, claim
from services.notifications.kinds.news import News
from services.notifications.notification import About, Notification
from services.notifications.outbox import short
from services.notifications.settle import postpone, recheck, release, reopen, settle, settle_and_go_on, tell_again

_outbox = table_of(OutboxMessage)
log = structlog.get_logger()

MAX_PAUSE = timedelta(minutes=30)
GIVE_UP_AFTER = timedelta(days=7)  # what finds no way for that long is given up
LEAST_ATTEMPTS = 12  # a shop that was switched off for a week has not tried

GivenUp = Callable[[Session, Notification, str, datetime], bool]


class Outbox:
    """`given_up`: by kind, what follows from giving up a notification for the reason told, in the same transaction; it
    tells whether anything did."""

    def __init__(self, db: Database, clock: Clock, given_up: Mapping[str, GivenUp] | None = None) -> None:
        self._db = db
        self._clock = clock
        self._given_up = given_up or {}

    async def claim(self, limit: int = 50, *, in_hand: Collection[int] = ()) -> list[Notification]:
        """Messages that are due and can be sent, those that somebody waits for before the news; of each, at most one
        for a chat so that their order holds. What is not settled within the lease is claimed again, but not by who
        still has it `in_hand`: a clock that leaps ends leases early."""
        if not await self._db.read(any_due, self._clock()):
            return []  # an idle shop does not write
        return await self._db.write(claim, self._clock(), limit, in_hand=in_hand)

    async def probe(self, *, in_hand: Collection[int] = ()) -> list[Notification]:
        """At most one message: of those that are due or wait for Telegram the one that has waited longest. While
        Telegram is away it stands for all."""
        if not await self._db.read(any_waiting, self._clock()):
            return []
        return await self._db.write(claim, self._clock(), 1, in_hand=in_hand, probe=True)

    async def release(self, wait: Wait) -> None:
        """What it waited for is there: all such messages are due now. Leases of other senders stand."""
        await self._db.write(release, self._clock(), wait)

    async def sent(self, notification: Notification, *, then: News | None = None) -> OutboxStatus:
        """`then`: goes on where this one ends."""
        return await self._settle(notification, OutboxStatus.SENT, None, then)

    async def skip(self, notification: Notification, reason: str, *, then: News | None = None) -> OutboxStatus:
        return await self._settle(notification, OutboxStatus.SKIPPED, reason, then)

    async def skip_blocked(self, notification: Notification, reason: str) -> OutboxStatus:
        """Its user has blocked the bot: what they wait for comes when they are back."""
        return await self._db.write(skip_blocked, notification, reason, self._clock())

    async def fail(self, notification: Notification, reason: str) -> OutboxStatus:
        log.error(
            "notification_given_up",
            notification_id=notification.id,
            kind=notification.kind,
            user_id=notification.user_id,
            reason=reason,
        )
        await self._db.write(self._give_up, notification, reason, self._clock())
        return OutboxStatus.FAILED

    async def retry(
        self, notification: Notification, reason: str, *, after: timedelta | None = None, wait: Wait | None = None
    ) -> OutboxStatus:
        """Try again `after` that time, which costs no attempt, or after a pause that grows; given up after days. How
        often it was tried while Telegram was away does not make the pauses after that long."""
        now = self._clock()
        if after is None and now - notification.since >= GIVE_UP_AFTER and notification.attempts >= LEAST_ATTEMPTS:
            return await self.fail(notification, reason)
        forgiven = notification.kept_back and wait is not Wait.TELEGRAM
        attempts = 1 if forgiven else notification.attempts
        pause = after or min(timedelta(seconds=2 ** min(attempts, 16)), MAX_PAUSE)
        values = {"available_at": now + pause, "waits_for": wait, "error": short(reason)}
        await self._db.write(postpone, notification, values | {"attempts": attempts - (after is not None)})
        return OutboxStatus.PENDING

    async def shelve(self, notification: Notification, reason: str) -> OutboxStatus:
        """The shop itself cannot present it: it waits for a repair. Nobody's money waits: what is paid back where it is
        given up is given up."""
        return await self._db.write(self._shelve, notification, reason, self._clock())

    async def recheck(self, about: About) -> None:
        """Put into its message, in a while, what is true of it then."""
        await self._db.write(recheck, about, self._clock())

    async def tell_again(self, key: str) -> None:
        """What was told may have been covered since."""
        await self._db.write(tell_again, key, self._clock())

    async def reopen(self) -> int:
        """Send once more what was given up. Returns how many messages that are."""
        return await self._db.write(reopen, self._clock())

    async def _settle(
        self, notification: Notification, status: OutboxStatus, reason: str | None, then: News | None
    ) -> OutboxStatus:
        await self._db.write(settle_and_go_on, notification, status, self._clock(), reason, then=then)
        return status

    def _give_up(self, session: Session, notification: Notification, reason: str, now: datetime) -> None:
        follows = self._given_up.get(notification.kind)
        if settle(session, notification, OutboxStatus.FAILED, now, reason) and follows is not None:
            follows(session, notification, reason, now)

    def _shelve(self, session: Session, notification: Notification, reason: str, now: datetime) -> OutboxStatus:
        follows = self._given_up.get(notification.kind)
        if not settle(session, notification, OutboxStatus.FAILED, now, reason):
            return OutboxStatus.PENDING
        if follows is not None and follows(session, notification, reason, now):
            log.error(
                "notification_given_up",
                notification_id=notification.id,
                kind=notification.kind,
                user_id=notification.user_id,
                reason=reason,
            )
            return OutboxStatus.FAILED
        waiting = {"status": OutboxStatus.PENDING, "waits_for": Wait.REPAIR, "available_at": now + _pause(notification)}
        session.execute(update(_outbox).where(_outbox.c.id == notification.id).values(waiting))
        return OutboxStatus.PENDING

    async def backlog(self) -> tuple[int, float]:
        """How many messages wait, whatever for, and how old the oldest is, in seconds."""
        return await self._db.read(backlog, self._clock())

    async def kept_back(self) -> float:
        """How old the oldest answer is that Telegram does not let through, in seconds; 0 where there is none."""
        return await self._db.read(kept_back, self._clock())


def _pause(notification: Notification) -> timedelta:
    return min(timedelta(seconds=2 ** min(notification.attempts, 16)), MAX_PAUSE)
