"""What YooKassa says of its payments and refunds. The readers raise AttributeError, KeyError, TypeError or ValueError
where something lacks what it must have."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import structlog

from services.money import Money
from services.payments.providers.base import RemoteMethod, RemotePayment, RemoteRefund
from services.payments.providers.yookassa.requests import OUR_PAYMENT, OUR_REFUND, Json

log = structlog.get_logger()
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFacts:
    """The shop as YooKassa has it; `receipts`: it sends them through YooKassa."""

    shop_id: str
    enabled: bool
    test: bool
    receipts: bool
    methods: tuple[str, ...]


def payment_of(answer: Json) -> RemotePayment:
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


def refund_of(answer: Json) -> RemoteRefund:
    money = _money(answer["amount"])
    return RemoteRefund(
        id=_text(answer["id"]),
        payment_id=_text(answer["payment_id"]),
        status=_text(answer["status"]),
        amount=money,
        our_id=(answer.get("metadata") or {}).get(OUR_REFUND),
        cancel_reason=(answer.get("cancellation_details") or {}).get("reason"),
    )


def about_of(answer: Json) -> ShopFacts:
    fiscalization = answer.get("fiscalization") or {}
    return ShopFacts(
        shop_id=_text(answer["account_id"]),
        enabled=answer["status"] == "enabled",
        test=_flag(answer["test"]),
        receipts=bool(fiscalization.get("enabled", answer.get("fiscalization_enabled", False))),
        methods=tuple(str(method) for method in answer.get("payment_methods") or ()),
    )


def page_of(answer: Json) -> tuple[list[Json], str | None]:
    items = answer["items"]
    if not isinstance(items, list):
        raise ValueError("not a list")
    return [item for item in items if isinstance(item, dict)], answer.get("next_cursor")


def readable(items: list[Json], read: Callable[[Json], T]) -> list[T]:
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
