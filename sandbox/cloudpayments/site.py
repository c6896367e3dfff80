"""One shop at CloudPayments, a "site" in its words: its settings, orders, transactions and tokens."""

import secrets
import string
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from sandbox.clock import Clock, Signal
from sandbox.cloudpayments import notices
from sandbox.cloudpayments.cards import Card
from sandbox.cloudpayments.keys import Results
from sandbox.cloudpayments.notifications import CloudPaymentsNotifier
from sandbox.cloudpayments.operations import PAYMENT, REFUND, Order, Token, Transaction
from sandbox.faults import Faults
from sandbox.provider_calls import Calls
from sandbox.provider_faults import ShopFault

DEFAULT_SECRET = "sandbox-api-secret"  # noqa: S105 - opens nothing but a local sandbox
FIRST_TRANSACTION = 897_000_001
FIRST_ORDER = 2_001
CALLS_AT_ONCE = {True: 5, False: 30}
_LETTERS = string.ascii_letters + string.digits


class Unable(Exception):
    """The call is refused, in CloudPayments' words where they are known."""


@dataclass(slots=True, kw_only=True)
class SiteSettings:
    name: str
    public_id: str
    test: bool = True
    saves_cards: bool = True


class Site:
    def __init__(self, settings: SiteSettings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.orders: dict[str, Order] = {}
        self.transactions: dict[int, Transaction] = {}
        self.tokens: dict[str, Token] = {}
        self.faults: Faults[ShopFault] = Faults()
        self.notifier = CloudPaymentsNotifier(clock, self.faults, DEFAULT_SECRET)
        self.results = Results(clock)
        self.calls = Calls()
        self.closing = Signal()
        self.busy = 0
        self._transaction_numbers = count(FIRST_TRANSACTION)
        self._order_numbers = count(FIRST_ORDER)

    @property
    def secret(self) -> str:
        return self.notifier.secret

    def close(self) -> None:
        self.closing.notify()

    def knows(self, secret: str) -> bool:
        return secrets.compare_digest(secret.encode(), self.secret.encode())

    def create_order(self, *, link_base: str, **fields: Any) -> Order:  # Any: fields of Order
        order_id = "".join(secrets.choice(_LETTERS) for _ in range(16))
        number = next(self._order_numbers)
        made = Order(id=order_id, number=number, url=link_base + order_id, created_at=self.clock.now(), **fields)
        self.orders[order_id] = made
        return made

    def cancel_order(self, order: Order) -> None:
        if order.status != "Created":
            raise Unable(f"The order is {order.status}")
        order.status = "Cancelled"

    def begin(self, **fields: Any) -> Transaction:  # Any: fields of Transaction
        made = Transaction(
            id=next(self._transaction_numbers),
            public_id=self.settings.public_id,
            test=self.settings.test,
            created_at=self.clock.now(),
            **fields,
        )
        self.transactions[made.id] = made
        return made

    def token_of(self, account: str, card: Card) -> Token | None:
        """One for each card of a person; only where the account is set to save cards and the shop named the person."""
        if not self.settings.saves_cards or not account:
            return None
        for token in self.tokens.values():
            if (token.account, token.card.number) == (account, card.number):
                return token
        made = Token(token=f"tk_{secrets.token_hex(14)}", account=account, card=card, declines=card.later)
        self.tokens[made.token] = made
        return made

    def last_of(self, invoice: str, *, payments_only: bool) -> Transaction | None:
        found = (each for each in reversed(self.transactions.values()) if each.invoice == invoice)
        return next((each for each in found if each.type == PAYMENT or not payments_only), None)

    def confirm(self, payment: Transaction, amount: int) -> None:
        """The shop takes what is held, or a part."""
        if payment.status != "Authorized":
            raise Unable(f"The transaction is {payment.status}")
        if not 0 < amount <= payment.amount:
            raise Unable("Amount is greater than what is held")
        payment.status, payment.confirmed_at, payment.amount = "Completed", self.clock.now(), amount
        self.notifier.notify("confirm", notices.confirm(payment, self.clock.now()))

    def void(self, payment: Transaction) -> None:
        if payment.status != "Authorized":
            raise Unable(f"The transaction is {payment.status}")
        payment.status = "Cancelled"
        self.notifier.notify("cancel", notices.cancel(payment, self.clock.now()))

    def refund(self, payment: Transaction, amount: int, data: str | None = None) -> Transaction:
        made = self._give_back(payment, amount, data)
        self.notifier.notify("refund", notices.refund(made, self.clock.now()))
        return made

    def charge_back(self, payment: Transaction) -> Transaction:
        """The payer's bank takes all that is left. Nobody tells the shop."""
        return self._give_back(payment, payment.left, None)

    def _give_back(self, payment: Transaction, amount: int, data: str | None) -> Transaction:
        if not 0 < amount <= payment.left:
            raise Unable("Amount is greater than what is left of the payment" if payment.left else "Nothing to refund")
        now = self.clock.now()
        payment.refunded += amount
        return self.begin(
            type=REFUND,
            amount=amount,
            currency=payment.currency,
            invoice=payment.invoice,
            account=payment.account,
            email=payment.email,
            description=payment.description,
            data=data,
            card=payment.card,
            culture=payment.culture,
            status="Completed",
            original=payment,
            authorized_at=now,
            confirmed_at=now,
        )


class Sites:
    """Every world's site."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_bot: dict[int, Site] = {}

    def add(self, bot_id: int, *, name: str) -> Site:
        """The bot's; the same one when it is there."""
        if bot_id not in self._by_bot:
            self._by_bot[bot_id] = Site(SiteSettings(name=name, public_id=f"pk_{bot_id}"), self._clock)
        return self._by_bot[bot_id]

    def remove(self, bot_id: int) -> None:
        self._by_bot.pop(bot_id).close()

    def by_bot(self, bot_id: int) -> Site | None:
        return self._by_bot.get(bot_id)

    def by_id(self, public_id: str) -> Site | None:
        return next((site for site in self._by_bot.values() if site.settings.public_id == public_id), None)

    def order(self, order_id: str) -> tuple[Site, Order] | None:
        """An order of any site, as its page knows none."""
        for site in self._by_bot.values():
            if (order := site.orders.get(order_id)) is not None:
                return site, order
        return None

    def __iter__(self) -> Iterator[Site]:
        return iter(list(self._by_bot.values()))
