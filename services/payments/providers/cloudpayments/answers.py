"""What CloudPayments says of its transactions: payments, tries of them, refunds."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

import structlog

from services.money import Money
from services.payments.providers.base import (
    NewPayment,
    NotFound,
    ProviderError,
    RemoteMethod,
    RemotePayment,
    RemoteRefund,
    ResultUnknown,
    TryDeclined,
    Unpaid,
)
from services.payments.providers.cloudpayments.orders import BY_SHOP, CHARGED, OUR_REFUND

log = structlog.get_logger()
T = TypeVar("T")
Json = dict[str, Any]  # Any: JSON holds what it holds

PAYMENT, REFUND = 0, 1  # the types of transactions; others pay out
PAID: Final = "Completed"
STATUSES: Final = {PAID: "succeeded", "Authorized": "waiting_for_capture", "Cancelled": "canceled"}
WAITS: Final = "AwaitingAuthentication"
REFUND_STATUSES: Final = {PAID: "succeeded", "Declined": "canceled", "Cancelled": "canceled"}
VOIDED: Final = "voided"


def payment_of(model: Json, refunds: Mapping[str, int] | None = None) -> RemotePayment:
    """`refunds`: of it, where they were looked up. Raises `Unpaid` for a try that came to nothing: the page can still
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
        refunded=money.of(sum((refunds or {}).values())),
        refunds=refunds or {},
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


def order_made(payment: NewPayment, model: Json, public_id: str) -> RemotePayment:
    """A page to pay at. Raises KeyError, ValueError."""
    amount = money_of(model)
    return RemotePayment(
        id=str(payment.id),
        shop_id=public_id,
        status="pending",
        amount=amount,
        test=False,
        our_id=str(payment.id),
        refunded=amount.of(0),
        confirmation_url=str(model["Url"]),
        order_id=str(model["Id"])[:64],
        mark=payment.mark,
        description=payment.description,
    )


def declined(payment: NewPayment, reason: str, public_id: str) -> RemotePayment:
    """Of a charge that no transaction was made of."""
    return RemotePayment(
        id=str(payment.id),
        shop_id=public_id,
        status="canceled",
        amount=payment.amount,
        test=False,
        our_id=str(payment.id),
        refunded=payment.amount.of(0),
        cancel_reason=reason,
        mark=payment.mark,
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


def read(look: Callable[[], T]) -> T:
    """Raises `ResultUnknown`."""
    try:
        return look()
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # it lacks what it must have
        raise ResultUnknown(code="bad_answer", detail=repr(error)) from error


def readable(page: list[Json], look: Callable[[Json], T]) -> list[T]:
    """Those that can be read; the others are logged, so that one does not hide the rest."""
    found = []
    for item in page:
        try:
            found.append(look(item))
        except Unpaid:
            continue
        except (AttributeError, KeyError, TypeError, ValueError, ProviderError) as error:
            log.warning(
                "provider_item_unreadable", object_id=str(item.get("TransactionId"))[:64], error=repr(error)[:200]
            )
    return found
