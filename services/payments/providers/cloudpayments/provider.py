"""CloudPayments as a provider. A payment's page is an order there, its money a transaction; by our id it finds the last
of a payment's transactions."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

import structlog

from services.money import Money
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
from services.payments.providers.cloudpayments.answers import PAYMENT, REFUND, money_of, payment_of, refund_of
from services.payments.providers.cloudpayments.client import (
    CONNECT_SECONDS,
    READ_SECONDS,
    ApiAnswer,
    CloudPaymentsClient,
    Json,
    refusal,
)
from services.payments.providers.cloudpayments.notifications import NAME, SUBJECTS, NotificationKind
from services.payments.providers.cloudpayments.reasons import METHOD_GONE, THREE_D_SECURE, decline_of
from services.payments.providers.cloudpayments.tax import ReceiptTax
from services.payments.providers.threads import Threads

log = structlog.get_logger()
T = TypeVar("T")

AT_ONCE: Final = 5  # of a site in test mode; a live one allows 30
ON_PAGE: Final = 100
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)  # the list wants an end


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSettings:
    """Of one kind, as the account has them."""

    kind: NotificationKind
    enabled: bool
    address: str
    method: str
    format: str


class CloudPayments:
    """Calls run in a few threads. Waiting for one counts as waiting for an answer."""

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
        self._threads = Threads(AT_ONCE, name=NAME)
        self._patience = CONNECT_SECONDS + read_seconds
        self._client = CloudPaymentsClient(
            public_id=public_id,
            api_secret=api_secret,
            api_url=api_url,
            connections=AT_ONCE,
            read_seconds=read_seconds,
        )

    async def create(self, payment: NewPayment) -> RemotePayment:
        model = await self._model("/orders/create", orders.order(payment, self._tax), key=str(payment.id))
        return _read(lambda: self._order(payment, model))

    async def get(self, payment_id: str) -> RemotePayment:
        """By our id, or by the number of a transaction, as notifications give it."""
        model = await self._transaction(payment_id) if payment_id.isdecimal() else await self._last(payment_id)
        refunded = await self._sent_back(model) if model.get("Refunded") is True else None
        return _read(lambda: payment_of(model, refunded))

    async def capture(self, payment_id: str, *, key: UUID) -> RemotePayment:
        model = await self._last(payment_id)
        body = _read(lambda: orders.confirmation(model["TransactionId"], model["Amount"]))
        await self._done("/payments/confirm", body, key=f"confirm-{key}")
        return await self.get(payment_id)

    async def charge(self, payment: NewPayment, method: SavedMethod) -> RemotePayment:
        answer = await self._call("/payments/tokens/charge", orders.charge(payment, method, self._tax), str(payment.id))
        model = answer.model
        if isinstance(model, dict) and "Status" in model:
            told = model | {"TrInitiatorCode": orders.BY_SHOP}
            return _read(lambda: payment_of(told))
        if isinstance(model, dict) and "AcsUrl" in model:
            return self._declined(payment, THREE_D_SECURE)
        if "token" in answer.words.lower():
            return self._declined(payment, METHOD_GONE)
        raise refusal(answer.words)

    async def withdraw(self, payment_id: str, order_id: str | None) -> None:
        """An order that was paid or cancelled meanwhile is let be."""
        if order_id is None:
            return
        try:
            await self._done("/orders/cancel", {"Id": order_id})
        except (Refused, NotFound) as error:
            log.info("order_not_cancelled", payment_id=payment_id, detail=error.detail)

    async def stop(self, method: SavedMethod) -> None:
        """It charges nobody by itself: who forgets the token charges no more."""

    def decline_of(self, reason: str | None) -> Decline:
        return decline_of(reason)

    async def refund(self, refund: NewRefund) -> RemoteRefund:
        transaction = refund.charge_id or str((await self._last(refund.provider_payment_id))["TransactionId"])
        model = await self._model("/payments/refund", orders.refund(refund, transaction, self._tax), key=str(refund.id))
        refund_id = _read(lambda: str(model["TransactionId"]))
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
        model = await self._transaction(refund_id)
        return _read(lambda: refund_of(model))

    async def payments_since(
        self, since: datetime, until: datetime | None = None
    ) -> AsyncIterator[list[RemotePayment]]:
        """Oldest first, as the list is; tries that came to nothing are left out."""
        async for page in self._listed(since, until):
            yield _readable([each for each in page if each.get("Type", PAYMENT) == PAYMENT], payment_of)

    async def refunds_since(self, since: datetime) -> AsyncIterator[list[RemoteRefund]]:
        async for page in self._listed(since):
            yield _readable([each for each in page if each.get("Type") == REFUND], refund_of)

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
        model = await self._model(f"/site/notifications/{kind}/get", {})
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
        self._threads.close()
        self._client.close()

    def _order(self, payment: NewPayment, model: Json) -> RemotePayment:
        amount = money_of(model)
        return RemotePayment(
            id=str(payment.id),
            shop_id=self._public_id,
            status="pending",
            amount=amount,
            test=False,
            our_id=str(payment.id),
            refunded=amount.of(0),
            confirmation_url=str(model["Url"]),
            order_id=str(model["Id"])[:64],
            mark=payment.mark,
            description=payment.description,
        )

    def _declined(self, payment: NewPayment, reason: str) -> RemotePayment:
        """No transaction was made of it."""
        return RemotePayment(
            id=str(payment.id),
            shop_id=self._public_id,
            status="canceled",
            amount=payment.amount,
            test=False,
            our_id=str(payment.id),
            refunded=payment.amount.of(0),
            cancel_reason=reason,
            mark=payment.mark,
        )

    async def _sent_back(self, model: Json) -> Money:
        """The answer says only whether, not how much."""
        amount, transaction = money_of(model), str(model["TransactionId"])
        since = payment_of(model).created_at
        if since is None:
            return amount
        gone = [
            each.amount.minor
            async for page in self.refunds_since(since)
            for each in page
            if each.charge_id == transaction and each.status == "succeeded"
        ]
        return amount.of(sum(gone))

    async def _transaction(self, number: str) -> Json:
        return await self._model("/payments/get", {"TransactionId": int(number)})

    async def _last(self, payment_id: str) -> Json:
        """Raises `Unpaid` where nobody has tried to pay."""
        try:
            return await self._model("/payments/find", {"InvoiceId": payment_id})
        except NotFound as error:
            raise Unpaid(code="no_transaction") from error

    async def _listed(self, since: datetime, until: datetime | None = None) -> AsyncIterator[list[Json]]:
        body: Json = {"CreatedDateGte": _sent(since), "CreatedDateLte": _sent(until or LATEST), "TimeZone": "UTC"}
        number = 1
        while True:
            page = await self._list("/v2/payments/list", body | {"PageNumber": number})
            yield page
            if len(page) < ON_PAGE:
                return
            number += 1

    async def _list(self, path: str, body: Json) -> list[Json]:
        answer = await self._call(path, body)
        if isinstance(answer.model, list):
            return [each for each in answer.model if isinstance(each, dict)]
        if answer.success:
            return []
        raise refusal(answer.words)

    async def _model(self, path: str, body: Json, key: str | None = None) -> Json:
        """Also of a try that was declined: it is there all the same."""
        answer = await self._call(path, body, key)
        if isinstance(answer.model, dict):
            return answer.model
        raise ResultUnknown(code="bad_answer", detail="no model") if answer.success else refusal(answer.words)

    async def _done(self, path: str, body: Json, key: str | None = None) -> None:
        answer = await self._call(path, body, key)
        if not answer.success:
            raise refusal(answer.words)

    async def _call(self, path: str, body: Json, key: str | None = None) -> ApiAnswer:
        try:
            async with asyncio.timeout(self._patience):
                return await self._threads.run(lambda: self._client.call(path, body, key))
        except TimeoutError as error:
            raise ResultUnknown(code="no_answer_in_time") from error


def _read(read: Callable[[], T]) -> T:
    try:
        return read()
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # it lacks what it must have
        raise ResultUnknown(code="bad_answer", detail=repr(error)) from error


def _readable(page: list[Json], read: Callable[[Json], T]) -> list[T]:
    """Those that can be read; the others are logged, so that one does not hide the rest."""
    found = []
    for item in page:
        try:
            found.append(read(item))
        except Unpaid:
            continue
        except (AttributeError, KeyError, TypeError, ValueError, ProviderError) as error:
            log.warning(
                "provider_item_unreadable", object_id=str(item.get("TransactionId"))[:64], error=repr(error)[:200]
            )
    return found


def _sent(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
