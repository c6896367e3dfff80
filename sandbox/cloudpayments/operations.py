"""Orders, transactions and tokens, and how the API shows them. Amounts are kopecks, times seconds."""

from dataclasses import dataclass, field
from typing import Final, Literal

from sandbox.cloudpayments.cards import REASONS, Card
from sandbox.cloudpayments.wire import JsonObject, date, iso, number_of

TransactionStatus = Literal["AwaitingAuthentication", "Authorized", "Completed", "Cancelled", "Declined"]
OrderStatus = Literal["Created", "Paid", "Cancelled"]
STATUS_CODES: Final = {"AwaitingAuthentication": 1, "Authorized": 2, "Completed": 3, "Cancelled": 4, "Declined": 5}
ORDER_CODES: Final = {"Created": 0, "Paid": 1, "Cancelled": 2}
PAYMENT, REFUND = 0, 1
FEE_PER_MILLE = 39


@dataclass(slots=True, kw_only=True)
class Order:
    """A page to pay at."""

    id: str
    number: int
    amount: int
    currency: str
    description: str
    email: str
    invoice: str
    account: str
    data: str | None
    two_stage: bool
    success_url: str | None
    fail_url: str | None
    culture: str
    url: str
    created_at: float
    status: OrderStatus = "Created"
    paid_at: float | None = None
    last_code: int = 0
    """Why the last try came to nothing."""

    def model(self) -> JsonObject:
        return {
            "Id": self.id,
            "Number": self.number,
            "Amount": number_of(self.amount),
            "Currency": self.currency,
            "CurrencyCode": 0,
            "Email": self.email,
            "Phone": "",
            "Description": self.description,
            "RequireConfirmation": self.two_stage,
            "Url": self.url,
            "CultureName": self.culture,
            "CreatedDate": date(self.created_at),
            "CreatedDateIso": iso(self.created_at),
            "PaymentDate": None if self.paid_at is None else date(self.paid_at),
            "PaymentDateIso": None if self.paid_at is None else iso(self.paid_at),
            "StatusCode": ORDER_CODES[self.status],
            "Status": self.status,
            "InternalId": 12_000_000 + self.number,
        }


@dataclass(slots=True, kw_only=True)
class Token:
    """A card that may be charged without its owner."""

    token: str
    account: str
    card: Card
    declines: int = 0
    """With this code; 0: it pays."""
    refused_for_good: int = 0
    last_code: int = 0
    tries: list[float] = field(default_factory=list)

    def view(self) -> JsonObject:
        """The control API's."""
        return {
            "token": self.token,
            "account": self.account,
            "card": self.card.number,
            "declines": self.declines,
            "refused_for_good": self.refused_for_good,
        }


@dataclass(slots=True, kw_only=True)
class Transaction:
    id: int
    public_id: str
    type: int = PAYMENT
    amount: int
    currency: str
    invoice: str
    account: str
    email: str
    description: str
    data: str | None
    card: Card
    test: bool
    culture: str
    created_at: float
    order: Order | None = None
    token: Token | None = None
    initiator: int | None = None
    two_stage: bool = False
    status: TransactionStatus = "AwaitingAuthentication"
    code: int = 0
    original: "Transaction | None" = None
    """Of a refund: what it gives back."""
    authorized_at: float | None = None
    confirmed_at: float | None = None
    refunded: int = 0

    @property
    def left(self) -> int:
        """What may still be given back."""
        return self.amount - self.refunded if self.status == "Completed" and self.type == PAYMENT else 0

    @property
    def fee(self) -> int:
        return (self.amount * FEE_PER_MILLE + 500) // 1000

    @property
    def reason(self) -> str:
        return REASONS.get(self.code, f"Code{self.code}") if self.code else "Approved"

    def model(self) -> JsonObject:
        is_done, is_paid = self.authorized_at is not None, self.status == "Completed"
        return {
            "ReasonCode": self.code,
            "PublicId": self.public_id,
            "TerminalUrl": "https://example.com",
            "TransactionId": self.id,
            "Amount": number_of(self.amount),
            "Currency": self.currency,
            "CurrencyCode": 0,
            "PaymentAmount": number_of(self.amount),
            "PaymentCurrency": self.currency,
            "PaymentCurrencyCode": 0,
            "InvoiceId": self.invoice or None,
            "AccountId": self.account or None,
            "Email": self.email or None,
            "Description": self.description,
            "JsonData": self.data,
            "CreatedDate": date(self.created_at),
            "CreatedDateIso": iso(self.created_at),
            "AuthDateIso": None if self.authorized_at is None else iso(self.authorized_at),
            "ConfirmDateIso": None if self.confirmed_at is None else iso(self.confirmed_at),
            "AuthCode": "A1B2C3" if is_done and self.type == PAYMENT else None,
            "TestMode": self.test,
            "Rrn": f"{self.id:012d}",
            "OriginalTransactionId": None if self.original is None else self.original.id,
            "CardFirstSix": self.card.number[:6],
            "CardLastFour": self.card.last_four,
            "CardExpDate": "12/33",
            "CardType": self.card.type,
            "CardTypeCode": 0,
            "Status": self.status,
            "StatusCode": STATUS_CODES[self.status],
            "CultureName": self.culture,
            "Reason": self.reason,
            "CardHolderMessage": "Оплата успешно проведена" if is_paid else "Оплата не прошла",
            "Type": self.type,
            "Refunded": self.refunded > 0,
            "Name": "SANDBOX PAYER",
            "Token": None if self.token is None else self.token.token,
            "SubscriptionId": None,
            "GatewayName": "Test",
            "TotalFee": number_of(self.fee) if is_paid else 0,
            "VatAboveTotalFee": 0,
            "ProcessorAndPartnerFee": None,
            "VatWithinProcessorFee": None,
            **({} if self.initiator is None else {"TrInitiatorCode": self.initiator}),
        }
