"""Reading the provider's own list, for what it knows and our books do not: after a restored back-up, a lost disk, a
refund in the cabinet that nobody told us of."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.errors import DatabaseUnavailable
from db.tables.payments import PaymentStatus, ProviderList, RefundStatus
from db.upsert import insert_into
from services.payments.adopt import PAID
from services.payments.alerts import many_lost
from services.payments.applied import Applied
from services.payments.context import PaymentsContext, ProviderAccount
from services.payments.mark import Origin
from services.payments.merchant import Merchant
from services.payments.providers.base import NotFound, ProviderError, RemotePayment, RemoteRefund
from services.payments.queries import RefundView, parse_id, payments, refunds
from services.payments.refunds.service import Refunds
from services.payments.settlement import LOST, PaymentChange, Settlement, TooEarly

log = structlog.get_logger()
_lists = table_of(ProviderList)
EVERY = timedelta(hours=1)
OVERLAP = timedelta(days=2)  # who pays late has paid by then
FIRST = timedelta(days=30)  # of a shop that never read the list
MESSAGES = 10  # about single payments that may be ours, in one reading


@dataclass(frozen=True, slots=True, kw_only=True)
class UnmatchedPayment:
    """Money at the provider's that is not in our books; `applied` says what it is."""

    remote: RemotePayment
    applied: Applied


@dataclass(slots=True, kw_only=True)
class ListRead:
    """What one reading changed and what it left alone; `complete`: nothing has to be read again."""

    payments: list[PaymentChange] = field(default_factory=list)
    refunds: list[RefundView] = field(default_factory=list)
    unmatched: list[UnmatchedPayment] = field(default_factory=list)
    complete: bool = True

    def add(self, other: "ListRead") -> None:
        """What reading another list came to."""
        self.payments += other.payments
        self.refunds += other.refunds
        self.unmatched += other.unmatched
        self.complete &= other.complete


class ProviderListReader:
    """Of one provider."""

    def __init__(
        self, ctx: PaymentsContext, account: ProviderAccount, settlement: Settlement, refunds: Refunds
    ) -> None:
        self._ctx = ctx
        self._account = account
        self._settlement = settlement
        self._refunds = refunds

    async def when_due(self, *, now: bool = False) -> ListRead:
        """Every hour, from where the last reading ended; `now`: also sooner. A provider that does not answer is asked
        again the next time; one that is not offered any more only where it was ever read."""
        retired = self._account.merchant.provider not in {each.merchant.provider for each in self._ctx.accounts}
        if retired and not await self._ctx.db.read(_was_read, *self._list()):
            return ListRead()
        since = await self._ctx.db.read(_due, *self._list(), self._ctx.clock(), forced=now)
        if since is None:
            return ListRead()
        try:
            return await self.since(since)
        except ProviderError as error:
            log.warning("provider_list_not_read", code=error.code)
            return ListRead(complete=False)

    async def since(self, since: datetime) -> ListRead:
        """All that was begun since. Raises `ProviderError` where the list cannot be had."""
        began, listed = self._ctx.clock(), ListRead()
        await self._ctx.db.write(_open, *self._list(), began)
        async for page in self._account.provider.payments_since(since):
            for remote in await self._ctx.db.read(_unbooked, page, self._account.merchant.provider):
                await self._patiently(listed, self._payment(remote, listed))
        async for sent_back in self._account.provider.refunds_since(since):
            for refund in await self._ctx.db.read(_unbooked_refunds, sent_back):
                await self._patiently(listed, self._refund(refund, listed))
        await self._end(listed, since, began)
        return listed

    async def _end(self, listed: ListRead, since: datetime, until: datetime) -> None:
        count = sum(each.applied in LOST for each in listed.unmatched)
        if count > MESSAGES:
            await self._ctx.db.write(many_lost, self._account.merchant, self._ctx.clock(), count=count)
            self._ctx.on_news()
        if listed.complete:
            await self._ctx.db.write(_read, *self._list(), since, until)

    async def _patiently(self, listed: ListRead, work: Awaitable[None]) -> None:
        """One that cannot be followed must not stop the others."""
        try:
            await work
        except (ProviderError, TooEarly) as error:
            log.warning("listed_item_waits", error=str(error))
            listed.complete = False
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("listed_item_failed")
            listed.complete = False

    async def _payment(self, remote: RemotePayment, listed: ListRead) -> None:
        applied, payment = Applied.FOREIGN, None
        if maybe_ours(remote, self._account.merchant):
            told = sum(each.applied in LOST for each in listed.unmatched)
            verdict = await self._settlement.follow(remote, self._account, quietly=told >= MESSAGES)
            applied, payment = verdict.applied, verdict.payment
        if payment is None or applied is Applied.MISMATCH:
            if remote.status in PAID:
                listed.unmatched.append(UnmatchedPayment(remote=remote, applied=applied))
        elif applied is not Applied.UNCHANGED:
            listed.payments.append(PaymentChange(payment_id=payment.id, applied=applied))

    async def _refund(self, remote: RemoteRefund, listed: ListRead) -> None:
        try:
            booked = await self._refunds.follow(remote, self._account)
        except NotFound:  # of what another program was paid, long ago
            log.warning("listed_refund_of_unknown", refund_id=remote.id)
            return
        if booked is not None and booked.status is RefundStatus.SUCCEEDED:
            listed.refunds.append(booked)

    def _list(self) -> tuple[str, str]:
        return self._account.merchant.provider, self._account.merchant.shop_id


def maybe_ours(remote: RemotePayment, merchant: Merchant) -> bool:
    """Whether there is any use in looking for it in our books."""
    if merchant.keeps_strays:
        return True
    origin, _ = merchant.signer.verify(remote)
    return origin is not Origin.ANOTHER and parse_id(remote.our_id) is not None


def missing(session: Session, page: list[RemotePayment], merchant: Merchant) -> list[RemotePayment]:
    """Of a page of the list, the paid ones that are proved to be ours and have no row."""
    ours = [
        remote
        for remote in page
        if remote.status == PaymentStatus.SUCCEEDED and merchant.signer.verify(remote)[0] is Origin.OURS
    ]
    ids = [each.id for each in ours]
    here = (payments.c.provider == merchant.provider) & payments.c.provider_payment_id.in_(ids)
    known = set(session.scalars(select(payments.c.provider_payment_id).where(here)))
    return [remote for remote in ours if remote.id not in known]


def reading_from(session: Session, provider: str, shop_id: str, now: datetime) -> datetime:
    """From when on the list has to be read."""
    read_until = session.scalar(select(_lists.c.read_until).where(*_this(provider, shop_id)))
    return now - FIRST if read_until is None else min(read_until, now) - OVERLAP


def _this(provider: str, shop_id: str) -> tuple[Any, ...]:  # Any: two conditions
    return _lists.c.provider == provider, _lists.c.provider_shop_id == shop_id


def _was_read(session: Session, provider: str, shop_id: str) -> bool:
    return session.scalar(select(_lists.c.began_at).where(*_this(provider, shop_id))) is not None


def _due(session: Session, provider: str, shop_id: str, now: datetime, *, forced: bool) -> datetime | None:
    read_until = session.scalar(select(_lists.c.read_until).where(*_this(provider, shop_id)))
    if not forced and read_until is not None and now - EVERY < read_until <= now:
        return None
    return reading_from(session, provider, shop_id, now)


def _open(session: Session, provider: str, shop_id: str, now: datetime) -> None:
    """From now on nothing is begun that is not signed."""
    read_until = reading_from(session, provider, shop_id, now) + OVERLAP
    new = {"provider": provider, "provider_shop_id": shop_id, "began_at": now, "read_until": read_until}
    session.execute(insert_into(session, _lists).values(new).on_conflict_do_nothing())


def _read(session: Session, provider: str, shop_id: str, since: datetime, until: datetime) -> None:
    """A reading that began later than where the last one ended leaves a gap, and the mark where it is."""
    here = (*_this(provider, shop_id), _lists.c.read_until >= since)
    session.execute(update(_lists).where(*here).values(read_until=until))


def _unbooked(session: Session, page: list[RemotePayment], provider: str) -> list[RemotePayment]:
    """Those of which our books do not say the same. What was canceled brings nothing."""
    ids, charges = [each.id for each in page], [each.charge_id for each in page if each.charge_id is not None]
    by = payments.c.provider_payment_id, payments.c.charge_id
    rows = session.execute(
        select(*by, payments.c.status, func.coalesce(func.sum(refunds.c.amount_kopecks), 0))
        .outerjoin(refunds, (refunds.c.payment_id == payments.c.id) & (refunds.c.status == RefundStatus.SUCCEEDED))
        .where(payments.c.provider == provider, or_(by[0].in_(ids), by[1].in_(charges)))
        .group_by(payments.c.id, *by, payments.c.status)
    )
    known: dict[tuple[str, str | None], tuple[str, int]] = {}
    for row in rows:
        remote_id, charge_id, *state = row
        known |= {("payment", remote_id): tuple(state), ("charge", charge_id): tuple(state)}
    return [
        each
        for each in page
        if each.status != PaymentStatus.CANCELED and known.get(_name(each)) != (each.status, each.refunded.minor)
    ]


def _name(remote: RemotePayment) -> tuple[str, str]:
    """Of several charges for one payment each is something else."""
    return ("payment", remote.id) if remote.charge_id is None else ("charge", remote.charge_id)


def _unbooked_refunds(session: Session, page: list[RemoteRefund]) -> list[RemoteRefund]:
    """As above; one that is under way is ours to follow."""
    ids = [each.id for each in page]
    query = select(refunds.c.provider_refund_id, refunds.c.status).where(refunds.c.provider_refund_id.in_(ids))
    known = {row.provider_refund_id: row.status for row in session.execute(query)}
    return [each for each in page if each.status != RefundStatus.CANCELED and known.get(each.id) != each.status]
