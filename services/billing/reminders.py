"""Credits of packages that will expire soon: each lot's owner is told once, some days before."""

from datetime import datetime, timedelta

from sqlalchemy import String, cast, exists, literal, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.billing import Lot, TransactionKind
from db.tables.identities import EmailLogin
from db.tables.outbox import OutboxMessage
from db.tables.users import User
from db.upsert import insert_into
from services.billing.statement import Expiring
from services.clock import Clock
from services.notifications.kinds.credits import CreditsExpire
from services.notifications.outbox import row_of

_lots, _outbox = table_of(Lot), table_of(OutboxMessage)
_users, _logins = table_of(User), table_of(EmailLogin)
NOTICE = timedelta(days=3)
CHUNK = 500


class Reminders:
    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def tell_expiring(self) -> int:
        """Put a message into the outbox for each lot whose end is near; returns how many. Each chunk commits by
        itself; one that is repeated tells nobody twice."""
        told = after = 0
        while True:
            lots = await self._db.write(_tell, after, self._clock())
            if not lots:
                return told
            told, after = told + len(lots), lots[-1]

    async def lot(self, lot_id: int) -> Expiring | None:
        """What is left of a lot, or None when nothing is."""
        return await self._db.read(_left, lot_id, self._clock())


def _tell(session: Session, after: int, now: datetime) -> list[int]:
    """The ids of the lots told of, from `after` on."""
    key = literal(f"{CreditsExpire.kind}:", String) + cast(_lots.c.id, String)
    rows = session.execute(
        select(_lots.c.id, _lots.c.user_id)
        .join(_users, _users.c.id == _lots.c.user_id)
        .where(
            _users.c.telegram_id.is_not(None) | exists().where(_logins.c.user_id == _users.c.id),
            _lots.c.id > after,
            _lots.c.kind == TransactionKind.TOPUP,
            _lots.c.remaining > 0,
            _lots.c.expires_at > now,
            _lots.c.expires_at <= now + NOTICE,
            ~exists().where(_outbox.c.key == key),
        )
        .order_by(_lots.c.id)
        .limit(CHUNK)
    ).all()
    if rows:
        new = insert_into(session, _outbox).on_conflict_do_nothing(index_elements=["key"])
        session.connection().execute(
            new, [row_of(CreditsExpire(lot_id=row.id), user_id=row.user_id, now=now) for row in rows]
        )
    return [row.id for row in rows]


def _left(session: Session, lot_id: int, now: datetime) -> Expiring | None:
    row = session.execute(select(_lots.c.remaining, _lots.c.expires_at).where(_lots.c.id == lot_id)).first()
    if row is None or not row.remaining or row.expires_at is None or row.expires_at <= now:
        return None
    return Expiring(remaining=row.remaining, expires_at=row.expires_at)
