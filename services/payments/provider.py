"""What the shop needs of whoever takes the money. Amounts are kopecks, ids the provider's unless they say otherwise."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from services.errors import N_, ShopError

KEY_LIVES = timedelta(hours=23)  # of a key's day, with an hour to spare


class ProviderError(ShopError):
    """A call that brought no payment; `code` is the provider's or the transport's word for it, without secrets."""

    message = N_("The payment service refused. Please try again later or choose another amount.")

    def __init__(self, *, code: str, detail: str = "") -> None:
        self.code = code
        self.detail = detail[:200]
        super().__init__(code=code, detail=self.detail)


class ResultUnknown(ProviderError):
    """The provider may or may not have done it: no answer, a cut connection, a 5xx, a page instead of JSON. The same
    call with the same key finds out."""

    message = N_("The payment service does not answer right now. We keep trying; nothing was charged twice.")


class ProxyFailed(ResultUnknown):
    """It is the proxy on the way that does not answer, or does not let us through."""


class Refused(ProviderError):
    """A final no: the same call would be refused again."""


class NotAuthorized(ProviderError):
    """The shop's id or key is wrong, or may not do this. The operator must look."""

    message = N_("Payments are being set up. Please try again later.")


class NotFound(ProviderError):
    """The provider knows no such payment or refund."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the law (54-FZ) wants on a receipt of one line; its sum is the payment's."""

    email: str
    description: str
    vat_code: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """`id` is our payment's: the idempotence key, and in the metadata."""

    id: UUID
    amount_kopecks: int
    currency: str
    description: str
    return_url: str
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRefund:
    """`id` is our refund's: the idempotence key, and in the metadata."""

    id: UUID
    provider_payment_id: str
    amount_kopecks: int
    currency: str
    description: str
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePayment:
    """A payment as the provider tells it now."""

    id: str
    shop_id: str | None
    status: str
    amount_kopecks: int
    currency: str
    test: bool
    our_id: str | None
    confirmation_url: str | None = None
    cancel_reason: str | None = None
    refunded_kopecks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRefund:
    id: str
    payment_id: str
    status: str
    amount_kopecks: int
    currency: str
    our_id: str | None = None
    cancel_reason: str | None = None


class Provider(Protocol):
    """All calls raise `ProviderError` leaves only. One that has an id or key of ours may be repeated within a day: it
    happens once."""

    name: str

    async def create(self, payment: NewPayment) -> RemotePayment: ...

    async def get(self, payment_id: str) -> RemotePayment: ...

    async def capture(self, payment_id: str, *, key: UUID) -> RemotePayment: ...

    async def refund(self, refund: NewRefund) -> RemoteRefund: ...

    async def get_refund(self, refund_id: str) -> RemoteRefund: ...

    def close(self) -> None: ...
