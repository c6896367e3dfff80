"""The last question before the money: whether this order, or this charge of a kept card, may be paid now. A link works
until it is cancelled, and a card may be taken back meanwhile."""

from datetime import datetime
from enum import IntEnum

from sqlalchemy.orm import Session

from services.payments.context import PaymentsContext
from services.payments.fulfilment import Fulfilment, Fulfilments
from services.payments.order import buyer_of
from services.payments.pricing import Pricing
from services.payments.providers.cloudpayments.notifications import NAME, CheckCall
from services.payments.queries import PaymentView, find_payment, parse_id


class CheckCode(IntEnum):
    """What CloudPayments is told."""

    FINE = 0
    UNKNOWN = 10
    OTHER_ACCOUNT = 11
    OTHER_AMOUNT = 12
    REFUSED = 13
    OVER = 20


class LastQuestion:
    def __init__(self, ctx: PaymentsContext) -> None:
        self._ctx = ctx

    async def answer(self, asked: CheckCall) -> CheckCode:
        """Raises `DatabaseUnavailable`."""
        ctx = self._ctx
        return await ctx.db.read(answer_check, asked, ctx.pricing, ctx.clock(), fulfilments=ctx.fulfilments)


def answer_check(
    session: Session, asked: CheckCall, pricing: Pricing, now: datetime, *, fulfilments: Fulfilments
) -> CheckCode:
    payment_id = parse_id(asked.invoice)
    payment = None if payment_id is None else find_payment(session, payment_id)
    if payment is None or payment.provider != NAME:
        return CheckCode.UNKNOWN
    fulfilment = fulfilments.of(payment)
    account = _account_of(session, payment, fulfilment, now)
    if account is None:
        return CheckCode.REFUSED
    if asked.account != str(account):
        return CheckCode.OTHER_ACCOUNT
    if asked.amount != payment.amount:
        return CheckCode.OTHER_AMOUNT
    if _is_over(payment, now):
        return CheckCode.OVER
    sold = payment.is_open and fulfilment.why_not_sold(session, payment, pricing, now) is None
    return CheckCode.FINE if sold else CheckCode.REFUSED


def _is_over(payment: PaymentView, now: datetime) -> bool:
    late = payment.deadline_at is not None and now > payment.deadline_at
    return (payment.is_open and late) or payment.cancel_reason == "expired_on_confirmation"


def _account_of(session: Session, payment: PaymentView, fulfilment: Fulfilment, now: datetime) -> int | None:
    """By which user the card is known there, that of the buyer where they pay at a page; None where it may not be
    charged any more."""
    if payment.method_id is None:
        return payment.user_id
    saved = fulfilment.chargeable(session, payment, buyer_of(session, payment), now)
    return None if saved is None else saved.kept_for
