"""Money that came for nothing we know: kept, told to the owners, and sent back when one of them says so."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID, uuid5

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject, table_of
from db.tables.currencies import Currency
from db.tables.payments import RefundStatus, StrayPayment, StrayStatus
from db.tables.users import AuditAction
from db.upsert import insert_into
from services.audit_log.record import AuditRecord, complete, record
from services.errors import N_, ShopError
from services.money import Money
from services.notifications.kinds.payments import PaymentTrouble
from services.notifications.owners import tell_owners
from services.pages import Page, paginate
from services.payments.alerts import PaymentProblem
from services.payments.context import PaymentsContext
from services.payments.merchant import Merchant
from services.payments.providers.base import NewRefund, RemotePayment, RemoteRefund
from services.payments.stray_stops import stop_soon
from services.users.actor import Actor
from services.users.roles import Staff

log = structlog.get_logger()
_strays = table_of(StrayPayment)
TOLD: Final = ""  # no refund is called so
REFUNDS: Final = UUID("0b6c2e57-7b0f-4f57-9a3c-1f3a8f0f6a51")


class StrayGone(ShopError):
    message = N_("There is no such money here.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayView:
    """`payer_id`: a Telegram id; `payload`: what the money said that it was for; `returned`: what of it went back at
    the provider."""

    id: int
    provider: str
    charge_id: str
    payer_id: int | None
    amount: Money
    returned: Money
    payload: str
    status: StrayStatus
    seen_at: datetime

    @property
    def rest(self) -> Money:
        """That can be sent back."""
        return self.amount.of(max(0, self.amount.minor - self.returned.minor))


class Strays:
    def __init__(self, ctx: PaymentsContext, staff: Staff) -> None:
        self._ctx = ctx
        self._staff = staff

    async def get(self, stray_id: int) -> StrayView:
        """Raises `StrayGone`."""
        return await self._ctx.db.read(_get, stray_id)

    async def page(self, page: int = 0, size: int = 20) -> Page[StrayView]:
        """What is still here first, the newest first."""
        return await self._ctx.db.read(_page, page, size)

    async def send_back(self, stray_id: int, *, actor: Actor) -> StrayView:
        """All that is left of it, once; who charges it every month is told to stop. In the audit log whatever comes of
        it. Raises `NotAllowed`, `StrayGone`, `OtherShop`, and `ProviderError` where it did not go back: it may be tried
        again."""
        stray, entry = await self._ctx.db.write(self._begin, stray_id, actor, self._ctx.clock())
        if entry is None:
            return stray
        after = f":{stray.returned.minor}" if stray.returned.minor else ""
        order = NewRefund(
            id=uuid5(REFUNDS, f"{stray.provider}:{stray.charge_id}{after}"),
            provider_payment_id=stray.payload,
            amount=stray.rest,
            description=stray.payload,
            charge_id=stray.charge_id,
            payer_id=stray.payer_id,
        )
        await self._ctx.accounts.of(stray.provider).provider.refund(order)
        return await self._ctx.db.write(_end, stray, entry, self._ctx.clock())

    def _begin(self, session: Session, stray_id: int, actor: Actor, now: datetime) -> tuple[StrayView, int | None]:
        """Without an entry of the audit log where it went back already."""
        self._staff.require(session, actor)
        stray = _get(session, stray_id)
        if stray.status is StrayStatus.REFUNDED:
            return stray, None
        stop_soon(session, stray.provider, stray.charge_id, now)
        subject, before = stray.charge_id[:64], {"status": stray.status, "amount": str(stray.rest)}
        entry = AuditRecord(actor=actor, action=AuditAction.STRAY_REFUND, subject=subject, before=before)
        return stray, record(session, entry, now)


def keep(session: Session, remote: RemotePayment, merchant: Merchant, now: datetime, *, why: str) -> bool:
    """Part of a caller's transaction; `why`: for the owners. Whether it is new. What went back already needs nobody."""
    if remote.charge_id is None:
        return False
    if remote.refunded.minor >= remote.amount.minor:
        _went_back(session, _this(merchant.provider, remote.charge_id), now)
        return False
    row = {
        "provider": merchant.provider,
        "charge_id": remote.charge_id,
        "payer_id": remote.payer_id,
        "amount": remote.amount.minor,
        "currency": remote.amount.currency,
        "payload": (remote.our_id or "").replace("\x00", "")[:255],
        "returned": dict(remote.refunds) or ({TOLD: remote.refunded.minor} if remote.refunded.minor else {}),
        "status": StrayStatus.KEPT,
        "seen_at": now,
        "renews": remote.paid_until is not None,
    }
    new = insert_into(session, _strays).values(row).on_conflict_do_nothing().returning(_strays.c.id)
    stray_id = session.scalar(new)
    if stray_id is None:
        return False
    log.warning("payment_stray", charge_id=remote.charge_id, amount=str(remote.amount), why=why)
    tell_owners(session, merchant.owners, _trouble(stray_id, remote, merchant, why), now=now)
    return True


def sent_back(session: Session, provider: str, refund: RemoteRefund, now: datetime) -> bool:
    """Follow a refund that succeeded. Whether it is of such money; of a part of it the rest is still kept."""
    here = _this(provider, refund.charge_id)
    row = session.execute(select(_strays).where(here).with_for_update()).first()
    if row is not None and refund.status == RefundStatus.SUCCEEDED:
        returned = row.returned | {refund.id: refund.amount.minor}
        session.execute(update(_strays).where(here).values(returned=returned))
        if _sum(returned) >= row.amount:
            _went_back(session, here, now)
    return row is not None


def _sum(returned: JsonObject) -> int:
    """Refunds one by one, or what was told of them altogether where nobody said which they were."""
    one_by_one = sum(int(minor) for refund, minor in returned.items() if refund != TOLD)
    return max(int(returned.get(TOLD, 0)), one_by_one)


def _went_back(session: Session, here: ColumnElement[bool], now: datetime) -> None:
    values = {"status": StrayStatus.REFUNDED, "refunded_at": now}
    gone = update(_strays).where(here, _strays.c.status == StrayStatus.KEPT).values(values)
    for row in session.execute(gone.returning(_strays.c.provider, _strays.c.charge_id)).all():
        stop_soon(session, row.provider, row.charge_id, now)


def _this(provider: str, charge_id: str | None) -> ColumnElement[bool]:
    return (_strays.c.provider == provider) & (_strays.c.charge_id == charge_id)


def _trouble(stray_id: int, remote: RemotePayment, merchant: Merchant, why: str) -> PaymentTrouble:
    moment = remote.paid_at and f"{remote.paid_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    payer = remote.payer_id and f"Telegram {remote.payer_id}"
    facts = (str(remote.amount), payer, moment, why)
    return PaymentTrouble(
        problem=PaymentProblem.STRAY,
        about=(remote.charge_id or "")[:100],
        detail=" · ".join(str(fact) for fact in facts if fact),
        provider=merchant.provider,
        stray_id=stray_id,
    )


def _get(session: Session, stray_id: int) -> StrayView:
    row = session.execute(select(_strays).where(_strays.c.id == stray_id)).first()
    if row is None:
        raise StrayGone(stray_id=stray_id)
    return _view(row)


def _page(session: Session, page: int, size: int) -> Page[StrayView]:
    here = (_strays.c.status == StrayStatus.KEPT).desc()
    found = paginate(session, select(_strays).order_by(here, _strays.c.seen_at.desc(), _strays.c.id.desc()), page, size)
    return found.holding([_view(row) for row in found.items])


def _end(session: Session, stray: StrayView, entry: int, now: datetime) -> StrayView:
    _went_back(session, _this(stray.provider, stray.charge_id), now)
    complete(session, entry, {"status": StrayStatus.REFUNDED})
    return _get(session, stray.id)


def _view(row: AnyRow) -> StrayView:
    others = {"amount", "returned", "status"}
    fields = {name: getattr(row, name) for name in StrayView.__slots__ if name not in others}
    amount = Money(row.amount, Currency(row.currency))
    return StrayView(**fields, amount=amount, returned=amount.of(_sum(row.returned)), status=StrayStatus(row.status))
