"""Invoices and Stars."""

import re
import secrets

from sandbox.telegram.errors import BadRequest
from sandbox.telegram.methods.base import Call
from sandbox.telegram.methods.content import inline_keyboard
from sandbox.telegram.methods.sending import post_one
from sandbox.telegram.people import Person
from sandbox.telegram.stars import charges, checkout
from sandbox.telegram.stars.state import CURRENCY, Charge, Invoice
from sandbox.telegram.types.params import NoParams
from sandbox.telegram.types.payments import (
    MAX_DESCRIPTION,
    MAX_PAYLOAD_BYTES,
    MAX_SUBSCRIPTION_STARS,
    MAX_TITLE,
    MAX_TRANSACTIONS,
    SUBSCRIPTION_PERIOD,
    AnswerPreCheckoutQuery,
    CreateInvoiceLink,
    EditUserStarSubscription,
    GetStarTransactions,
    Invoicing,
    RefundStarPayment,
    SendInvoice,
)
from sandbox.telegram.wire import JsonObject

MAX_STARS = 100_000
_START_PARAMETER = re.compile(r"[A-Za-z0-9_-]{0,64}")
_PAY = {"ru": "Заплатить"}


def _invoice(params: Invoicing, *, period: int | None, start_parameter: str = "", slug: str | None = None) -> Invoice:
    for name, limit in (("title", MAX_TITLE), ("description", MAX_DESCRIPTION)):
        text = getattr(params, name)
        if not text.strip():
            raise BadRequest(f"invoice {name} must be non-empty")
        if len(text) > limit:
            raise BadRequest(f"INVOICE_{name.upper()}_INVALID")
    if not 1 <= len(params.payload.encode("utf-8", "surrogatepass")) <= MAX_PAYLOAD_BYTES:
        raise BadRequest("INVOICE_PAYLOAD_INVALID")
    if params.currency != CURRENCY or params.provider_token:
        raise BadRequest("PAYMENT_PROVIDER_INVALID")
    if len(params.prices) != 1 or params.max_tip_amount or params.suggested_tip_amounts:
        raise BadRequest("STARS_INVOICE_INVALID")
    amount = params.prices[0].amount
    if not 1 <= amount <= (MAX_STARS if period is None else MAX_SUBSCRIPTION_STARS):
        raise BadRequest("CURRENCY_TOTAL_AMOUNT_INVALID")
    return Invoice(
        title=params.title,
        description=params.description,
        payload=params.payload,
        amount=amount,
        start_parameter=start_parameter,
        period=period,
        slug=slug,
    )


async def create_invoice_link(call: Call, params: CreateInvoiceLink) -> str:
    period = params.subscription_period or None
    if period not in (None, SUBSCRIPTION_PERIOD):
        raise BadRequest("SUBSCRIPTION_PERIOD_INVALID")
    slug = secrets.token_urlsafe(12)
    call.world.stars.links[slug] = _invoice(params, period=period, slug=slug)
    return f"https://t.me/${slug}"


async def send_invoice(call: Call, params: SendInvoice) -> JsonObject:
    person = call.world.reach(params.chat_id)
    if (params.model_extra or {}).get("subscription_period"):
        raise BadRequest("SUBSCRIPTION_EXPORT_MISSING")
    start_parameter = params.start_parameter or ""
    if not _START_PARAMETER.fullmatch(start_parameter):
        raise BadRequest("START_PARAM_INVALID")
    invoice = _invoice(params, period=None, start_parameter=start_parameter)
    keyboard = inline_keyboard(params.reply_markup, pays=True) or _pay_button(person, invoice.amount)
    message = post_one(call, person, params, {"invoice": invoice.content(), **keyboard})
    call.world.stars.sent[person.id, message["message_id"]] = invoice
    return message


def _pay_button(person: Person, amount: int) -> JsonObject:
    """Telegram's own, where the bot gives none."""
    word = _PAY.get(person.language_code or "", "Pay")
    return {"reply_markup": {"inline_keyboard": [[{"text": f"{word} ⭐{amount}", "pay": True}]]}}


async def answer_pre_checkout_query(call: Call, params: AnswerPreCheckoutQuery) -> bool:
    if not params.ok and not (params.error_message or "").strip():
        raise BadRequest("ERROR_TEXT_EMPTY")
    checkout.answer(call.world, params.pre_checkout_query_id, error=None if params.ok else params.error_message)
    return True


async def get_my_star_balance(call: Call, _: NoParams) -> JsonObject:
    return {"amount": call.world.stars.balance}


async def get_star_transactions(call: Call, params: GetStarTransactions) -> JsonObject:
    """Oldest first; values outside of the bounds are clamped, as Telegram does."""
    start = max(params.offset, 0)
    limit = min(max(params.limit, 1), MAX_TRANSACTIONS)
    return {"transactions": call.world.stars.transactions[start : start + limit]}


async def refund_star_payment(call: Call, params: RefundStarPayment) -> bool:
    charge = _charge(call, params.user_id, params.telegram_payment_charge_id)
    if charge.returned:
        raise BadRequest("CHARGE_ALREADY_REFUNDED")
    if call.world.stars.balance < charge.invoice.amount:
        raise BadRequest(checkout.TOO_FEW)
    charges.give_back(call.world, charge)
    return True


async def edit_user_star_subscription(call: Call, params: EditUserStarSubscription) -> bool:
    charge = _charge(call, params.user_id, params.telegram_payment_charge_id)
    subscription = call.world.stars.subscriptions.get(charge.id)
    if subscription is None:
        raise BadRequest("CHARGE_ID_INVALID")
    if subscription.over or subscription.failed:
        raise BadRequest("SUBSCRIPTION_NOT_ACTIVE")
    subscription.by_bot = params.is_canceled
    return True


def _charge(call: Call, user_id: int, charge_id: str) -> Charge:
    if not charge_id:
        raise BadRequest("CHARGE_ID_EMPTY")
    charge = call.world.stars.charges.get(charge_id)
    if charge is None:
        raise BadRequest("CHARGE_ID_INVALID")
    if charge.payer_id != user_id:
        raise BadRequest("USER_ID_INVALID")
    return charge
