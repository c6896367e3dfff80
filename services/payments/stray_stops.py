"""Subscriptions that nobody knows: who charges them is told to stop when an owner has sent money of theirs back."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.payments import StrayPayment
from services.payments.context import PaymentsContext
from services.payments.providers.base import SavedMethod
from services.payments.stopping import stop_charging

_strays = table_of(StrayPayment)
STOPS: Final = UUID("6e0a4a0e-5d0c-4a0b-9b56-0a2f6d0c7f35")
TOLD_EVERY: Final = timedelta(minutes=5)  # a provider who does not answer
NOBODY: Final = 0  # in our books


class StrayStops:
    def __init__(self, ctx: PaymentsContext) -> None:
        self._ctx = ctx

    async def round(self) -> int:
        """How many were stopped."""
        if not await self._ctx.db.read(_any_due, self._ctx.clock()):
            return 0
        due = await self._ctx.db.write(_claim, self._ctx.clock())
        return sum([await self._stop(row) for row in due])

    async def _stop(self, row: AnyRow) -> bool:
        if not self._ctx.accounts.reach(row.provider, None):
            return False
        account, token = self._ctx.accounts.of(row.provider), row.charge_id
        method = SavedMethod(id=uuid5(STOPS, token), token=token, kept_for=NOBODY, telegram_id=row.payer_id)
        if not await stop_charging(self._ctx, account, method, about=token):
            return False
        await self._ctx.db.write(_stopped, row.id)
        return True


def stop_soon(session: Session, provider: str, charge_id: str, now: datetime) -> None:
    """Also by the other months of the same one: a provider may know it by its first charge alone."""
    this = select(_strays.c.payload, _strays.c.payer_id).where(
        _strays.c.provider == provider, _strays.c.charge_id == charge_id, _strays.c.renews
    )
    row = session.execute(this).first()
    if row is not None:
        same = (_strays.c.payload == row.payload) & (_strays.c.payer_id == row.payer_id)
        here = (_strays.c.provider == provider) & same & _strays.c.renews
        session.execute(update(_strays).where(here, _strays.c.stop_at.is_(None)).values(stop_at=now))


def _any_due(session: Session, now: datetime) -> bool:
    return session.scalar(select(_strays.c.id).where(_strays.c.stop_at <= now).limit(1)) is not None


def _claim(session: Session, now: datetime) -> list[AnyRow]:
    """Moves each on: who dies with it in hands leaves it to be told again."""
    due = select(_strays).where(_strays.c.stop_at <= now).order_by(_strays.c.stop_at).limit(20)
    rows = list(session.execute(due.with_for_update(skip_locked=True)))
    if rows:
        here = _strays.c.id.in_([row.id for row in rows])
        session.execute(update(_strays).where(here).values(stop_at=now + TOLD_EVERY))
    return rows


def _stopped(session: Session, stray_id: int) -> None:
    session.execute(update(_strays).where(_strays.c.id == stray_id).values(renews=False, stop_at=None))
