"""CloudPayments as a provider. A payment's page is an order there, its money a transaction; by our id it finds the last
of a payment's transactions."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from services.payments.providers.base import (
    Autopay,
    Decline,
    NewPayment,
    NewRefund,
    NotFound,
    ProviderError,
    Refused,
    RemotePayment,
    RemoteRefund,
    ResultUnknown,
    SavedMethod,
    Subject,
    Unpaid,
)
from services.payments.providers.cloudpayments import orders
from services.payments.providers.cloudpayments.answers import (
    PAYMENT,
    REFUND,
    declined,
    money_of,
    order_made,
    payment_of,
    read,
    readable,
    refund_of,
)
from services.payments.providers.cloudpayments.calls import CloudPaymentsCalls
from services.payments.providers.cloudpayments.client import READ_SECONDS, Json, refusal
from services.payments.providers.cloudpayments.notifications import NAME, SUBJECTS, NotificationKind
from services.payments.providers.cloudpayments.reasons import METHOD_GONE, THREE_D_SECURE, decline_of
from services.payments.providers.cloudpayments.tax import ReceiptTax

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSettings:
    """Of one kind, as the account has them."""

    kind: NotificationKind
    enabled: bool
    address: str
    method: str
    format: str


class CloudPayments:
    name = NAME
    autopay = Autopay.BY_SHOP
    key_lives = timedelta(minutes=55)  # of the hour that a result is kept

    def __init__(
        self,
        *,
        public_id: str,
        api_secret: str,
        api_url: str,
        tax: ReceiptTax | None = None,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """`tax`: of receipts; none are sent without."""
        self._public_id, self._tax = public_id, tax
        self._calls = CloudPaymentsCalls(
            public_id=public_id, api_secret=api_secret, api_url=api_url, read_seconds=read_seconds
        )

    async def create(self, payment: NewPayment) -> RemotePayment:
        model = await self._calls.model("/orders/create", orders.order(payment, self._tax), key=str(payment.id))
        return read(lambda: order_made(payment, model, self._public_id))

    async def get(self, payment_id: str) -> RemotePayment:
        """By our id, or by the number of a transaction, as notifications give it."""
        model = await self._model(payment_id)
        refunds = await self._sent_back(model) if model.get("Refunded") is True else None
        return read(lambda: payment_of(model, refunds))

    async def capture(self, payment_id: str, *, key: UUID) -> RemotePayment:
        """By either, as `get`."""
        model = await self._model(payment_id)
        body = read(lambda: orders.confirmation(model["TransactionId"], model["Amount"]))
        await self._calls.done("/payments/confirm", body, key=f"confirm-{key}-{model['TransactionId']}")
        return await self.get(payment_id)

    async def charge(self, payment: NewPayment, method: SavedMethod) -> RemotePayment:
        answer = await self._calls.call(
            "/payments/tokens/charge", orders.charge(payment, method, self._tax), str(payment.id)
        )
        model = answer.model
        if isinstance(model, dict) and "Status" in model:
            told = model | {"TrInitiatorCode": orders.BY_SHOP}
            return read(lambda: payment_of(told))
        if isinstance(model, dict) and "AcsUrl" in model:
            return declined(payment, THREE_D_SECURE, self._public_id)
        if "token" in answer.words.lower():
            return declined(payment, METHOD_GONE, self._public_id)
        raise refusal(answer.words)

    async def withdraw(self, payment_id: str, order_id: str | None) -> None:
        """An order that was paid or cancelled meanwhile is let be."""
        if order_id is None:
            return
        try:
            await self._calls.done("/orders/cancel", {"Id": order_id})
        except (Refused, NotFound) as error:
            log.info("order_not_cancelled", payment_id=payment_id, detail=error.detail)

    async def stop(self, method: SavedMethod) -> None:
        """It charges nobody by itself: who forgets the token charges no more."""

    def decline_of(self, reason: str | None) -> Decline:
        return decline_of(reason)

    async def refund(self, refund: NewRefund) -> RemoteRefund:
        transaction = refund.charge_id or str((await self._calls.last(refund.provider_payment_id))["TransactionId"])
        model = await self._calls.model(
            "/payments/refund", orders.refund(refund, transaction, self._tax), key=str(refund.id)
        )
        refund_id = read(lambda: str(model["TransactionId"]))
        try:
            return await self.get_refund(refund_id)
        except ProviderError as error:  # it was taken; what becomes of it is asked for later
            log.warning("refund_not_seen_yet", refund_id=str(refund.id), code=error.code)
            return RemoteRefund(
                id=refund_id,
                payment_id=refund.provider_payment_id,
                status="pending",
                amount=refund.amount,
                our_id=str(refund.id),
                charge_id=transaction,
            )

    async def get_refund(self, refund_id: str) -> RemoteRefund:
        model = await self._calls.transaction(refund_id)
        return read(lambda: refund_of(model))

    async def payments_since(
        self, since: datetime, until: datetime | None = None
    ) -> AsyncIterator[list[RemotePayment]]:
        """Oldest first, as the list is; tries that came to nothing are left out."""
        async for page in self._calls.listed(since, until):
            yield readable([each for each in page if each.get("Type", PAYMENT) == PAYMENT], payment_of)

    async def refunds_since(self, since: datetime) -> AsyncIterator[list[RemoteRefund]]:
        async for page in self._calls.listed(since):
            yield readable([each for each in page if each.get("Type") == REFUND], refund_of)

    async def refunds_of(self, payment_id: str) -> AsyncIterator[list[RemoteRefund]]:
        """They are in the list alone, from the payment on."""
        try:
            payment = await self.get(payment_id)
        except (NotFound, Unpaid):
            return
        if payment.created_at is None:
            raise ResultUnknown(code="bad_answer", detail="no date")
        async for page in self.refunds_since(payment.created_at):
            yield [each for each in page if each.payment_id == payment.id]

    async def about(self, kind: NotificationKind) -> NotificationSettings:
        """How the account sends notifications of a kind."""
        model = await self._calls.model(f"/site/notifications/{kind}/get", {})
        return NotificationSettings(
            kind=kind,
            enabled=model.get("IsEnabled") is True,
            address=str(model.get("Address") or ""),
            method=str(model.get("HttpMethod") or ""),
            format=str(model.get("Format") or ""),
        )

    def subject_of(self, event: str) -> Subject | None:
        return SUBJECTS.get(NotificationKind(event)) if event in set(NotificationKind) else None

    def close(self) -> None:
        self._calls.close()

    async def _model(self, payment_id: str) -> Json:
        if payment_id.isdecimal():
            return await self._calls.transaction(payment_id)
        return await self._calls.last(payment_id)

    async def _sent_back(self, model: Json) -> dict[str, int]:
        """The answer says only whether, not how much: minor units by the refund's id."""
        amount, transaction = money_of(model), str(model["TransactionId"])
        since = payment_of(model).created_at
        if since is None:
            return {"": amount.minor}
        return {
            each.id: each.amount.minor
            async for page in self.refunds_since(since)
            for each in page
            if each.charge_id == transaction and each.status == "succeeded"
        }
