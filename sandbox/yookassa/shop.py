"""One shop at YooKassa: its settings, its payments and refunds, and what can become of them."""

import heapq
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from sandbox.clock import Clock, Signal, Timer
from sandbox.faults import Faults
from sandbox.provider_calls import Calls
from sandbox.provider_faults import ShopFault
from sandbox.yookassa.errors import ApiError
from sandbox.yookassa.ids import new_payment_id, new_refund_id
from sandbox.yookassa.keys import Keys
from sandbox.yookassa.notifications import YooKassaNotifier
from sandbox.yookassa.payments import DEFAULT_CARD, Method, MethodKind, Payment, Refund

DEFAULT_SHOP_ID = "100500"
DEFAULT_SECRET_KEY = "test_sandbox-key"  # noqa: S105 - opens nothing but a local sandbox
LINK_SECONDS = 3600.0
HOLD_SECONDS = {"bank_card": 7 * 24 * 3600.0, "sbp": 6 * 3600.0}
MAX_KOPECKS = {"bank_card": 350_000_00, "sbp": 700_000_00}
REFUNDABLE_SECONDS = 3 * 365 * 24 * 3600.0
PARTIES = {
    "canceled_by_merchant": "merchant",
    "expired_on_confirmation": "yoo_money",
    "expired_on_capture": "yoo_money",
}
DECLINES = (
    *("insufficient_funds", "general_decline", "card_expired", "3d_secure_failed", "call_issuer", "fraud_suspected"),
    *("invalid_csc", "invalid_card_number", "issuer_unavailable", "payment_method_limit_exceeded"),
    *("payment_method_restricted", "country_forbidden", "identification_required", "internal_timeout"),
    *("permission_revoked", "unsupported_mobile_operator", "deal_expired"),
)


@dataclass(slots=True, kw_only=True)
class Settings:
    name: str
    shop_id: str
    secret_key: str = DEFAULT_SECRET_KEY
    test: bool = True
    receipts_required: bool = False
    autopay: bool = True
    """Whether YooKassa's manager lets the shop save means of payment."""


@dataclass(frozen=True, slots=True, order=True)
class Deadline:
    at: float
    order: int
    payment: Payment = field(compare=False)


class Shop:
    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self.payments: dict[str, Payment] = {}
        self.refunds: dict[str, Refund] = {}
        self.by_number: list[Payment] = []
        self.refunds_by_number: list[Refund] = []
        self.methods: dict[str, Method] = {}
        self.faults: Faults[ShopFault] = Faults()
        self.notifier = YooKassaNotifier(clock, self.faults)
        self.keys = Keys(clock)
        self.calls = Calls()
        self.closing = Signal()
        self._deadlines: list[Deadline] = []
        self._orders = count()
        self._timer: Timer | None = None

    @property
    def last(self) -> Payment | None:
        return self.by_number[-1] if self.by_number else None

    def create(self, *, link_base: str | None, **fields: Any) -> Payment:  # Any: fields of Payment
        """A payment waiting for its payer; `link_base` is what its checkout's address begins with."""
        now = self.clock.now()
        payment = Payment(
            id=new_payment_id(now),
            number=len(self.by_number),
            account_id=self.settings.shop_id,
            test=self.settings.test,
            created_at=now,
            **fields,
        )
        if link_base is not None:
            payment.link = link_base + payment.id
        self.payments[payment.id] = payment
        self.by_number.append(payment)
        self._remember(payment, now + LINK_SECONDS)
        return payment

    def pay(self, payment: Payment, kind: MethodKind, *, card: str = DEFAULT_CARD) -> None:
        limit = MAX_KOPECKS[kind]
        if payment.amount > limit:
            raise ApiError(f"at most {limit // 100} roubles can be paid with {kind}", "amount")
        self.pay_with(payment, payment.charged or Method(id=payment.id, kind=kind, card=card))

    def charge(self, payment: Payment, saved: Method) -> None:
        """Without its owner: one try, which ends it."""
        if saved.waits:
            payment.charged = saved
        elif saved.declines is None:
            self.pay_with(payment, saved)
        else:
            payment.method = saved
            self.cancel(payment, saved.declines)

    def pay_with(self, payment: Payment, method: Method) -> None:
        """The payer did it. Pays what is canceled as well: whoever asks has checked that this is meant."""
        now = self.clock.now()
        if payment.save_method and not method.saved:
            method.saved = True
            self.methods[method.id] = method
        payment.method = method
        payment.cancellation = None
        if payment.capture:
            self.settle(payment, payment.amount)
        else:
            payment.status = "waiting_for_capture"
            payment.expires_at = now + HOLD_SECONDS[method.kind]
            self._remember(payment, payment.expires_at)
            self.notifier.notify("payment.waiting_for_capture", payment.view())
        if method.saved and method.id == payment.id and method.kind == "bank_card":
            self.notifier.notify("payment_method.active", self._saved_view(method))

    def settle(self, payment: Payment, amount: int) -> None:
        """The shop takes the money, or a part; the rest goes back to the payer."""
        payment.amount = amount
        payment.status = "succeeded"
        payment.captured_at, payment.expires_at = self.clock.now(), None
        self.notifier.notify("payment.succeeded", payment.view())

    def cancel(self, payment: Payment, reason: str) -> None:
        payment.status = "canceled"
        payment.expires_at = None
        payment.cancellation = (PARTIES.get(reason, "payment_network"), reason)
        self.notifier.notify("payment.canceled", payment.view())

    def refund(self, payment: Payment, amount: int, **fields: Any) -> Refund:  # Any: fields of Refund
        """Give money back. Raises ApiError for more than is left."""
        now = self.clock.now()
        if payment.status != "succeeded":
            raise ApiError(f"Payment is in status {payment.status}, only a succeeded one can be refunded", "payment_id")
        if now - payment.created_at > REFUNDABLE_SECONDS:
            raise ApiError("A payment can be refunded within three years of its creation", "payment_id")
        if amount > payment.left:
            raise ApiError("Refund amount is greater than what is left of the payment", "amount")
        refund = Refund(
            id=new_refund_id(now),
            number=len(self.refunds_by_number),
            payment_id=payment.id,
            amount=amount,
            currency=payment.currency,
            created_at=now,
            **fields,
        )
        payment.refunded += amount
        self.refunds[refund.id] = refund
        self.refunds_by_number.append(refund)
        self.notifier.notify("refund.succeeded", refund.view())
        return refund

    def expire(self) -> None:
        """Cancel what nobody paid or took in time."""
        now = self.clock.now()
        while self._deadlines and self._deadlines[0].at <= now:
            payment = heapq.heappop(self._deadlines).payment
            if payment.status == "pending":
                self.cancel(payment, "expired_on_confirmation")
            elif payment.expires_at is not None and payment.expires_at <= now:
                self.cancel(payment, "expired_on_capture")
        self._arm()

    def me(self) -> dict[str, object]:
        """The API's Me."""
        given = self.settings
        fiscal: dict[str, object] = {"fiscalization_enabled": given.receipts_required}
        if given.receipts_required:
            fiscal["fiscalization"] = {"enabled": True, "provider": "avanpost"}
        return {
            "account_id": given.shop_id,
            "status": "enabled",
            "test": given.test,
            "payment_methods": ["bank_card", "sbp"],
            "name": given.name,
            **fiscal,
        }

    def close(self) -> None:
        self.closing.notify()
        if self._timer is not None:
            self._timer.cancel()

    def knows(self, secret_key: str) -> bool:
        return secrets.compare_digest(secret_key.encode(), self.settings.secret_key.encode())

    def _saved_view(self, method: Method) -> dict[str, object]:
        return {
            "type": "bank_card",
            "id": method.id,
            "saved": True,
            "status": "active",
            "holder": {"account_id": self.settings.shop_id, "gateway_id": f"{self.settings.shop_id}01"},
            "title": method.title,
            "card": method.card_view(),
        }

    def _remember(self, payment: Payment, deadline: float) -> None:
        heapq.heappush(self._deadlines, Deadline(deadline, next(self._orders), payment))
        self._arm()

    def _arm(self) -> None:
        """One timer, for the next deadline only."""
        due = self._deadlines[0].at if self._deadlines else None
        if self._timer is not None:
            if self._timer.deadline == due:
                return
            self._timer.cancel()
            self._timer = None
        if due is not None:
            self._timer = self.clock.call_later(due - self.clock.now(), self.expire)


class Shops:
    """Every world's shop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_bot: dict[int, Shop] = {}

    def add(self, bot_id: int, *, name: str, shop_id: str | None = None) -> Shop:
        """The bot's shop; the same one when it is there. Its id is the bot's unless given."""
        if bot_id not in self._by_bot:
            settings = Settings(name=name, shop_id=shop_id or str(bot_id))
            self._by_bot[bot_id] = Shop(settings, self._clock)
        return self._by_bot[bot_id]

    def remove(self, bot_id: int) -> None:
        self._by_bot.pop(bot_id).close()

    def by_bot(self, bot_id: int) -> Shop | None:
        return self._by_bot.get(bot_id)

    def by_id(self, shop_id: str) -> Shop | None:
        return next((shop for shop in self._by_bot.values() if shop.settings.shop_id == shop_id), None)

    def payment(self, payment_id: str) -> tuple[Shop, Payment] | None:
        """A payment of any shop, as the checkout page knows no shop."""
        for shop in self._by_bot.values():
            if (payment := shop.payments.get(payment_id)) is not None:
                return shop, payment
        return None

    def __iter__(self) -> Iterator[Shop]:
        return iter(list(self._by_bot.values()))
