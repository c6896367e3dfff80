"""A provider who made nothing of our payment."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.payments.alerts import not_authorized, shop_refused
from services.payments.applied import Applied
from services.payments.closing import cancel_unborn
from services.payments.context import PaymentsContext
from services.payments.fulfilment import Fulfilments
from services.payments.merchant import Merchant
from services.payments.providers.base import AmountRefused, NotAuthorized, ProviderError, ShopRefused
from services.payments.queries import PaymentView


async def refuse(ctx: PaymentsContext, payment: PaymentView, error: ProviderError, *, tell: bool) -> Applied:
    """Nothing was made."""
    merchant = ctx.accounts.of(payment.provider).merchant
    applied = await ctx.db.write(
        _refuse, payment.id, error, merchant, ctx.clock(), fulfilments=ctx.fulfilments, tell=tell
    )
    ctx.on_news()
    return applied


def _refuse(
    session: Session,
    payment_id: UUID,
    error: ProviderError,
    merchant: Merchant,
    now: datetime,
    *,
    fulfilments: Fulfilments,
    tell: bool,
) -> Applied:
    """The provider made nothing; the owners hear of it where the reason lies in their shop."""
    reason = error.code
    if isinstance(error, NotAuthorized):
        not_authorized(session, merchant, now, error=error)
    elif isinstance(error, ShopRefused):
        reason = "shop_refused"
        shop_refused(session, merchant, now, error=error)
    elif isinstance(error, AmountRefused):
        reason = "amount_refused"
    return cancel_unborn(session, payment_id, reason, now, fulfilments=fulfilments, tell=tell)
