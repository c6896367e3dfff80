"""Stars: Telegram's question before it takes them, its news of them, and where customers turn with trouble."""

from datetime import UTC, datetime

import structlog
from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import BotSubscriptionUpdated, Message, PreCheckoutQuery, RefundedPayment, SuccessfulPayment

from handlers.kit.context import Context
from services.money import Money
from services.payments.providers.stars.question import InvoiceUnknown, PreCheckout
from services.payments.providers.stars.service import StarsReceived
from services.users.accounts import UserDisabled

log = structlog.get_logger()


class PaidInStars(Filter):
    async def __call__(self, message: Message, ctx: Context) -> bool:
        return message.successful_payment is not None


class SentBack(Filter):
    async def __call__(self, message: Message, ctx: Context) -> bool:
        return message.refunded_payment is not None


def router() -> Router:
    """Before those who take what is typed: money is no answer to a question."""
    router = Router(name="stars")
    router.pre_checkout_query.register(answer)
    router.subscription.register(follow)
    router.message.register(take, PaidInStars())
    router.message.register(give_back, SentBack())
    return router


async def answer(query: PreCheckoutQuery, *, ctx: Context) -> None:
    """A refusal is a `ShopError`, and told by `AnswerPreCheckout`."""
    if ctx.user.disabled:
        raise UserDisabled(user_id=ctx.user.id)
    if ctx.services.payments is None:
        raise InvoiceUnknown(payload=query.invoice_payload[:64])
    amount = Money(query.total_amount, query.currency)
    asked = PreCheckout(payload=query.invoice_payload, payer_id=query.from_user.id, amount=amount)
    await ctx.services.stars.may_pay(asked)
    await query.answer(ok=True)


async def take(message: Message, *, ctx: Context) -> None:
    """Telegram is told that it arrived when this has ended well. The customer is told through the outbox."""
    assert message.successful_payment is not None
    verdict = await ctx.services.stars.received(_received(message, message.successful_payment))
    log.info("stars_received", applied=verdict.applied, charge_id=message.successful_payment.telegram_payment_charge_id)


async def give_back(message: Message, *, ctx: Context) -> None:
    assert message.refunded_payment is not None
    await ctx.services.stars.went_back(_received(message, message.refunded_payment))


async def follow(event: BotSubscriptionUpdated, *, ctx: Context) -> None:
    """Ended or begun again in Telegram's settings, or not paid."""
    await ctx.services.stars.subscription_said(event.invoice_payload, event.state)


def _received(message: Message, charge: SuccessfulPayment | RefundedPayment) -> StarsReceived:
    """Who pays is whose chat it is."""
    until = charge.subscription_expiration_date if isinstance(charge, SuccessfulPayment) else None
    again = isinstance(charge, SuccessfulPayment) and bool(charge.is_recurring) and not charge.is_first_recurring
    return StarsReceived(
        charge_id=charge.telegram_payment_charge_id,
        payload=charge.invoice_payload,
        payer_id=message.chat.id,
        amount=Money(charge.total_amount, charge.currency),
        at=message.date,
        paid_until=None if until is None else datetime.fromtimestamp(until, UTC),
        again=again,
    )
