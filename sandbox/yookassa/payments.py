"""Payments, refunds and means of payment, and how the API shows them. Amounts are kopecks, times seconds."""

from dataclasses import dataclass, field
from typing import Literal

from sandbox.yookassa.requests import PaymentStatus
from sandbox.yookassa.wire import JsonObject, amount_of, moment

MethodKind = Literal["bank_card", "sbp"]

COMMISSION_PER_MILLE = 35
CARD_TYPES = {"2": "Mir", "4": "Visa", "5": "MasterCard", "6": "UnionPay"}
DEFAULT_CARD = "5555555555554477"


@dataclass(slots=True, kw_only=True)
class Method:
    """What was paid with. Its id is the first payment's."""

    id: str
    kind: MethodKind
    saved: bool = False
    card: str = DEFAULT_CARD
    declines: str | None = None
    """Why it pays no more without its owner; None: it pays."""
    waits: bool = False
    """Such payments stay pending until the payer's side of the sandbox decides."""

    @property
    def title(self) -> str:
        return f"Bank card *{self.card[-4:]}" if self.kind == "bank_card" else "СБП"

    def view(self) -> JsonObject:
        view: JsonObject = {
            "type": self.kind,
            "id": self.id,
            "saved": self.saved,
            "status": "active" if self.saved else "inactive",
            "title": self.title,
        }
        if self.kind == "bank_card":
            view["card"] = self.card_view()
        else:
            view["sbp_operation_id"] = self.id.replace("-", "").upper()
            view["payer_bank_details"] = {"bank_id": "100000000111", "bic": "044525225"}
        return view

    def card_view(self) -> JsonObject:
        return {
            "first6": self.card[:6],
            "last4": self.card[-4:],
            "expiry_year": "2033",
            "expiry_month": "12",
            "card_type": CARD_TYPES.get(self.card[0], "Unknown"),
            "issuer_country": "RU",
            "issuer_name": "Sandbox Bank",
        }


@dataclass(slots=True, kw_only=True)
class Payment:
    id: str
    number: int
    """Its place among the shop's payments, from 0."""
    account_id: str
    amount: int
    currency: str = "RUB"
    created_at: float
    test: bool
    capture: bool
    description: str | None = None
    metadata: dict[str, str | None] = field(default_factory=dict)
    merchant_customer_id: str | None = None
    return_url: str | None = None
    link: str | None = None
    locale: str | None = None
    save_method: bool = False
    charged: Method | None = None
    """A saved means that waits."""
    has_receipt: bool = False
    wanted: MethodKind | None = None
    """The only means of payment that the shop allows for it."""
    status: PaymentStatus = "pending"
    method: Method | None = None
    refunded: int = 0
    cancellation: tuple[str, str] | None = None
    """Who and why."""
    captured_at: float | None = None
    expires_at: float | None = None

    @property
    def left(self) -> int:
        """What may still be refunded."""
        return self.amount - self.refunded if self.status == "succeeded" else 0

    def view(self) -> JsonObject:
        """The API's Payment."""
        view: JsonObject = {
            "id": self.id,
            "status": self.status,
            "amount": amount_of(self.amount, self.currency),
            "recipient": {"account_id": self.account_id, "gateway_id": f"{self.account_id}01"},
            "created_at": moment(self.created_at),
            "test": self.test,
            "paid": self.status in ("waiting_for_capture", "succeeded"),
            "refundable": self.left > 0,
            "metadata": self.metadata,
        }
        for name in ("description", "merchant_customer_id"):
            if (value := getattr(self, name)) is not None:
                view[name] = value
        if self.method is not None:
            view["payment_method"] = self.method.view()
        if self.has_receipt:
            registered = {"succeeded": "succeeded", "canceled": "canceled"}
            view["receipt_registration"] = registered.get(self.status, "pending")
        view.update(getattr(self, f"_{self.status}")())
        return view

    def _pending(self) -> JsonObject:
        return {"confirmation": {"type": "redirect", "confirmation_url": self.link}} if self.link else {}

    def _waiting_for_capture(self) -> JsonObject:
        assert self.expires_at is not None
        return {"expires_at": moment(self.expires_at), "authorization_details": self._authorization()}

    def _succeeded(self) -> JsonObject:
        assert self.captured_at is not None
        commission = (self.amount * COMMISSION_PER_MILLE + 500) // 1000
        return {
            "captured_at": moment(self.captured_at),
            "income_amount": amount_of(self.amount - commission, self.currency),
            "refunded_amount": amount_of(self.refunded, self.currency),
            "authorization_details": self._authorization(),
        }

    def _canceled(self) -> JsonObject:
        assert self.cancellation is not None
        party, reason = self.cancellation
        return {"cancellation_details": {"party": party, "reason": reason}}

    def _authorization(self) -> JsonObject:
        digits = f"{self.number:012d}"
        return {"rrn": digits, "auth_code": digits[-6:], "three_d_secure": {"applied": False}}


@dataclass(slots=True, kw_only=True)
class Refund:
    """Succeeds at once."""

    id: str
    number: int
    payment_id: str
    amount: int
    currency: str
    created_at: float
    description: str | None = None
    metadata: dict[str, str | None] | None = None
    has_receipt: bool = False
    status: Literal["succeeded"] = "succeeded"

    def view(self) -> JsonObject:
        """The API's Refund."""
        view: JsonObject = {
            "id": self.id,
            "payment_id": self.payment_id,
            "status": self.status,
            "created_at": moment(self.created_at),
            "amount": amount_of(self.amount, self.currency),
        }
        if self.description is not None:
            view["description"] = self.description
        if self.metadata is not None:
            view["metadata"] = self.metadata
        if self.has_receipt:
            view["receipt_registration"] = "succeeded"
        return view
