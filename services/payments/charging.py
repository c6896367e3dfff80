"""Charging a saved method: without its owner, or when they press a button for it."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from services.payments.applied import Applied, Verdict
from services.payments.apply import apply
from services.payments.closing import declined_unborn
from services.payments.context import PaymentsContext
from services.payments.fulfilment import Fulfilments
from services.payments.merchant import Merchant
from services.payments.order import buyer_of, order_of
from services.payments.providers.base import (
    Buyer,
    NotAuthorized,
    NotFound,
    Refused,
    RemotePayment,
    SavedMethod,
    ShopRefused,
)
from services.payments.queries import PaymentView, parse_id
from services.payments.refusal import refuse

SOONER: Final = timedelta(hours=1)  # than planned, by the provider's clock


class MethodTakenBack(Refused):
    """Its owner wants no charge any more, or the period is there."""


class Charging:
    def __init__(self, ctx: PaymentsContext) -> None:
        self._ctx = ctx

    async def charge(self, payment: PaymentView, *, tell: bool = False) -> Applied:
        """`tell`: whose it is, and who does not see it happen, of a charge that was not made. Raises `ProviderError`
        where nothing is known yet."""
        try:
            applied = (await self._charge(payment)).applied
        except NotAuthorized as error:
            return await refuse(self._ctx, payment, error, tell=tell)
        except (Refused, NotFound) as error:
            if isinstance(error, ShopRefused | MethodTakenBack):
                return await refuse(self._ctx, payment, error, tell=tell)
            return await self._ctx.db.write(
                declined_unborn, payment.id, error.code, self._ctx.clock(), fulfilments=self._ctx.fulfilments
            )
        self._ctx.on_news()
        return applied

    async def _charge(self, payment: PaymentView) -> Verdict:
        account, now = self._ctx.accounts.of(payment.provider), self._ctx.clock()
        buyer, method, planned = await self._ctx.db.read(_for_charge, payment, self._ctx.fulfilments, now)
        if (made := await self._charged_before(payment, planned)) is not None:
            return made
        if method is None:
            raise MethodTakenBack(code="taken_back")
        remote = await account.provider.charge(order_of(payment, buyer, account.merchant), method)
        return await self._apply(remote, account.merchant)

    async def _charged_before(self, payment: PaymentView, planned: datetime) -> Verdict | None:
        """A renewal that comes late may have been paid already, and our books have lost it: its id is the same each
        time, and the key with it is safe for a while only."""
        account = self._ctx.accounts.of(payment.provider)
        if self._ctx.clock() - planned < account.provider.key_lives / 2:
            return None
        async for page in account.provider.payments_since(planned - SOONER):
            for remote in page:
                if parse_id(remote.our_id) == payment.id:
                    return await self._apply(remote, account.merchant)
        return None

    async def _apply(self, remote: RemotePayment, merchant: Merchant) -> Verdict:
        return await self._ctx.db.write(apply, remote, merchant, self._ctx.clock(), fulfilments=self._ctx.fulfilments)


def _for_charge(
    session: Session, payment: PaymentView, fulfilments: Fulfilments, now: datetime
) -> tuple[Buyer, SavedMethod | None, datetime]:
    buyer = buyer_of(session, payment)
    fulfilment = fulfilments.of(payment)
    return buyer, fulfilment.chargeable(session, payment, buyer, now), fulfilment.planned_at(session, payment)
