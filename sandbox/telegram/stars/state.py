"""What one bot's Telegram knows of Stars."""

import secrets
from dataclasses import dataclass, field
from typing import Literal

from sandbox.clock import Clock, Signal, Timer
from sandbox.telegram.stars.faults import StarFaults
from sandbox.telegram.wire import JsonObject

CURRENCY = "XTR"
ANSWER_WITHIN_SECONDS = 10.0
KEPT = 20_000

CheckoutState = Literal["asked", "paid", "refused", "expired"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """`amount`: whole Stars. `period`: seconds of a subscription. `slug`: of a link, which can be paid many times."""

    title: str
    description: str
    payload: str
    amount: int
    start_parameter: str = ""
    period: int | None = None
    slug: str | None = None

    def content(self) -> JsonObject:
        """The Bot API's Invoice."""
        return {
            "title": self.title,
            "description": self.description,
            "start_parameter": self.start_parameter,
            "currency": CURRENCY,
            "total_amount": self.amount,
        }

    def view(self) -> JsonObject:
        return {**self.content(), "payload": self.payload, "period": self.period, "slug": self.slug}


@dataclass(slots=True, kw_only=True)
class Checkout:
    """Someone has pressed Pay. `message`: (whose chat, id) of the invoice, where it is no link's."""

    id: str
    payer_id: int
    invoice: Invoice
    message: tuple[int, int] | None
    state: CheckoutState = "asked"
    error: str | None = None
    charge_id: str | None = None
    timer: Timer | None = None

    def view(self) -> JsonObject:
        return {"id": self.id, "state": self.state, "error": self.error, "charge_id": self.charge_id}


@dataclass(slots=True, kw_only=True)
class Charge:
    """Stars that were taken; `subscription`: the first charge of the subscription that it is for."""

    id: str
    payer_id: int
    invoice: Invoice
    at: float
    subscription: str | None = None
    returned: bool = False

    def view(self) -> JsonObject:
        return {
            "id": self.id,
            "payer_id": self.payer_id,
            "amount": self.invoice.amount,
            "payload": self.invoice.payload,
            "title": self.invoice.title,
            "at": self.at,
            "subscription": self.subscription,
            "returned": self.returned,
        }


@dataclass(slots=True, kw_only=True)
class Subscription:
    """`id`: its first charge."""

    id: str
    user_id: int
    invoice: Invoice
    until: float
    by_user: bool = False
    """Canceled by the one who pays."""
    by_bot: bool = False
    """Canceled by the bot: its user cannot take that back."""
    failed: bool = False
    over: bool = False
    timer: Timer | None = None

    @property
    def state(self) -> str:
        if self.failed:
            return "failed"
        if self.over:
            return "over"
        return "canceled" if self.by_user or self.by_bot else "active"

    def view(self) -> JsonObject:
        return {
            "id": self.id,
            "user_id": self.user_id,
            "payload": self.invoice.payload,
            "title": self.invoice.title,
            "amount": self.invoice.amount,
            "until": self.until,
            "state": self.state,
            "by_bot": self.by_bot,
        }


@dataclass(slots=True)
class Stars:
    clock: Clock
    bot_id: int
    balance: int = 0
    """Of the bot; chargebacks may take it below zero."""
    transactions: list[JsonObject] = field(default_factory=list)
    """The Bot API's StarTransactions, oldest first."""
    charges: dict[str, Charge] = field(default_factory=dict)
    links: dict[str, Invoice] = field(default_factory=dict)
    sent: dict[tuple[int, int], Invoice] = field(default_factory=dict)
    """(whose chat, message) → invoice."""
    paid: set[tuple[int, int]] = field(default_factory=set)
    """Those of `sent` whose Pay button is a receipt now."""
    checkouts: dict[str, Checkout] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    faults: StarFaults = field(default_factory=StarFaults)
    settled: Signal = field(default_factory=Signal)
    """A checkout was answered or is too late for one."""
    _asked: int = 0

    def new_checkout(self, *, payer_id: int, invoice: Invoice, message: tuple[int, int] | None) -> Checkout:
        self._asked += 1
        number = str(self.bot_id * 1_000_000_000 + self._asked)
        checkout = Checkout(id=number, payer_id=payer_id, invoice=invoice, message=message)
        self.checkouts[number] = checkout
        if len(self.checkouts) > KEPT:
            del self.checkouts[next(iter(self.checkouts))]
        return checkout

    @staticmethod
    def new_charge_id() -> str:
        return f"stx{secrets.token_urlsafe(40)}"

    def close(self) -> None:
        timers = [each.timer for each in self.checkouts.values()]
        timers += [each.timer for each in self.subscriptions.values()]
        for timer in timers:
            if timer is not None:
                timer.cancel()
        self.settled.notify()
