"""YooKassa as a provider."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import TypeVar
from urllib.parse import quote
from uuid import UUID

from yookassa.domain.common import HttpVerb
from yookassa.domain.request import PaymentRequest
from yookassa.domain.request.refund_request import RefundRequest

from services.payments.providers.base import (
    Autopay,
    Decline,
    NewPayment,
    NewRefund,
    RemotePayment,
    RemoteRefund,
    ResultUnknown,
    SavedMethod,
    ShopRefused,
    Subject,
)
from services.payments.providers.threads import Threads
from services.payments.providers.yookassa.answers import ShopFacts, about_of, page_of, payment_of, readable, refund_of
from services.payments.providers.yookassa.client import CONNECT_SECONDS, READ_SECONDS, Client, checked
from services.payments.providers.yookassa.notifications import NAME, SUBJECTS
from services.payments.providers.yookassa.reasons import decline_of
from services.payments.providers.yookassa.requests import Json, charge_body, create_body, moment_text, refund_body

T = TypeVar("T")

THREADS = 8
ON_PAGE = 100  # the API's most


class YooKassa:
    """Calls run in a few threads: the SDK is synchronous. Waiting for one counts as waiting for an answer."""

    name = NAME
    autopay = Autopay.BY_SHOP
    key_lives = timedelta(hours=23)  # of a key's day, with an hour to spare

    def __init__(
        self,
        *,
        shop_id: str,
        secret_key: str,
        api_url: str,
        proxy: str | None = None,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._threads = Threads(THREADS, name="yookassa")
        self._patience = CONNECT_SECONDS + read_seconds
        self._client = Client(
            shop_id=shop_id,
            secret_key=secret_key,
            api_url=api_url,
            proxy=proxy,
            threads=THREADS,
            read_seconds=read_seconds,
        )

    async def create(self, payment: NewPayment) -> RemotePayment:
        return await self._post(
            "/payments", payment.id, payment_of, lambda: checked(PaymentRequest, create_body(payment))
        )

    async def get(self, payment_id: str) -> RemotePayment:
        return await self._get(f"/payments/{quote(payment_id, safe='')}", payment_of)

    async def capture(self, payment_id: str, *, key: UUID) -> RemotePayment:
        path = f"/payments/{quote(payment_id, safe='')}/capture"
        return await self._post(path, f"capture-{key}", payment_of, lambda: {})

    async def charge(self, payment: NewPayment, method: SavedMethod) -> RemotePayment:
        return await self._post(
            "/payments", payment.id, payment_of, lambda: checked(PaymentRequest, charge_body(payment, method))
        )

    async def withdraw(self, payment_id: str, order_id: str | None) -> None:
        """Its links end by themselves after an hour; there is no call for it."""

    async def stop(self, method: SavedMethod) -> None:
        """It keeps no list of what a shop may charge: who forgets the id charges it no more."""

    def decline_of(self, reason: str | None) -> Decline:
        return decline_of(reason)

    async def refund(self, refund: NewRefund) -> RemoteRefund:
        return await self._post("/refunds", refund.id, refund_of, lambda: checked(RefundRequest, refund_body(refund)))

    async def get_refund(self, refund_id: str) -> RemoteRefund:
        return await self._get(f"/refunds/{quote(refund_id, safe='')}", refund_of)

    async def payments_since(
        self, since: datetime, until: datetime | None = None
    ) -> AsyncIterator[list[RemotePayment]]:
        bounds = {"created_at.gte": since} if until is None else {"created_at.gte": since, "created_at.lte": until}
        async for page in self._pages("/payments", {name: moment_text(moment) for name, moment in bounds.items()}):
            yield readable(page, payment_of)

    async def refunds_since(self, since: datetime) -> AsyncIterator[list[RemoteRefund]]:
        async for page in self._pages("/refunds", {"created_at.gte": moment_text(since)}):
            yield readable(page, refund_of)

    async def refunds_of(self, payment_id: str) -> AsyncIterator[list[RemoteRefund]]:
        async for page in self._pages("/refunds", {"payment_id": payment_id}):
            yield readable(page, refund_of)

    async def about(self) -> ShopFacts:
        return await self._get("/me", about_of)

    def subject_of(self, event: str) -> Subject | None:
        return SUBJECTS.get(event)

    def close(self) -> None:
        self._threads.close()
        self._client.close()

    async def _get(self, path: str, read: Callable[[Json], T], query: dict[str, str] | None = None) -> T:
        return await self._call(lambda: self._client.request(HttpVerb.GET, path, query), read)

    async def _pages(self, path: str, query: dict[str, str]) -> AsyncIterator[list[Json]]:
        query |= {"limit": str(ON_PAGE)}
        while True:
            items, cursor = await self._get(path, page_of, query)
            yield items
            if cursor is None or cursor == query.get("cursor"):
                return
            query = query | {"cursor": cursor}

    async def _post(self, path: str, key: object, read: Callable[[Json], T], make: Callable[[], Json]) -> T:
        try:
            body = make()
        except (ValueError, TypeError) as error:  # the SDK's own look at a request, before it is sent
            raise ShopRefused(code="invalid_request", detail=str(error)) from error
        headers = {"Idempotence-Key": str(key)}
        return await self._call(lambda: self._client.request(HttpVerb.POST, path, None, headers, body), read)

    async def _call(self, work: Callable[[], Json], read: Callable[[Json], T]) -> T:
        def run() -> T:
            answer = work()
            try:
                return read(answer)
            except (AttributeError, KeyError, TypeError, ValueError) as error:  # it lacks what it must have
                raise ResultUnknown(code="bad_answer", detail=repr(error)) from error

        try:
            async with asyncio.timeout(self._patience):
                return await self._threads.run(run)
        except TimeoutError as error:
            raise ResultUnknown(code="no_answer_in_time") from error
