"""The clock of subscriptions: warnings, charges of saved methods, ends; and providers who have to be told to stop."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, constant, table_of
from db.errors import DatabaseUnavailable
from db.tables.plans import MethodState
from db.tables.users import User
from services.payments.charging import Charging
from services.payments.context import PaymentsContext
from services.payments.providers.base import ProviderError, SavedMethod
from services.payments.queries import PaymentView, payments
from services.payments.settlement import together
from services.payments.stopping import stop_charging
from services.payments.stray_stops import StrayStops
from services.plans.held import Terms
from services.plans.methods import methods
from services.plans.renewing import do_due
from services.plans.rows import subscriptions
from services.plans.times import GRACE, LEASE

log = structlog.get_logger()
_users = table_of(User)

AT_ONCE: Final = 50
_due = select(subscriptions.c.id).where(subscriptions.c.look_at <= bindparam("now")).limit(1)
_to_stop = select(methods.c.id).where(methods.c.state == constant(MethodState.UNLINKING)).limit(1)
TOLD_EVERY: Final = timedelta(minutes=5)  # a provider who does not answer


class Renewals:
    def __init__(self, ctx: PaymentsContext, charging: Charging, *, grace: timedelta = GRACE) -> None:
        self._ctx = ctx
        self._charging = charging
        self._stray_stops = StrayStops(ctx)
        self._terms = Terms(accounts=ctx.accounts, grace=grace)

    async def round(self) -> int:
        """Everything that is due now. How many subscriptions were looked at, and providers told."""
        done = await self._tell_providers() + await self._stray_stops.round()
        while await self._ctx.db.read(any_due, self._ctx.clock()):
            batch = await self._ctx.db.write(claim, self._ctx.clock(), AT_ONCE)
            begun = await self._do(batch)
            await together(self._charge(payment) for payment in begun)
            done += len(batch)
            if len(batch) < AT_ONCE:
                break
        if done:
            self._ctx.on_news()
        return done

    async def _do(self, batch: list[UUID]) -> list[PaymentView]:
        """Together, or one by one where that fails: one that cannot be handled must not stop the others."""
        try:
            return await self._ctx.db.write(_do_all, batch, self._terms, self._ctx.clock())
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("renewals_not_done_together")
        begun = []
        for subscription_id in batch:
            try:
                begun += await self._ctx.db.write(_do_all, [subscription_id], self._terms, self._ctx.clock())
            except DatabaseUnavailable:
                raise
            except Exception:
                log.exception("renewal_failed", subscription_id=str(subscription_id))
        return begun

    async def _charge(self, payment: PaymentView) -> None:
        """Where no answer comes the payment stays open, and the reconciler asks for it."""
        try:
            await self._charging.charge(payment)
        except ProviderError as error:
            log.warning("renewal_not_charged", payment_id=str(payment.id), code=error.code)
        except DatabaseUnavailable:
            raise
        except Exception:
            log.exception("renewal_charge_failed", payment_id=str(payment.id))

    async def _tell_providers(self) -> int:
        told = 0
        if not await self._ctx.db.read(any_to_stop):
            return told
        for row in await self._ctx.db.write(claim_to_stop, self._ctx.clock()):
            told += await self._stop(row)
        return told

    async def _stop(self, row: AnyRow) -> bool:
        if not self._ctx.accounts.reach(row.provider, row.provider_shop_id):
            return False
        account = self._ctx.accounts.of(row.provider)
        known_by = row.user_id if row.kept_for is None else row.kept_for
        method = SavedMethod(id=row.id, token=row.token, kept_for=known_by, telegram_id=row.telegram_id)
        if not await stop_charging(self._ctx, account, method, about=str(row.id)):
            return False
        await self._ctx.db.write(stopped, row.id, self._ctx.clock())
        return True


def any_due(session: Session, now: datetime) -> bool:
    return session.connection().execute(_due, {"now": now}).first() is not None


def any_to_stop(session: Session) -> bool:
    return session.connection().execute(_to_stop).first() is not None


def claim(session: Session, now: datetime, limit: int) -> list[UUID]:
    """Moves each on: who dies with it in hands leaves it to be looked at again."""
    due = (
        select(subscriptions.c.id)
        .where(subscriptions.c.look_at <= now)
        .order_by(subscriptions.c.look_at)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    ids = list(session.scalars(due))
    if ids:
        session.execute(update(subscriptions).where(subscriptions.c.id.in_(ids)).values(look_at=now + LEASE))
    return ids


def _do_all(session: Session, batch: list[UUID], terms: Terms, now: datetime) -> list[PaymentView]:
    """In the order in which users are locked."""
    rows = session.execute(select(subscriptions.c.id, subscriptions.c.user_id).where(subscriptions.c.id.in_(batch)))
    in_order = sorted(rows, key=lambda row: row.user_id)
    begun = (do_due(session, row, terms, now) for row in in_order)
    return [payment for payment in begun if payment is not None]


def claim_to_stop(session: Session, now: datetime, limit: int = AT_ONCE) -> list[AnyRow]:
    """Methods whose provider does not know yet that they were taken back; with whom it charges."""
    first = methods.c.updated_at == methods.c.unlinked_at
    waited = methods.c.updated_at <= now - TOLD_EVERY
    due = methods.c.state == MethodState.UNLINKING
    began = (payments.c.provider == methods.c.provider) & (payments.c.charge_id == methods.c.token)
    query = (
        select(methods, func.coalesce(payments.c.payer_id, _users.c.telegram_id).label("telegram_id"))
        .join(_users, _users.c.id == methods.c.user_id)
        .outerjoin(payments, began)
        .where(due, first | waited)
        .order_by(methods.c.updated_at)
        .limit(limit)
        .with_for_update(of=methods, skip_locked=True, key_share=True)
    )
    rows = list(session.execute(query))
    ids = [row.id for row in rows]
    if ids:
        later = update(methods).where(methods.c.id.in_(ids))
        session.execute(later.values(updated_at=max(now, *(row.unlinked_at + timedelta(seconds=1) for row in rows))))
    return rows


def stopped(session: Session, method_id: UUID, now: datetime) -> None:
    here = (methods.c.id == method_id) & (methods.c.state == MethodState.UNLINKING)
    session.execute(update(methods).where(here).values(state=MethodState.UNLINKED, token=None, updated_at=now))
