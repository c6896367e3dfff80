"""What the shop needs of whoever takes the money. Ids are the provider's unless they say otherwise."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, StrEnum, auto
from typing import Protocol
from uuid import UUID

from db.base import JsonObject
from services.errors import N_, ShopError
from services.money import Money


class ProviderError(ShopError):
    """A call that brought no payment; `code` is the provider's or the transport's word for it, without secrets, and
    `parameter` what it is about."""

    message = N_("The payment service refused. Please try again later.")

    def __init__(self, *, code: str, detail: str = "", parameter: str = "") -> None:
        self.code = code
        self.parameter = parameter
        self.detail = detail[:200]
        super().__init__(code=code, detail=self.detail)


class ResultUnknown(ProviderError):
    """The provider may or may not have done it: no answer, a cut connection, a 5xx, a page instead of JSON. The same
    call with the same key finds out."""

    message = N_("The payment service does not answer right now. We keep trying; nothing was charged twice.")


class ProviderProxyFailed(ResultUnknown):
    """It is the proxy on the way that does not answer, or does not let us through."""


class Refused(ProviderError):
    """A final no: the same call would be refused again."""


class NotSentBack(Refused):
    """Neither this try at a refund nor one before it: of money that went back already the provider would say so."""


class NeedsTelegram(Refused):
    """Only who has a Telegram account linked can pay so."""

    message = N_("Stars are paid in Telegram. Please link your Telegram account in your profile first.")


class ShopRefused(Refused):
    """The reason lies in the shop (a receipt that it does not send, a method that is switched off): no other wish would
    fare better. The operator must look."""

    message = N_(
        "Payments do not work right now because of a setting of this shop. It is not your fault, and nothing was "
        "charged. The owner has been told; please try later."
    )


class AmountRefused(Refused):
    """The reason lies in the wish."""

    message = N_("The payment service does not take this amount. Please choose another one.")


class AddressRefused(Refused):
    """As above."""

    message = N_(
        "The payment service does not take your e-mail address for the receipt. Please correct it in your profile."
    )


class NotAuthorized(ProviderError):
    """The shop's id or key is wrong, or may not do this. The operator must look."""

    message = N_("Payments are being set up. Please try again later.")


class OtherShop(ProviderError):
    """The payment was made with another shop at the provider's than the settings name: nobody can ask for it."""

    message = N_(
        "This payment belongs to a former account of the shop, which cannot ask for it any more. If you have paid, "
        "please write to the owner; if not, begin anew."
    )


class NotFound(ProviderError):
    """The provider knows no such payment or refund."""


class Unpaid(ProviderError):
    """No money came for it so far, and more than that the provider does not know of a payment."""


class TryDeclined(Unpaid):
    """Somebody tried in vain; they may try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the law (54-FZ) wants on a receipt of one line; its sum is the payment's. `vat_code`: None where the
    provider knows the taxes, if it sends receipts at all."""

    email: str
    description: str
    vat_code: int | None


class Autopay(Enum):
    """Whether money can be taken again without its owner."""

    NO = auto()
    BY_SHOP = auto()
    """The shop charges a saved method."""
    BY_PROVIDER = auto()
    """The provider charges by itself, every 30 days, until it is told to stop."""


class Decline(StrEnum):
    """What a declined charge of a saved method allows."""

    NEVER = "never"
    """This method will not pay any more."""
    ACT = "act"
    """Its owner must do something: confirm, pay by hand."""
    TOMORROW = "tomorrow"
    HOURS = "hours"


class ProviderWord(StrEnum):
    """Of a subscription at a provider who charges by itself."""

    CANCELED = "canceled"
    """Its owner ended it at the provider's."""
    ACTIVE = "active"
    """And thought better of it."""
    FAILED = "failed"
    """There was not enough to take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Buyer:
    """`id`: in our books; `email`: for the provider's page or receipt."""

    id: int
    telegram_id: int | None = None
    email: str | None = None
    language: str = "ru"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPayment:
    """`id` is our payment's: the idempotence key, and in the metadata beside the `mark` (see mark.py). `title`: at most
    32 characters. `deadline`: it must not be paid later. `autopay`: the buyer agreed that the method is kept and
    charged again each period."""

    id: UUID
    amount: Money
    description: str
    return_url: str
    receipt: Receipt | None = None
    mark: Mapping[str, str] = field(default_factory=dict)
    buyer: Buyer | None = field(default=None, compare=False)
    title: str = ""
    deadline: datetime | None = None
    autopay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMethod:
    """`id` is ours, `token` the provider's word for it; `kept_for`: the user in our books by whom the provider knows
    it; `telegram_id`: of whose it is now; `by_owner`: who has pressed a button for the charge."""

    id: UUID
    token: str
    kept_for: int
    telegram_id: int | None = None
    by_owner: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteMethod:
    """A way of paying that the provider kept. `title`: as its owner knows it, such as `Visa •• 4242`."""

    token: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRefund:
    """`id` is our refund's: the idempotence key, and in the metadata. `charge_id`, `payer_id`: as the payment has
    them."""

    id: UUID
    provider_payment_id: str
    amount: Money
    description: str
    receipt: Receipt | None = None
    charge_id: str | None = None
    payer_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePayment:
    """A payment as the provider tells it now. `mark`: what stands in its metadata, whoever wrote it; `paid_at`: when
    the money was taken. `id` is ours, as text, where the provider gives none before the money: then `order_id` is what
    it calls the page and `charge_id` the money. `payer_id`: the Telegram id of who paid. `method`: what it kept to be
    charged again. `paid_until`: the end of the period that a provider who charges by itself took the money for, who
    says by `again` whether this is not the first one of `our_id`; None where it does not tell. `refunds`: what
    `refunded` is the sum of, minor units by the refund's id, where that was looked up."""

    id: str
    shop_id: str | None
    status: str
    amount: Money
    test: bool
    our_id: str | None
    refunded: Money
    confirmation_url: str | None = None
    cancel_reason: str | None = None
    mark: Mapping[str, str] = field(default_factory=dict)
    description: str = ""
    created_at: datetime | None = None
    paid_at: datetime | None = None
    order_id: str | None = None
    charge_id: str | None = None
    payer_id: int | None = None
    card_type: str | None = None
    card_last4: str | None = None
    method: RemoteMethod | None = None
    paid_until: datetime | None = None
    again: bool | None = None
    refunds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteRefund:
    """`charge_id`: of the money that went back, where the provider names that and not the payment."""

    id: str
    payment_id: str
    status: str
    amount: Money
    our_id: str | None = None
    cancel_reason: str | None = None
    charge_id: str | None = None


class BadNotification(Exception):
    """Not a notification at all: nobody who should write to us writes this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderEvent:
    """What a notification claims; nothing of it is believed. `event` is the provider's own word."""

    provider: str
    event: str
    object_id: str
    body: JsonObject


class Subject(Enum):
    """What a notification is about."""

    PAYMENT = auto()
    REFUND = auto()
    METHOD = auto()
    """A way of paying that was kept. It comes with its payment, so nothing follows."""


class Provider(Protocol):
    """All calls raise `ProviderError` leaves only. One that has an id or key of ours may be repeated within
    `key_lives`: it happens once."""

    name: str
    autopay: Autopay
    key_lives: timedelta
    """So long a call is not done again by a repeat with the same key."""

    async def create(self, payment: NewPayment) -> RemotePayment: ...

    async def get(self, payment_id: str) -> RemotePayment: ...

    async def capture(self, payment_id: str, *, key: UUID) -> RemotePayment: ...

    async def charge(self, payment: NewPayment, method: SavedMethod) -> RemotePayment:
        """Without its owner. Only of a provider with `Autopay.BY_SHOP`."""
        ...

    async def withdraw(self, payment_id: str, order_id: str | None) -> None:
        """An unpaid one can be paid no more, where the provider allows that; else nothing."""
        ...

    async def stop(self, method: SavedMethod) -> None:
        """Tell the provider that the method is not to be charged any more, where it has to know."""
        ...

    def decline_of(self, reason: str | None) -> Decline:
        """What follows from its word for why a charge of a saved method came to nothing."""
        ...

    async def refund(self, refund: NewRefund) -> RemoteRefund: ...

    async def get_refund(self, refund_id: str) -> RemoteRefund: ...

    def payments_since(self, since: datetime, until: datetime | None = None) -> AsyncIterator[list[RemotePayment]]:
        """Pages of the payments that were begun then, in the provider's order; one that cannot be read is left out and
        logged."""
        ...

    def refunds_since(self, since: datetime) -> AsyncIterator[list[RemoteRefund]]: ...

    def refunds_of(self, payment_id: str) -> AsyncIterator[list[RemoteRefund]]: ...

    def subject_of(self, event: str) -> Subject | None:
        """What to ask for when a notification of this kind comes; None where nothing follows from one."""
        ...

    def close(self) -> None: ...
