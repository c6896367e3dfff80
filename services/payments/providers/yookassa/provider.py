"""YooKassa as a provider."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote
from uuid import UUID

import structlog
from yookassa.domain.common import HttpVerb
from yookassa.domain.request import PaymentRequest
from yookassa.domain.request.refund_request import RefundRequest

from services.money import Money
from services.payments.providers.base import (
    Autopay,
    Decline,
    NewPayment,
    NewRefund,
    Receipt,
    RemoteMethod,
    RemotePayment,
    RemoteRefund,
    ResultUnknown,
    SavedMethod,
    ShopRefused,
    Subject,
)
from services.payments.providers.threads import Threads
from services.payments.providers.yookassa.client import CONNECT_SECONDS, READ_SECONDS, Client, checked
from services.payments.providers.yookassa.notifications import NAME, SUBJECTS
from services.payments.providers.yookassa.reasons import decline_of

log = structlog.get_logger()
T = TypeVar("T")

THREADS = 8
ON_PAGE = 100  # the API's most
OUR_PAYMENT, OUR_REFUND = "payment_id", "refund_id"  # in the metadata
Json = dict[str, Any]  # Any: JSON holds what it holds


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """The shop as YooKassa has it; `receipts`: it sends them through YooKassa."""

    shop_id: str
    enabled: bool
    test: bool
    receipts: bool
    methods: tuple[str, ...]


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
            "/payments", payment.id, _payment, lambda: checked(PaymentRequest, _create_body(payment))
        )

    async def get(self, payment_id: str) -> RemotePayment:
        return await self._get(f"/payments/{quote(payment_id, safe='')}", _payment)

    async def capture(self, payment_id: str, *, key: UUID) -> RemotePayment:
        path = f"/payments/{quote(payment_id, safe='')}/capture"
        return await self._post(path, f"capture-{key}", _payment, lambda: {})

    async def charge(self, payment: NewPayment, method: SavedMethod) -> RemotePayment:
        return await self._post(
            "/payments", payment.id, _payment, lambda: checked(PaymentRequest, _charge_body(payment, method))
        )

    async def withdraw(self, payment_id: str, order_id: str | None) -> None:
        """Its links end by themselves after an hour; there is no call for it."""

    async def stop(self, method: SavedMethod) -> None:
        """It keeps no list of what a shop may charge: who forgets the id charges it no more."""

    def decline_of(self, reason: str | None) -> Decline:
        return decline_of(reason)

    async def refund(self, refund: NewRefund) -> RemoteRefund:
        return await self._post("/refunds", refund.id, _refund, lambda: checked(RefundRequest, _refund_body(refund)))

    async def get_refund(self, refund_id: str) -> RemoteRefund:
        return await self._get(f"/refunds/{quote(refund_id, safe='')}", _refund)

    async def payments_since(
        self, since: datetime, until: datetime | None = None
    ) -> AsyncIterator[list[RemotePayment]]:
        bounds = {"created_at.gte": since} if until is None else {"created_at.gte": since, "created_at.lte": until}
        async for page in self._pages("/payments", {name: _sent(moment) for name, moment in bounds.items()}):
            yield _readable(page, _payment)

    async def refunds_since(self, since: datetime) -> AsyncIterator[list[RemoteRefund]]:
        async for page in self._pages("/refunds", {"created_at.gte": _sent(since)}):
            yield _readable(page, _refund)

    async def refunds_of(self, payment_id: str) -> AsyncIterator[list[RemoteRefund]]:
        async for page in self._pages("/refunds", {"payment_id": payment_id}):
            yield _readable(page, _refund)

    async def about(self) -> ShopFacts:
        return await self._get("/me", _about)

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
            items, cursor = await self._get(path, _page, query)
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


def _amount(money: Money) -> dict[str, str]:
    return {"value": money.text, "currency": money.currency}


def _create_body(payment: NewPayment) -> Json:
    body = _body(payment) | {"confirmation": {"type": "redirect", "return_url": payment.return_url}}
    return body | {"save_payment_method": True} if payment.autopay else body


def _charge_body(payment: NewPayment, method: SavedMethod) -> Json:
    return _body(payment) | {"payment_method_id": method.token}


def _body(payment: NewPayment) -> Json:
    amount = _amount(payment.amount)
    body: Json = {
        "amount": amount,
        "capture": True,  # the API's default is false
        "description": payment.description[:128],
        "metadata": {OUR_PAYMENT: str(payment.id), **payment.mark},
    }
    if payment.receipt is not None:
        body["receipt"] = _receipt(payment.receipt, amount)
    return body


def _refund_body(refund: NewRefund) -> Json:
    amount = _amount(refund.amount)
    body: Json = {
        "payment_id": refund.provider_payment_id,
        "amount": amount,
        "description": refund.description[:250],
        "metadata": {OUR_REFUND: str(refund.id)},
    }
    if refund.receipt is not None:
        body["receipt"] = _receipt(refund.receipt, amount)
    return body


def _receipt(receipt: Receipt, amount: dict[str, str]) -> Json:
    """One line that is the whole sum."""
    item = {
        "description": receipt.description[:128],
        "quantity": 1,
        "measure": "piece",  # YooKassa's own receipts and registers of FFD 1.2 want it
        "amount": amount,
        "vat_code": receipt.vat_code,
        "payment_subject": "service",
        "payment_mode": "full_payment",
    }
    return {"customer": {"email": receipt.email}, "items": [item]}


def _payment(answer: Json) -> RemotePayment:
    money, refunded = _money(answer["amount"]), answer.get("refunded_amount")
    facts, method = _facts(answer), answer.get("payment_method") or {}
    card = method.get("card") or {}
    return RemotePayment(
        id=_text(answer["id"]),
        shop_id=(answer.get("recipient") or {}).get("account_id"),
        status=_text(answer["status"]),
        amount=money,
        test=_flag(answer["test"]),
        our_id=facts.get(OUR_PAYMENT),
        confirmation_url=(answer.get("confirmation") or {}).get("confirmation_url"),
        cancel_reason=(answer.get("cancellation_details") or {}).get("reason"),
        refunded=money.of(0) if refunded is None else _money(refunded),
        mark=facts,
        description=str(answer.get("description") or ""),
        created_at=_moment(answer.get("created_at")),
        paid_at=_moment(answer.get("captured_at")),
        card_type=_short(card.get("card_type"), 32),
        card_last4=_short(card.get("last4"), 4),
        method=_method(method),
    )


def _method(method: Json) -> RemoteMethod | None:
    """What may be charged again."""
    if method.get("saved") is not True:
        return None
    return RemoteMethod(
        token=_text(method["id"]), title=_short(method.get("title"), 64) or str(method.get("type"))[:64]
    )


def _refund(answer: Json) -> RemoteRefund:
    money = _money(answer["amount"])
    return RemoteRefund(
        id=_text(answer["id"]),
        payment_id=_text(answer["payment_id"]),
        status=_text(answer["status"]),
        amount=money,
        our_id=(answer.get("metadata") or {}).get(OUR_REFUND),
        cancel_reason=(answer.get("cancellation_details") or {}).get("reason"),
    )


def _about(answer: Json) -> ShopFacts:
    fiscalization = answer.get("fiscalization") or {}
    return ShopFacts(
        shop_id=_text(answer["account_id"]),
        enabled=answer["status"] == "enabled",
        test=_flag(answer["test"]),
        receipts=bool(fiscalization.get("enabled", answer.get("fiscalization_enabled", False))),
        methods=tuple(str(method) for method in answer.get("payment_methods") or ()),
    )


def _page(answer: Json) -> tuple[list[Json], str | None]:
    items = answer["items"]
    if not isinstance(items, list):
        raise ValueError("not a list")
    return [item for item in items if isinstance(item, dict)], answer.get("next_cursor")


def _readable(items: list[Json], read: Callable[[Json], T]) -> list[T]:
    """One that lacks what it must have does not hide the others."""
    found = []
    for item in items:
        try:
            found.append(read(item))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            log.warning("provider_item_unreadable", object_id=str(item.get("id"))[:64], error=repr(error)[:200])
    return found


def _facts(answer: Json) -> dict[str, str]:
    facts = answer.get("metadata") or {}
    return {name: value for name, value in facts.items() if isinstance(value, str)}


def _moment(value: object) -> datetime | None:
    """None where there is none that can be read: nothing hangs on it."""
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def _sent(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _money(amount: Json) -> Money:
    return Money.of_text(str(amount["value"]), _text(amount["currency"]))


def _text(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 64:
        raise ValueError("a field is missing or too long")
    return value


def _short(value: object, most: int) -> str | None:
    return value[:most] if isinstance(value, str) and value else None


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("a flag is missing")
    return value
