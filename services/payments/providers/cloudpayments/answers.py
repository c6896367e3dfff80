"""What CloudPayments says of its transactions: payments, tries of them, refunds."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from services.money import Money
from services.payments.providers.base import (
    NotFound,
    RemoteMethod,
    RemotePayment,
    RemoteRefund,
    TryDeclined,
    Unpaid,
)
from services.payments.providers.cloudpayments.orders import BY_SHOP, CHARGED, OUR_REFUND

Json = dict[str, Any]  # Any: JSON holds what it holds

PAYMENT, REFUND = 0, 1  # the types of transactions; others pay out
PAID: Final = "Completed"
STATUSES: Final = {PAID: "succeeded", "Authorized": "waiting_for_capture", "Cancelled": "canceled"}
WAITS: Final = "AwaitingAuthentication"
REFUND_STATUSES: Final = {PAID: "succeeded", "Declined": "canceled", "Cancelled": "canceled"}
VOIDED: Final = "voided"


def payment_of(model: Json, refunded: Money | None = None) -> RemotePayment:
    """`refunded`: of it, where that was looked up. Raises `Unpaid` for a try that came to nothing: the page can still
    be paid at. A charge without its owner has one try, and the result is final. Also raises `NotFound`, KeyError,
    ValueError."""
    if model.get("Type", PAYMENT) != PAYMENT:
        raise NotFound(code="not_a_payment")
    status, facts, money = _text(model["Status"]), _facts(model), money_of(model)
    charged = CHARGED in facts or model.get("TrInitiatorCode") == BY_SHOP
    reason = str(model.get("ReasonCode") or "") or None
    if status not in STATUSES and not charged:
        raise (Unpaid if status == WAITS else TryDeclined)(code=reason or status)
    card = str(model.get("CardType") or "")[:32] or None
    last4 = str(model.get("CardLastFour") or "")[:4] or None
    invoice, transaction = str(model.get("InvoiceId") or ""), str(model["TransactionId"])
    return RemotePayment(
        id=invoice[:128] or transaction,
        shop_id=model.get("PublicId"),
        status=STATUSES.get(status, "pending" if status == WAITS else "canceled"),
        amount=money,
        test=bool(model.get("TestMode")),
        our_id=invoice or None,
        refunded=refunded or money.of(0),
        cancel_reason=VOIDED if status == "Cancelled" else reason,
        mark=facts,
        description=str(model.get("Description") or ""),
        created_at=_moment(model.get("CreatedDateIso")),
        paid_at=_moment(model.get("ConfirmDateIso") or model.get("AuthDateIso")) if status == PAID else None,
        charge_id=transaction if status in STATUSES else None,
        card_type=card,
        card_last4=last4,
        method=_method(model, card, last4) if status == PAID else None,
    )


def refund_of(model: Json) -> RemoteRefund:
    """Raises `NotFound`, KeyError, ValueError."""
    if model.get("Type") != REFUND:
        raise NotFound(code="not_a_refund")
    status = _text(model["Status"])
    return RemoteRefund(
        id=str(model["TransactionId"]),
        payment_id=str(model.get("InvoiceId") or "")[:128] or str(model["OriginalTransactionId"]),
        status=REFUND_STATUSES.get(status, "pending"),
        amount=money_of(model),
        our_id=_facts(model).get(OUR_REFUND),
        cancel_reason=str(model.get("ReasonCode") or "") or None,
        charge_id=str(model["OriginalTransactionId"]),
    )


def money_of(model: Json) -> Money:
    """Raises ValueError for what is no exact amount."""
    amount = model["Amount"]
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal) or amount != round(amount, 2):
        raise ValueError("not an amount")
    return Money.of_text(f"{amount:.2f}", _text(model["Currency"]))


def _facts(model: Json) -> Mapping[str, str]:
    """The data of an order, which comes as an object or as its text."""
    data = model.get("JsonData")
    if isinstance(data, str):
        try:
            data = json.loads(data)
        except (ValueError, RecursionError):
            data = None
    return {str(name): value for name, value in (data if isinstance(data, dict) else {}).items() if _is_text(value)}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _method(model: Json, card: str | None, last4: str | None) -> RemoteMethod | None:
    """What may be charged again; a token is there if the account is set to give one."""
    token = model.get("Token")
    if not isinstance(token, str) or not 0 < len(token) <= 255:
        return None
    return RemoteMethod(token=token, title=f"{card or ''} •• {last4}".strip() if last4 else card or "SBP")


def _moment(value: object) -> datetime | None:
    """They tell UTC and do not say so. None where nothing can be read: nothing hangs on it."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 64:
        raise ValueError("a field is missing or too long")
    return value
