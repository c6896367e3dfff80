"""What YooKassa is asked for."""

from datetime import UTC, datetime
from typing import Any, Final

from services.money import Money
from services.payments.providers.base import NewPayment, NewRefund, Receipt, SavedMethod

OUR_PAYMENT: Final = "payment_id"  # in the metadata
OUR_REFUND: Final = "refund_id"
Json = dict[str, Any]  # Any: JSON holds what it holds


def _amount(money: Money) -> dict[str, str]:
    return {"value": money.text, "currency": money.currency}


def create_body(payment: NewPayment) -> Json:
    body = _body(payment) | {"confirmation": {"type": "redirect", "return_url": payment.return_url}}
    return body | {"save_payment_method": True} if payment.autopay else body


def charge_body(payment: NewPayment, method: SavedMethod) -> Json:
    return _body(payment) | {"payment_method_id": method.token}


def _body(payment: NewPayment) -> Json:
    amount = _amount(payment.amount)
    body: Json = {
        "amount": amount,
        "capture": True,  # the API's default is false
        "description": payment.description[:128],
        "metadata": {OUR_PAYMENT: str(payment.id), **payment.mark},
    }
    if payment.receipt is not None:
        body["receipt"] = _receipt(payment.receipt, amount)
    return body


def refund_body(refund: NewRefund) -> Json:
    amount = _amount(refund.amount)
    body: Json = {
        "payment_id": refund.provider_payment_id,
        "amount": amount,
        "description": refund.description[:250],
        "metadata": {OUR_REFUND: str(refund.id)},
    }
    if refund.receipt is not None:
        body["receipt"] = _receipt(refund.receipt, amount)
    return body


def _receipt(receipt: Receipt, amount: dict[str, str]) -> Json:
    """One line that is the whole sum."""
    item = {
        "description": receipt.description[:128],
        "quantity": 1,
        "measure": "piece",  # YooKassa's own receipts and registers of FFD 1.2 want it
        "amount": amount,
        "vat_code": receipt.vat_code,
        "payment_subject": "service",
        "payment_mode": "full_payment",
    }
    return {"customer": {"email": receipt.email}, "items": [item]}


def moment_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
