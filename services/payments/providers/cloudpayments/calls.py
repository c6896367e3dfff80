"""Calls to CloudPayments' API and what can be asked of it, in a few threads. Waiting for one counts as waiting for an
answer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Final

from services.payments.providers.base import NotFound, ResultUnknown, Unpaid
from services.payments.providers.cloudpayments.client import (
    CONNECT_SECONDS,
    ApiAnswer,
    CloudPaymentsClient,
    Json,
    refusal,
)
from services.payments.providers.cloudpayments.notifications import NAME
from services.payments.providers.threads import Threads

AT_ONCE: Final = 5  # of a site in test mode; a live one allows 30
ON_PAGE: Final = 100
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)  # the list wants an end


class CloudPaymentsCalls:
    def __init__(self, *, public_id: str, api_secret: str, api_url: str, read_seconds: float) -> None:
        self._threads = Threads(AT_ONCE, name=NAME)
        self._patience = CONNECT_SECONDS + read_seconds
        self._client = CloudPaymentsClient(
            public_id=public_id,
            api_secret=api_secret,
            api_url=api_url,
            connections=AT_ONCE,
            read_seconds=read_seconds,
        )

    async def transaction(self, number: str) -> Json:
        return await self.model("/payments/get", {"TransactionId": int(number)})

    async def last(self, payment_id: str) -> Json:
        """Raises `Unpaid` where nobody has tried to pay."""
        try:
            return await self.model("/payments/find", {"InvoiceId": payment_id})
        except NotFound as error:
            raise Unpaid(code="no_transaction") from error

    async def listed(self, since: datetime, until: datetime | None = None) -> AsyncIterator[list[Json]]:
        body: Json = {"CreatedDateGte": _sent(since), "CreatedDateLte": _sent(until or LATEST), "TimeZone": "UTC"}
        number = 1
        while True:
            page = await self._list("/v2/payments/list", body | {"PageNumber": number})
            yield page
            if len(page) < ON_PAGE:
                return
            number += 1

    async def model(self, path: str, body: Json, key: str | None = None) -> Json:
        """Also of a try that was declined: it is there all the same."""
        answer = await self.call(path, body, key)
        if isinstance(answer.model, dict):
            return answer.model
        raise ResultUnknown(code="bad_answer", detail="no model") if answer.success else refusal(answer.words)

    async def done(self, path: str, body: Json, key: str | None = None) -> None:
        answer = await self.call(path, body, key)
        if not answer.success:
            raise refusal(answer.words)

    async def call(self, path: str, body: Json, key: str | None = None) -> ApiAnswer:
        try:
            async with asyncio.timeout(self._patience):
                return await self._threads.run(lambda: self._client.call(path, body, key))
        except TimeoutError as error:
            raise ResultUnknown(code="no_answer_in_time") from error

    async def _list(self, path: str, body: Json) -> list[Json]:
        answer = await self.call(path, body)
        if isinstance(answer.model, list):
            return [each for each in answer.model if isinstance(each, dict)]
        if answer.success:
            return []
        raise refusal(answer.words)

    def close(self) -> None:
        self._threads.close()
        self._client.close()


def _sent(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")
