"""Asking the provider for a payment and applying what it says."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from db.engine import Database
from db.payments import PaymentStatus
from services.clock import Clock
from services.payments.apply import OPEN, Applied, Verdict, apply, cancel_unborn
from services.payments.provider import Provider, ProviderError, RemotePayment
from services.payments.terms import Terms
from services.payments.topup import TopUp
from services.payments.views import PaymentView, find_by_provider_id, find_payment, payment_view, payments

log = structlog.get_logger()

PAUSES = tuple(timedelta(seconds=s) for s in (20, 30, 60, 60, 120, 300, 600, 1800, 3600))
KEY_LIVES = timedelta(hours=23)  # the provider keeps it 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one look at the provider changed."""

    payment_id: UUID
    applied: Applied


class Settlement:
    def __init__(self, db: Database, clock: Clock, provider: Provider, terms: Terms, topup: TopUp) -> None:
        self._db = db
        self._clock = clock
        self._provider = provider
        self._terms = terms
        self._topup = topup

    async def check(self, payment: PaymentView) -> Applied:
        """Ask for one payment now. Raises `ProviderError` when the provider does not tell."""
        if payment.provider_payment_id is None:
            return await self._find_or_repeat(payment)
        return await self._apply(payment.id, await self._provider.get(payment.provider_payment_id))

    async def learn(self, provider_payment_id: str) -> str | None:
        """Follow a hint about a payment. Returns why nothing followed from it, or None; raises `ProviderError`."""
        remote = await self._provider.get(provider_payment_id)
        payment_id = await self._db.read(_ours, self._provider.name, remote)
        if payment_id is None:
            return "not a payment of ours"
        applied = await self._apply(payment_id, remote)
        return "differs from our books" if applied is Applied.MISMATCH else None

    async def check_due(self, limit: int = 20) -> list[Change]:
        """Ask for the unfinished payments whose time has come."""
        changes = []
        for payment in await self._db.write(_claim, self._clock(), limit):
            try:
                applied = await self.check(payment)
            except ProviderError as error:
                log.warning("payment_not_checked", payment_id=str(payment.id), code=error.code)
                continue
            if applied is not Applied.UNCHANGED:
                changes.append(Change(payment_id=payment.id, applied=applied))
        return changes

    async def _find_or_repeat(self, payment: PaymentView) -> Applied:
        """The create call's answer was lost: the same key gets the same payment, while it lives."""
        if self._clock() - payment.created_at > KEY_LIVES:
            await self._db.write(cancel_unborn, payment.id, "no_answer", self._clock())
            return Applied.CANCELED
        born = await self._topup.create(payment)
        return Applied.CREDITED if born.status is PaymentStatus.SUCCEEDED else Applied.UNCHANGED

    async def _apply(self, payment_id: UUID, remote: RemotePayment) -> Applied:
        verdict = await self._db.write(_apply_to, payment_id, remote, self._terms, self._clock())
        if verdict.applied is not Applied.TO_CAPTURE:
            return verdict.applied
        captured = await self._provider.capture(remote.id, key=payment_id)
        return (await self._db.write(_apply_to, payment_id, captured, self._terms, self._clock())).applied


def _apply_to(session: Session, payment_id: UUID, remote: RemotePayment, terms: Terms, now: datetime) -> Verdict:
    payment = find_payment(session, payment_id)
    assert payment is not None
    return apply(session, payment, remote, terms=terms, now=now)


def _ours(session: Session, provider: str, remote: RemotePayment) -> UUID | None:
    """By the provider's id, or by ours in its metadata when the notification overtook the create call's answer."""
    payment = find_by_provider_id(session, provider, remote.id)
    if payment is None and remote.our_id is not None:
        try:
            payment = find_payment(session, UUID(remote.our_id))
        except ValueError:
            return None
    return None if payment is None else payment.id


def _claim(session: Session, now: datetime, limit: int) -> list[PaymentView]:
    """Moves each on to its next look, so that two reconcilers do not ask for the same."""
    due = (
        select(payments)
        .where(payments.c.status.in_(OPEN), payments.c.next_check_at <= now)
        .order_by(payments.c.next_check_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = [payment_view(row) for row in session.execute(due)]
    for payment in found:
        pause = PAUSES[min(payment.checks, len(PAUSES) - 1)]
        values: dict[str, Any] = {"next_check_at": now + pause, "checks": payment.checks + 1}
        session.execute(update(payments).where(payments.c.id == payment.id).values(values))
    return found
