"""Payments, as admins see them: looked at, asked for, refunded."""

from uuid import UUID, uuid4

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from handlers.admin import buttons as names
from handlers.admin.context import Matter, Office, OnDuty
from handlers.admin.payments import screens as view
from handlers.admin.widgets import name_of
from handlers.kit import buttons as keyboards
from handlers.kit.dialog import Event
from handlers.kit.filters import Pressed
from i18n.translator import Html
from services.errors import ShopError
from services.money import parse_roubles
from services.payments.pricing import PaymentsOff
from services.payments.providers.base import ProviderError, Refused
from services.payments.queries import PaymentNotFound, PaymentView
from services.payments.refunds.begin import (
    AlreadyRefunded,
    NotRefundable,
    RefundNeedsConfirmation,
    RefundQuote,
    RefundWish,
)
from services.payments.service import Till
from services.users.manage import MAX_REASON, check_reason

FIND, AMOUNT, REASON, REFUND = "payment.find", "refund.amount", "refund.reason", "refund"
ON_PAGE = 8


def router() -> Router:
    router = Router(name="admin_payments")
    router.callback_query.register(show_payments, Pressed(names.PAYMENTS), OnDuty())
    router.callback_query.register(press, Pressed(names.PAYMENT), OnDuty())
    return router


async def show_payments(event: Event, *, office: Office, argument: str = "") -> None:
    """`argument`: the page, or that one is looked for."""
    if argument == view.FIND:
        await office.ask(event, view.find_question(office.tr), Matter.of(FIND))
        return
    page = await office.payments.latest(keyboards.parse_page(argument), ON_PAGE)
    customers = await office.admin_users.lines(payment.user_id for payment in page.items)
    await office.show(event, view.payments_screen(page, customers, office.tr))


async def find(message: Message, *, office: Office, matter: Matter) -> None:
    payment = await office.payments.find(message.text or "")
    if payment is None:
        problem = office.tr.error_html(PaymentNotFound())
        await office.ask(message, view.find_question(office.tr, problem=problem), matter)
        return
    await show_payment(message, payment, office=office)


async def show_payment(event: Event, payment: PaymentView, *, office: Office, notice: Html | str = "") -> None:
    refunds = await office.payments.refunds(payment.id)
    quote = await _quote(payment, office)
    customer = name_of(await office.admin_users.card(payment.user_id), office.tr)
    screen = view.payment_screen(payment, refunds, quote, office.tr, customer=customer, role=office.role, notice=notice)
    await office.show(event, screen)


async def press(query: CallbackQuery, *, argument: str, office: Office) -> None:
    """`argument`: the payment's id and what to do."""
    number, _, verb = argument.partition(":")
    payment_id = keyboards.parse_id(number)
    if payment_id is None:
        raise PaymentNotFound(payment_id=number[:64])
    payment = await office.payments.get(payment_id)
    match verb:
        case view.ASK:
            await _ask_provider(query, payment, office=office)
        case view.WHOLE:
            quote = await require_quote(payment, office=office)
            await ask_reason(query, payment, quote.rest_kopecks, office=office)
        case view.PART:
            quote = await require_quote(payment, office=office)
            matter = Matter.of(AMOUNT, payment=payment.id.hex)
            await office.ask(query, view.amount_question(payment, quote, office.tr), matter)
        case _:
            await show_payment(query, payment, office=office)


async def take_amount(message: Message, *, office: Office, matter: Matter) -> None:
    payment = await office.payments.get(UUID(matter.facts["payment"]))
    quote = await require_quote(payment, office=office)
    try:
        amount = parse_roubles(message.text or "", low=1, high=quote.rest_kopecks)
    except ShopError as problem:
        shown = office.tr.error_html(problem)
        await office.ask(message, view.amount_question(payment, quote, office.tr, problem=shown), matter)
        return
    await ask_reason(message, payment, amount, office=office)


async def ask_reason(event: Event, payment: PaymentView, amount: int, *, office: Office) -> None:
    """`amount` in kopecks."""
    matter = Matter.of(REASON, payment=payment.id.hex, amount=amount)
    await office.ask(event, view.reason_question(payment, office.tr, limit=MAX_REASON), matter)


async def take_reason(message: Message, *, office: Office, matter: Matter) -> None:
    payment = await office.payments.get(UUID(matter.facts["payment"]))
    try:
        reason = check_reason(message.text or "")
    except ShopError as problem:
        shown = office.tr.error_html(problem)
        screen = view.reason_question(payment, office.tr, limit=MAX_REASON, problem=shown)
        await office.ask(message, screen, matter)
        return
    await propose_refund(message, payment, matter.facts["amount"], reason, office=office)


async def propose_refund(event: Event, payment: PaymentView, amount: int, reason: str, *, office: Office) -> None:
    """`amount` in kopecks."""
    facts = {"payment": payment.id.hex, "amount": amount, "reason": reason, "refund": uuid4().hex, "confirmed": False}
    matter = Matter.of(REFUND, **facts)
    customer = name_of(await office.admin_users.card(payment.user_id), office.tr)
    screen = view.refund_confirmation(
        payment, office.tr, customer=customer, amount=amount, reason=reason, nonce=matter.nonce
    )
    await office.propose(event, screen, matter)


async def refund(query: CallbackQuery, *, office: Office, matter: Matter) -> None:
    """What a confirmation does; where credits are spent it is asked once more. Every repeat bears the same id."""
    office.require()
    facts, till = matter.facts, _till(office)
    payment = await office.payments.get(UUID(facts["payment"]))
    wish = RefundWish(
        id=UUID(facts["refund"]),
        payment_id=payment.id,
        amount_kopecks=facts["amount"],
        actor_telegram_id=office.actor,
        reason=facts["reason"],
        confirmed=facts["confirmed"],
    )
    try:
        notice = view.refund_notice(await till.refunds.start(wish), office.tr)
    except RefundNeedsConfirmation as problem:
        again = Matter.of(REFUND, **{**facts, "confirmed": True})
        await office.propose(query, view.second_confirmation(payment, problem, again.nonce, office.tr), again)
        return
    except Refused as problem:
        words = problem.detail or problem.code
        notice = office.tr.html("⚠️ YooKassa refused the refund: {words}", words=words)
    except ProviderError as problem:  # our row of it stands, and the reconciler goes on where that helps
        notice = office.tr.html("⚠️ {problem}", problem=office.tr.error(problem))
    await office.close()
    await show_payment(query, payment, office=office, notice=notice)


async def require_quote(payment: PaymentView, *, office: Office) -> RefundQuote:
    """What can be sent back. Raises `NotAllowed`, `PaymentsOff`, `NotRefundable`, `AlreadyRefunded`."""
    office.require()
    quote = await _till(office).refunds.quote(payment.id)
    if not quote.rest_kopecks:
        raise AlreadyRefunded(payment_id=payment.id)
    return quote


async def _ask_provider(query: CallbackQuery, payment: PaymentView, *, office: Office) -> None:
    asked = await office.admin_payments.ask(payment.id, actor=office.actor)
    notice = (
        office.tr.html("YooKassa says: nothing new.")
        if asked.status is payment.status
        else office.tr.html("✅ YooKassa had news.")
    )
    await show_payment(query, asked, office=office, notice=notice)


async def _quote(payment: PaymentView, office: Office) -> RefundQuote | None:
    """None where nothing can be sent back."""
    if office.till is None:
        return None
    try:
        return await office.till.refunds.quote(payment.id)
    except NotRefundable:
        return None


def _till(office: Office) -> Till:
    if office.till is None:
        raise PaymentsOff
    return office.till
