"""What a notification of each kind says. Sums of the JSON form are numbers; all that a form has is text."""

from typing import Final, Literal, get_args

from sandbox.cloudpayments.operations import Transaction
from sandbox.cloudpayments.wire import JsonObject, amount_of, number_of, told

Kind = Literal["check", "pay", "fail", "confirm", "refund", "cancel", "recurrent"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)


def check(of: Transaction, now: float) -> JsonObject:
    """`Completed`, though nothing is paid."""
    return {
        **_paid(of, now),
        "Status": "Completed",
        **_payer(of),
        "CardProduct": "F",
        "PaymentMethod": None,
        "Data": of.data,
    }


def pay(of: Transaction, now: float) -> JsonObject:
    return {
        **_paid(of, now),
        "Status": of.status,
        "GatewayName": "Test",
        **_payer(of),
        "AuthCode": "A1B2C3",
        "Data": of.data,
        "Token": of.token.token if of.token else None,
        "TotalFee": number_of(of.fee),
        "CardProduct": "F",
        "PaymentMethod": None,
        "FallBackScenarioDeclinedTransactionId": None,
        "Rrn": f"{of.id:012d}",
        "VatAboveTotalFee": 0,
        "ProcessorAndPartnerFee": None,
        "VatWithinProcessorFee": None,
    }


def fail(of: Transaction, now: float, retry_after: float | None) -> JsonObject:
    """It has no Status."""
    return {
        **_paid(of, now),
        "Reason": of.reason,
        "ReasonCode": of.code,
        **_payer(of),
        "Data": of.data,
        "Token": of.token.token if of.token else None,
        "PaymentMethod": None,
        "FallBackScenarioDeclinedTransactionId": None,
        "Rrn": None,
        "RetryAfter": None if retry_after is None else told(retry_after),
        "ProviderMessage": of.reason,
    }


def confirm(of: Transaction, now: float) -> JsonObject:
    told = {**_paid(of, now), "Status": of.status, **_payer(of), "AuthCode": "A1B2C3", "Data": of.data}
    return {name: value for name, value in told.items() if name not in ("CardId", "OperationType")}


def refund(of: Transaction, now: float) -> JsonObject:
    """Neither a Status nor a Currency."""
    assert of.original is not None
    numbers = {"TransactionId": of.id, "PaymentTransactionId": of.original.id, "OperationType": "Refund"}
    return {**numbers, **_returned(of, now)}


def cancel(of: Transaction, now: float) -> JsonObject:
    return {"TransactionId": of.id, **_returned(of, now)}


def _returned(of: Transaction, now: float) -> JsonObject:
    return {
        "Amount": number_of(of.amount),
        "DateTime": told(now),
        "InvoiceId": of.invoice or None,
        "AccountId": of.account or None,
        "Email": of.email or None,
        "Rrn": f"{of.id:012d}",
    }


def _paid(of: Transaction, now: float) -> JsonObject:
    return {
        "TransactionId": of.id,
        "Amount": number_of(of.amount),
        "Currency": of.currency,
        "PaymentAmount": amount_of(of.amount),
        "PaymentCurrency": of.currency,
        "DateTime": told(now),
        "CardId": f"{int(of.card.number):024x}",
        "CardFirstSix": of.card.number[:6],
        "CardLastFour": of.card.last_four,
        "CardType": of.card.type,
        "CardExpDate": "12/33",
        "TestMode": int(of.test),
        "OperationType": "Payment",
    }


def _payer(of: Transaction) -> JsonObject:
    return {
        "InvoiceId": of.invoice or None,
        "AccountId": of.account or None,
        "SubscriptionId": None,
        "Name": "SANDBOX PAYER",
        "Email": of.email or None,
        "IpAddress": "203.0.113.24",
        "IpCountry": "RU",
        "IpCity": "Москва",
        "Issuer": "SANDBOX BANK",
        "IssuerBankCountry": "RU",
        "Description": of.description,
    }
