"""Payments, as admins see them: looked at, asked for, refunded."""

from functools import partial
from uuid import UUID, uuid4

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from handlers.admin import buttons as names
from handlers.admin.context import AdminContext, PendingAction, StaffOnly
from handlers.admin.payments import screens as view
from handlers.admin.payments import strays
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from i18n.payments import provider_words, refund_notice
from i18n.people import name_of
from i18n.translator import Html
from services.errors import N_, ShopError
from services.money import Money
from services.notifications.kinds.payments import RefundEnds
from services.payments.pricing import PaymentsOff
from services.payments.providers.base import ProviderError, Refused
from services.payments.queries import PaymentNotFound, PaymentView
from services.payments.refunds.begin import (
    AlreadyRefunded,
    NotRefundable,
    RefundNeedsConfirmation,
    RefundQuote,
    RefundRequest,
    parse_refund,
)
from services.payments.service import Payments
from services.users.manage import MAX_REASON, check_reason

FIND, AMOUNT, REASON, REFUND = "payment.find", "refund.amount", "refund.reason", "refund"
ON_PAGE = 8


def router() -> Router:
    router = Router(name="admin_payments")
    router.callback_query.register(show_payments, Pressed(names.PAYMENTS), StaffOnly())
    router.callback_query.register(press, Pressed(names.PAYMENT), StaffOnly())
    router.callback_query.register(strays.show, Pressed(names.STRAYS), StaffOnly())
    router.callback_query.register(strays.press, Pressed(names.STRAY), StaffOnly())
    return router


async def show_payments(event: Event, *, ctx: AdminContext, argument: str = "") -> None:
    """`argument`: the page, or that one is looked for."""
    if argument == view.FIND:
        await ctx.ask(event, view.find_question(ctx.tr), PendingAction.of(FIND))
        return
    page = await ctx.services.payment_queries.latest(keyboards.parse_page(argument), ON_PAGE)
    customers = await ctx.services.user_management.lines(payment.user_id for payment in page.items)
    await ctx.respond(event, view.payments_screen(page, customers, ctx.tr))


async def find(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    payment = await ctx.services.payment_queries.find(message.text or "")
    if payment is None:
        await ctx.ask_again(message, partial(view.find_question, ctx.tr), PaymentNotFound())
        return
    await show_payment(message, payment, ctx=ctx)


async def show_payment(event: Event, payment: PaymentView, *, ctx: AdminContext, notice: Html | str = "") -> None:
    refunds = await ctx.services.payment_queries.refunds(payment.id)
    quote = await _quote(payment, ctx)
    customer = name_of(await ctx.services.user_management.card(payment.user_id), ctx.tr)
    bought = await ctx.services.subscriptions.bought_by(payment)
    screen = view.payment_screen(
        payment, refunds, quote, ctx.tr, customer=customer, bought=bought, role=ctx.role, notice=notice
    )
    await ctx.respond(event, screen)


async def press(query: CallbackQuery, *, argument: str, ctx: AdminContext) -> None:
    """`argument`: the payment's id and what to do."""
    number, _, verb = argument.partition(":")
    payment_id = keyboards.parse_id(number)
    if payment_id is None:
        raise PaymentNotFound(payment_id=number[:64])
    payment = await ctx.services.payment_queries.get(payment_id)
    match verb:
        case view.ASK:
            await _ask_provider(query, payment, ctx=ctx)
        case view.WHOLE:
            quote = await require_quote(payment, ctx=ctx)
            await ask_reason(query, payment, quote.rest, ctx=ctx)
        case view.PART:
            quote = await require_quote(payment, ctx=ctx)
            action = PendingAction.of(AMOUNT, payment=payment.id.hex)
            await ctx.ask(query, view.amount_question(payment, quote, ctx.tr), action)
        case _:
            await show_payment(query, payment, ctx=ctx)


async def take_amount(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    payment = await ctx.services.payment_queries.get(UUID(action.facts["payment"]))
    quote = await require_quote(payment, ctx=ctx)
    try:
        amount = parse_refund(message.text or "", quote)
    except ShopError as problem:
        await ctx.ask_again(message, partial(view.amount_question, payment, quote, ctx.tr), problem)
        return
    await ask_reason(message, payment, amount, ctx=ctx)


async def ask_reason(event: Event, payment: PaymentView, amount: Money, *, ctx: AdminContext) -> None:
    action = PendingAction.of(REASON, payment=payment.id.hex, amount=amount.minor)
    await ctx.ask(event, view.reason_question(payment, ctx.tr, limit=MAX_REASON), action)


async def take_reason(message: Message, *, ctx: AdminContext, action: PendingAction) -> None:
    payment = await ctx.services.payment_queries.get(UUID(action.facts["payment"]))
    try:
        reason = check_reason(message.text or "")
    except ShopError as problem:
        await ctx.ask_again(message, partial(view.reason_question, payment, ctx.tr, limit=MAX_REASON), problem)
        return
    await propose_refund(message, payment, payment.amount.of(action.facts["amount"]), reason, ctx=ctx)


async def propose_refund(event: Event, payment: PaymentView, amount: Money, reason: str, *, ctx: AdminContext) -> None:
    facts = {
        "payment": payment.id.hex,
        "amount": amount.minor,
        "reason": reason,
        "refund": uuid4().hex,
        "confirmed": False,
    }
    action = PendingAction.of(REFUND, **facts)
    quote = await require_quote(payment, ctx=ctx)
    screen = view.refund_confirmation(
        payment,
        ctx.tr,
        customer=name_of(await ctx.services.user_management.card(payment.user_id), ctx.tr),
        bought=await ctx.services.subscriptions.bought_by(payment),
        amount=amount,
        whole=amount == quote.rest,
        reason=reason,
        nonce=action.nonce,
    )
    await ctx.propose(event, screen, action)


async def refund(query: CallbackQuery, *, ctx: AdminContext, action: PendingAction) -> None:
    """What a confirmation does; where credits are spent it is asked once more. Every repeat bears the same id."""
    ctx.require()
    facts, payments = action.facts, _till(ctx)
    payment = await ctx.services.payment_queries.get(UUID(facts["payment"]))
    wish = RefundRequest(
        id=UUID(facts["refund"]),
        payment_id=payment.id,
        amount=payment.amount.of(facts["amount"]),
        actor=ctx.actor,
        reason=facts["reason"],
        confirmed=facts["confirmed"],
    )
    before = await ctx.services.subscriptions.bought_by(payment)
    try:
        made = await payments.refunds.start(wish)
        now = await ctx.services.subscriptions.bought_by(payment)
        ends = before is not None and now is not None and now.is_over and not before.is_over
        notice = refund_notice(made, now, RefundEnds.PERIOD if ends else RefundEnds.NOTHING, ctx.tr)
    except RefundNeedsConfirmation as problem:
        again = PendingAction.of(REFUND, **{**facts, "confirmed": True})
        await ctx.propose(query, view.second_confirmation(payment, problem, again.nonce, ctx.tr), again)
        return
    except Refused as problem:
        words = problem.detail or problem.code
        notice = ctx.tr.html(
            "⚠️ {provider} refused the refund: {words}", provider=provider_words(payment, ctx.tr), words=words
        )
    except ProviderError as problem:  # our row of it stands, and the reconciler goes on where that helps
        notice = ctx.tr.html("⚠️ {problem}", problem=ctx.tr.error(problem))
    await ctx.close()
    await show_payment(query, payment, ctx=ctx, notice=notice)


async def require_quote(payment: PaymentView, *, ctx: AdminContext) -> RefundQuote:
    """What can be sent back. Raises `NotAllowed`, `PaymentsOff`, `NotRefundable`, `AlreadyRefunded`."""
    ctx.require()
    quote = await _till(ctx).refunds.quote(payment.id)
    if not quote.rest.minor:
        raise AlreadyRefunded(payment_id=payment.id)
    return quote


async def _ask_provider(query: CallbackQuery, payment: PaymentView, *, ctx: AdminContext) -> None:
    asked = await ctx.services.payment_management.ask(payment.id, actor=ctx.actor)
    said = N_("{provider} says: nothing new.") if asked.status is payment.status else N_("✅ {provider} had news.")
    notice = ctx.tr.html(said, provider=provider_words(payment, ctx.tr))
    await show_payment(query, asked, ctx=ctx, notice=notice)


async def _quote(payment: PaymentView, ctx: AdminContext) -> RefundQuote | None:
    """None where nothing can be sent back."""
    if ctx.services.payments is None:
        return None
    try:
        return await ctx.services.payments.refunds.quote(payment.id)
    except NotRefundable:
        return None


def _till(ctx: AdminContext) -> Payments:
    if ctx.services.payments is None:
        raise PaymentsOff
    return ctx.services.payments
