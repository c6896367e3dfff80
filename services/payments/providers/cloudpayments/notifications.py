"""What CloudPayments posts, each kind to an address of its own: https://developers.cloudpayments.ru/#uvedomleniya.

A notification is signed, and a hint all the same: a CheckCall says `Completed` before any money has moved."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final
from urllib.parse import parse_qsl

from services.money import Money
from services.payments.providers.base import BadNotification, ProviderEvent, Subject

NAME: Final = "cloudpayments"
ID: Final = re.compile(r"[0-9]{1,20}", re.ASCII)
SUBSCRIPTION: Final = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
MOST_FIELDS: Final = 200
KEPT: Final = (
    *("TransactionId", "PaymentTransactionId", "InvoiceId", "AccountId", "SubscriptionId", "Id", "Status"),
    *("Amount", "Currency", "PaymentAmount", "PaymentCurrency", "DateTime", "OperationType", "TestMode"),
    *("Reason", "ReasonCode", "RetryAfter", "ProviderMessage", "CardType", "CardLastFour", "GatewayName"),
)
"""Of what comes; names, addresses and tokens of people are nobody's need."""


class NotificationKind(StrEnum):
    """The last part of the address; the body does not say it."""

    CHECK = "check"
    PAY = "pay"
    FAIL = "fail"
    REFUND = "refund"
    CONFIRM = "confirm"
    CANCEL = "cancel"
    RECURRENT = "recurrent"
    """Of their own subscriptions, which this shop makes none of."""


SUBJECTS: Final = {
    NotificationKind.PAY: Subject.PAYMENT,
    NotificationKind.FAIL: Subject.PAYMENT,
    NotificationKind.CONFIRM: Subject.PAYMENT,
    NotificationKind.CANCEL: Subject.PAYMENT,
    NotificationKind.REFUND: Subject.REFUND,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckCall:
    """May it be paid? `amount`: None where it is none."""

    invoice: str
    account: str
    amount: Money | None


def fields_of(body: bytes, *, is_form: bool) -> dict[str, str]:
    """Everything as text: numbers keep their digits, what is empty is "". Raises `BadNotification`."""
    try:
        given: Any = _form(body) if is_form else json.loads(body, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise BadNotification("not a form" if is_form else "not JSON") from error
    if not isinstance(given, dict):
        raise BadNotification("not an object")
    texts = {str(name): "" if value is None else str(value) for name, value in given.items()}
    if any("\x00" in text for text in texts.values()):  # PostgreSQL keeps no zero characters
        raise BadNotification("not text")
    return texts


def event_of(kind: NotificationKind, fields: Mapping[str, str]) -> ProviderEvent:
    """Raises `BadNotification`."""
    name, shape = ("Id", SUBSCRIPTION) if kind is NotificationKind.RECURRENT else ("TransactionId", ID)
    if not shape.fullmatch(fields.get(name, "")):
        raise BadNotification(f"no {name}")
    kept = {each: fields[each][:255] for each in KEPT if fields.get(each)}
    return ProviderEvent(provider=NAME, event=kind.value, object_id=fields[name], body=kept)


def check_of(fields: Mapping[str, str]) -> CheckCall:
    """Raises `BadNotification`."""
    if not ID.fullmatch(fields.get("TransactionId", "")):
        raise BadNotification("no TransactionId")
    try:
        amount = Money.of_text(fields.get("Amount", ""), fields.get("Currency", ""))
    except ValueError:
        amount = None
    return CheckCall(invoice=fields.get("InvoiceId", ""), account=fields.get("AccountId", ""), amount=amount)


def _form(body: bytes) -> dict[str, str]:
    """Names and places may come in another encoding (Windows-1251 can be chosen); what we need is ASCII."""
    text = body.decode("ascii", "replace")
    return dict(parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS))
