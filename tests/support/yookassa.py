"""A YooKassa in memory: what it knows, what it answers, and what goes wrong on the way. It speaks the shop's own types;
the one that speaks HTTP is the sandbox."""

from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from services.money import rub
from services.payments.providers.base import (
    Autopay,
    Decline,
    NewPayment,
    NewRefund,
    NotFound,
    ProviderError,
    Refused,
    RemoteMethod,
    RemotePayment,
    RemoteRefund,
    SavedMethod,
    Subject,
)
from services.payments.providers.yookassa.notifications import SUBJECTS
from services.payments.providers.yookassa.reasons import decline_of
from tests.support.faults import Fault, with_faults

SHOP_ID = "100500"
KEY_LIVES = timedelta(hours=24)
T = TypeVar("T")


@dataclass(slots=True, kw_only=True)
class FakeYooKassa:
    clock: Callable[[], datetime]
    test: bool = True
    holds: bool = False
    """A shop of two stages: payments wait for capture whatever is asked."""
    payments: dict[str, RemotePayment] = field(default_factory=dict)
    refunds: dict[str, RemoteRefund] = field(default_factory=dict)
    faults: deque[Fault | None] = field(default_factory=deque)
    declines: deque[str | None] = field(default_factory=deque)
    """Of the next charges of saved methods; those that are not told here are paid."""
    notifications: list[tuple[str, str]] = field(default_factory=list)
    """(event, object id) of all that happened; a test delivers them as it likes."""
    calls: list[str] = field(default_factory=list)
    refunds_wait: bool = False
    """Refunds stay pending until `finish_refund`."""
    charges_wait: bool = False
    """Charges of saved methods stay pending until `finish_charge`."""
    charged: dict[str, str] = field(default_factory=dict)
    """By the payment's id: which method."""
    away: ProviderError | None = None
    name: str = "yookassa"
    autopay: Autopay = Autopay.BY_SHOP
    key_lives: timedelta = timedelta(hours=23)
    shop_id: str = SHOP_ID
    _keys: dict[str, tuple[datetime, object, str]] = field(default_factory=dict)
    _refunded_at: dict[str, datetime] = field(default_factory=dict)

    # What the shop calls.

    def subject_of(self, event: str) -> Subject | None:
        return SUBJECTS.get(event)

    async def create(self, payment: NewPayment) -> RemotePayment:
        return self._with_faults("create", lambda: self.payments[self._once(payment.id, payment, self._create)])

    async def get(self, payment_id: str) -> RemotePayment:
        return self._with_faults("get", lambda: self._payment(payment_id))

    async def capture(self, payment_id: str, *, key: UUID) -> RemotePayment:
        def capture() -> RemotePayment:
            if self._payment(payment_id).status != "waiting_for_capture":
                raise Refused(code="invalid_request")
            return self._become(payment_id, "succeeded")

        return self._with_faults("capture", capture)

    async def charge(self, payment: NewPayment, method: SavedMethod) -> RemotePayment:
        def charge(order: NewPayment) -> str:
            payment_id = self._create(order)
            self.payments[payment_id] = replace(self.payments[payment_id], confirmation_url=None)
            self.charged[payment_id] = method.token
            if not self.charges_wait:
                self.finish_charge(payment_id)
            return payment_id

        return self._with_faults("charge", lambda: self.payments[self._once(payment.id, payment, charge)])

    async def withdraw(self, payment_id: str, order_id: str | None) -> None:
        return None

    async def stop(self, method: SavedMethod) -> None:
        return None

    def decline_of(self, reason: str | None) -> Decline:
        return decline_of(reason)

    async def refund(self, refund: NewRefund) -> RemoteRefund:
        return self._with_faults("refund", lambda: self.refunds[self._once(refund.id, refund, self._refund)])

    async def get_refund(self, refund_id: str) -> RemoteRefund:
        def get() -> RemoteRefund:
            if refund_id not in self.refunds:
                raise NotFound(code="not_found")
            return self.refunds[refund_id]

        return self._with_faults("get_refund", get)

    async def payments_since(
        self, since: datetime, until: datetime | None = None
    ) -> AsyncIterator[list[RemotePayment]]:
        """Pages of two."""
        wanted = [each for each in reversed(self.payments.values()) if each.created_at and each.created_at >= since]
        ids = [each.id for each in wanted if until is None or (each.created_at or until) <= until]
        for start in range(0, max(len(ids), 1), 2):
            yield self._with_faults("list", lambda start=start: [self.payments[i] for i in ids[start : start + 2]])  # type: ignore[misc]  # called at once

    async def refunds_since(self, since: datetime) -> AsyncIterator[list[RemoteRefund]]:
        yield self._with_faults("list", lambda: [r for i, r in self.refunds.items() if self._refunded_at[i] >= since])

    async def refunds_of(self, payment_id: str) -> AsyncIterator[list[RemoteRefund]]:
        yield self._with_faults("list", lambda: [r for r in self.refunds.values() if r.payment_id == payment_id])

    def close(self) -> None:
        return None

    # What customers and the owner do.

    def pay(self, payment_id: str) -> None:
        """On the checkout page; who pays a link that has run out is late."""
        if self.payments[payment_id].status in ("pending", "canceled"):
            self._become(payment_id, "waiting_for_capture" if self.holds else "succeeded")

    def cancel(self, payment_id: str, reason: str = "expired_on_confirmation") -> None:
        if self.payments[payment_id].status in ("pending", "waiting_for_capture"):
            self.payments[payment_id] = replace(self.payments[payment_id], cancel_reason=reason)
            self._become(payment_id, "canceled")

    def refund_in_cabinet(self, payment_id: str, kopecks: int) -> str:
        """The refund's id. Raises `Refused`."""
        return self._refund(
            NewRefund(id=uuid4(), provider_payment_id=payment_id, amount=rub(kopecks), description=""),
            our_id=None,
        )

    def finish_refund(self, refund_id: str, status: str, reason: str | None = None) -> None:
        refund = self.refunds[refund_id]
        if refund.status == "pending":
            self.refunds[refund_id] = replace(refund, status=status, cancel_reason=reason)
            self._send_back(refund_id)

    def finish_charge(self, payment_id: str) -> None:
        if self.payments[payment_id].status != "pending":
            return
        if (reason := self.declines.popleft() if self.declines else None) is None:
            self._become(payment_id, "succeeded")
        else:
            self.cancel(payment_id, reason)

    def by_our_id(self, payment_id: UUID) -> RemotePayment:
        return next(payment for payment in self.payments.values() if payment.our_id == str(payment_id))

    # How it is done.

    def _with_faults(self, name: str, work: Callable[[], T]) -> T:
        self.calls.append(name)
        if self.away is not None:
            raise self.away
        return with_faults(self.faults, work)

    def _once(self, key: UUID, body: Any, work: Callable[[Any], str]) -> str:  # Any: an order of either kind
        known = self._keys.get(str(key))
        if known is not None and self.clock() - known[0] < KEY_LIVES:
            if known[1] != body:
                raise Refused(code="invalid_request", detail="Idempotence key duplicated")
            return known[2]
        made = work(body)
        self._keys[str(key)] = (self.clock(), body, made)
        return made

    def _create(self, order: NewPayment) -> str:
        payment_id = str(uuid4())
        self.payments[payment_id] = RemotePayment(
            id=payment_id,
            shop_id=self.shop_id,
            status="pending",
            amount=order.amount,
            test=self.test,
            our_id=str(order.id),
            refunded=order.amount.of(0),
            confirmation_url=f"https://yoomoney.example/{payment_id}",
            mark={"payment_id": str(order.id), **order.mark},
            description=order.description,
            created_at=self.clock(),
            method=RemoteMethod(token=f"method-{payment_id}", title="Visa •• 4242") if order.autopay else None,
            card_type="Visa",
            card_last4="4242",
        )
        return payment_id

    def _payment(self, payment_id: str) -> RemotePayment:
        if payment_id not in self.payments:
            raise NotFound(code="not_found")
        return self.payments[payment_id]

    def _become(self, payment_id: str, status: str) -> RemotePayment:
        paid_at = self.clock() if status == "succeeded" else None
        self.payments[payment_id] = replace(self.payments[payment_id], status=status, paid_at=paid_at)
        self.notifications.append((f"payment.{status}", payment_id))
        return self.payments[payment_id]

    def _refund(self, order: NewRefund, our_id: str | None = "") -> str:
        payment = self._payment(order.provider_payment_id)
        under_way = sum(
            each.amount.minor
            for each in self.refunds.values()
            if each.payment_id == payment.id and each.status != "canceled"
        )
        if (
            payment.status != "succeeded"
            or not order.amount.minor
            or under_way + order.amount.minor > payment.amount.minor
        ):
            raise Refused(code="invalid_request", detail="amount")
        refund_id = str(uuid4())
        self._refunded_at[refund_id] = self.clock()
        self.refunds[refund_id] = RemoteRefund(
            id=refund_id,
            payment_id=payment.id,
            status="pending" if self.refunds_wait else "succeeded",
            amount=order.amount,
            our_id=str(order.id) if our_id is not None else None,
        )
        self._send_back(refund_id)
        return refund_id

    def _send_back(self, refund_id: str) -> None:
        refund = self.refunds[refund_id]
        if refund.status == "succeeded":
            payment = self.payments[refund.payment_id]
            gone = payment.refunded.minor + refund.amount.minor
            self.payments[payment.id] = replace(payment, refunded=payment.amount.of(gone))
            self.notifications.append(("refund.succeeded", refund_id))
