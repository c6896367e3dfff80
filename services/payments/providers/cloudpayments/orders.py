"""What CloudPayments is asked for, as it wants it written."""

from decimal import Decimal
from typing import Any, Final

from services.money import Money
from services.payments.providers.base import NewPayment, NewRefund, Receipt, SavedMethod
from services.payments.providers.cloudpayments.tax import ReceiptTax

Json = dict[str, Any]  # Any: JSON holds what it holds

CHARGED: Final = "kassandra_charged"
"""In the data of a charge of a kept card: if it is declined, that was all."""
OUR_REFUND: Final = "kassandra_refund"
CULTURES: Final = {"ru": "ru-RU", "en": "en-US"}
BY_SHOP, BY_OWNER, SCHEDULED = 0, 1, 1
FULL_PAYMENT, SERVICE = 4, 4
_AS_AGREED: Final = {"TrInitiatorCode": BY_SHOP, "PaymentScheduled": SCHEDULED}
LABEL: Final = 128


def order(payment: NewPayment, tax: ReceiptTax | None) -> Json:
    """A page to pay at. Telegram and our letters bring its link."""
    buyer = payment.buyer
    return {
        **_goods(payment),
        "RequireConfirmation": False,
        "SendEmail": False,
        "SuccessRedirectUrl": payment.return_url,
        "FailRedirectUrl": payment.return_url,
        "CultureName": CULTURES.get(buyer.language if buyer else "ru", "en-US"),
        "AccountId": str(buyer.id) if buyer else "",
        "JsonData": {**payment.mark, **_receipt(payment.receipt, payment.amount, tax)},
    }


def charge(payment: NewPayment, method: SavedMethod, tax: ReceiptTax | None) -> Json:
    return {
        **_goods(payment),
        "AccountId": str(method.kept_for),
        "Token": method.token,
        **({"TrInitiatorCode": BY_OWNER} if method.by_owner else _AS_AGREED),
        "JsonData": {CHARGED: "yes", **payment.mark, **_receipt(payment.receipt, payment.amount, tax)},
    }


def refund(wish: NewRefund, transaction: str, tax: ReceiptTax | None) -> Json:
    return {
        "TransactionId": int(transaction),
        "Amount": _number(wish.amount),
        "JsonData": {OUR_REFUND: str(wish.id), **_receipt(wish.receipt, wish.amount, tax)},
    }


def confirmation(transaction: int, amount: Decimal) -> Json:
    return {"TransactionId": transaction, "Amount": amount}


def _goods(payment: NewPayment) -> Json:
    email = payment.buyer.email if payment.buyer else None
    return {
        "Amount": _number(payment.amount),
        "Currency": str(payment.amount.currency),
        "Description": payment.description,
        "InvoiceId": str(payment.id),
        **({"Email": email} if email else {}),
    }


def _receipt(receipt: Receipt | None, amount: Money, tax: ReceiptTax | None) -> Json:
    """One line that is the whole sum."""
    if receipt is None or tax is None:
        return {}
    number = _number(amount)
    item = {
        "label": receipt.description[:LABEL],
        "price": number,
        "quantity": 1,
        "amount": number,
        "vat": tax.vat,
        "method": FULL_PAYMENT,
        "object": SERVICE,
    }
    paper = {
        "Items": [item],
        "taxationSystem": tax.system,
        "email": receipt.email,
        "amounts": {"electronic": number},
    }
    return {"cloudPayments": {"customerReceipt": paper}}


def _number(money: Money) -> Decimal:
    return Decimal(money.text)
