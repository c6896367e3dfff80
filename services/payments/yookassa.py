"""YooKassa as a provider."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID

from services.payments.money import from_text, to_text
from services.payments.provider import (
    NewPayment,
    NewRefund,
    Receipt,
    RemotePayment,
    RemoteRefund,
    ResultUnknown,
)
from services.payments.yookassa_client import READ_SECONDS, Client, payments_of, refunds_of

T = TypeVar("T")

THREADS = 8
OUR_ID = "payment_id"  # in the metadata


class YooKassa:
    """Calls run in a bounded pool of threads: the SDK is synchronous."""

    name = "yookassa"

    def __init__(self, *, shop_id: str, secret_key: str, api_url: str, read_seconds: float = READ_SECONDS) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="yookassa")
        self._client = Client(
            shop_id=shop_id, secret_key=secret_key, api_url=api_url, threads=THREADS, read_seconds=read_seconds
        )
        self._payments = payments_of(self._client)
        self._refunds = refunds_of(self._client)

    async def create(self, payment: NewPayment) -> RemotePayment:
        return await self._call(lambda: self._payments.create(_create_body(payment), str(payment.id)), _payment)

    async def get(self, payment_id: str) -> RemotePayment:
        return await self._call(lambda: self._payments.find_one(payment_id), _payment)

    async def capture(self, payment_id: str, *, key: UUID) -> RemotePayment:
        return await self._call(lambda: self._payments.capture(payment_id, None, f"capture-{key}"), _payment)

    async def refund(self, refund: NewRefund) -> RemoteRefund:
        return await self._call(lambda: self._refunds.create(_refund_body(refund), str(refund.id)), _refund)

    async def get_refund(self, refund_id: str) -> RemoteRefund:
        return await self._call(lambda: self._refunds.find_one(refund_id), _refund)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._client.close()

    async def _call(self, work: Callable[[], Any], read: Callable[[Any], T]) -> T:  # Any: the SDK has no types
        def run() -> T:
            answer = work()
            try:
                return read(answer)
            except (AttributeError, TypeError, ValueError) as error:  # an answer that lacks what it must have
                raise ResultUnknown(code="bad_answer", detail=str(error)) from error

        return await asyncio.get_running_loop().run_in_executor(self._pool, run)


def _amount(kopecks: int, currency: str) -> dict[str, str]:
    return {"value": to_text(kopecks), "currency": currency}


def _create_body(payment: NewPayment) -> dict[str, Any]:  # Any: JSON
    amount = _amount(payment.amount_kopecks, payment.currency)
    body: dict[str, Any] = {
        "amount": amount,
        "capture": True,  # the API's default is false
        "confirmation": {"type": "redirect", "return_url": payment.return_url},
        "description": payment.description[:128],
        "metadata": {OUR_ID: str(payment.id)},
    }
    if payment.receipt is not None:
        body["receipt"] = _receipt(payment.receipt, amount)
    return body


def _refund_body(refund: NewRefund) -> dict[str, Any]:  # Any: JSON
    amount = _amount(refund.amount_kopecks, refund.currency)
    body: dict[str, Any] = {
        "payment_id": refund.provider_payment_id,
        "amount": amount,
        "description": refund.description[:250],
    }
    if refund.receipt is not None:
        body["receipt"] = _receipt(refund.receipt, amount)
    return body


def _receipt(receipt: Receipt, amount: dict[str, str]) -> dict[str, Any]:  # Any: JSON
    """One line that is the whole sum."""
    item = {
        "description": receipt.description[:128],
        "quantity": "1.00",
        "amount": amount,
        "vat_code": receipt.vat_code,
        "payment_subject": "service",
        "payment_mode": "full_payment",
    }
    return {"customer": {"email": receipt.email}, "items": [item]}


def _payment(answer: Any) -> RemotePayment:  # Any: the SDK has no types
    confirmation = answer.confirmation
    reason = answer.cancellation_details
    return RemotePayment(
        id=_text(answer.id),
        shop_id=None if answer.recipient is None else answer.recipient.account_id,
        status=_text(answer.status),
        amount_kopecks=from_text(str(answer.amount.value)),
        currency=_text(answer.amount.currency),
        test=bool(answer.test),
        our_id=(answer.metadata or {}).get(OUR_ID),
        confirmation_url=None if confirmation is None else getattr(confirmation, "confirmation_url", None),
        cancel_reason=None if reason is None else reason.reason,
        refunded_kopecks=0 if answer.refunded_amount is None else from_text(str(answer.refunded_amount.value)),
    )


def _refund(answer: Any) -> RemoteRefund:  # Any: the SDK has no types
    reason = answer.cancellation_details
    return RemoteRefund(
        id=_text(answer.id),
        payment_id=_text(answer.payment_id),
        status=_text(answer.status),
        amount_kopecks=from_text(str(answer.amount.value)),
        currency=_text(answer.amount.currency),
        cancel_reason=None if reason is None else reason.reason,
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("a field is missing")
    return value
