"""Buying credits, in words: what they cost, what was bought, what became of it."""

from math import ceil
from typing import Final

from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus
from i18n.translator import Translator
from services.errors import N_
from services.money import Money
from services.payments.packages import PackageOffer
from services.payments.pricing import CreditPrice
from services.payments.providers.reasons import payment_reason
from services.payments.queries import PaymentView

AMOUNT_QUESTIONS: Final = {
    Currency.RUB: N_("Send the amount in roubles: from {low} to {high} ₽."),
    Currency.XTR: N_("Send the number of Stars: from {low} to {high}."),
}


def credit_price_words(pricing: CreditPrice, tr: Translator) -> str:
    """Of a credit, or of as many as one unit brings where they are more."""
    return tr.money(pricing.low.of(ceil(pricing.minor)))


def term_words(goods: PackageOffer | PaymentView, tr: Translator) -> str:
    """How long the credits live, to be put behind them."""
    if goods.valid_days is None:
        return ""
    return tr.ngettext(", valid for {n} day", ", valid for {n} days", goods.valid_days)


def payment_mark(payment: PaymentView) -> str:
    return "⏳" if payment.is_open else "✅" if payment.status is PaymentStatus.SUCCEEDED else "✖️"


def payment_fate(payment: PaymentView, sent_back: Money | None, tr: Translator) -> str:
    """`sent_back`: what was refunded of it."""
    if payment.status is PaymentStatus.CANCELED:
        return tr.gettext(payment_reason(payment.cancel_reason))
    if payment.is_open:
        return tr.gettext("not paid yet")
    if sent_back is None:
        return tr.gettext("paid")
    if sent_back.minor >= payment.amount.minor:
        return tr.gettext("paid and sent back")
    return tr.gettext("paid, {amount} of it sent back", amount=tr.money(sent_back))


def bought_words(payment: PaymentView) -> str:
    """A plan, as its payment calls it in the customer's language."""
    return payment.provider_text or payment.description
