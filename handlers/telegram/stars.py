"""Telegram's Stars over the Bot API."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramRetryAfter, TelegramUnauthorizedError
from aiogram.methods import GetStarTransactions, TelegramMethod
from aiogram.types import LabeledPrice

from db.tables.currencies import Currency
from services.payments.providers.base import AmountRefused, NotAuthorized, ProviderError, Refused, ResultUnknown
from services.payments.providers.stars.gateway import PERIOD, StarInvoice, StarTransaction

T = TypeVar("T")
DONE: Final = ("CHARGE_ALREADY_REFUNDED",)
OVER: Final = ("SUBSCRIPTION_NOT_ACTIVE", "SUBSCRIPTION_EXPIRED", "CHARGE_NOT_FOUND")


class RawStarTransactions(TelegramMethod[dict[str, Any]]):
    """getStarTransactions as JSON: one of a kind that the types do not know is counted all the same."""

    __returning__ = dict[str, Any]  # Any: JSON
    __api_method__ = GetStarTransactions.__api_method__

    offset: int
    limit: int


class BotStars:
    """The gateway of one bot. Its refusals are told in Telegram's own words."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def invoice_link(self, invoice: StarInvoice) -> str:
        try:
            return await self._bot.create_invoice_link(
                title=invoice.title,
                description=invoice.description,
                payload=invoice.payload,
                currency=Currency.XTR,
                prices=[LabeledPrice(label=invoice.title, amount=invoice.stars)],
                subscription_period=PERIOD if invoice.subscription else None,
            )
        except AiogramError as error:
            raise _told(error) from error

    async def transactions(self, offset: int, limit: int) -> list[StarTransaction]:
        try:
            answer = await self._bot(RawStarTransactions(offset=offset, limit=limit))
        except AiogramError as error:
            raise _told(error) from error
        try:
            return [read_transaction(each) for each in answer["transactions"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ResultUnknown(code="bad_answer", detail=repr(error)) from error

    async def refund(self, person: int, charge_id: str) -> None:
        try:
            await self._bot.refund_star_payment(person, charge_id)
        except AiogramError as error:
            if not _says(error, DONE):
                raise _told(error) from error

    async def cancel_subscription(self, person: int, charge_id: str) -> None:
        try:
            await self._bot.edit_user_star_subscription(person, charge_id, is_canceled=True)
        except AiogramError as error:
            if not _says(error, OVER):
                raise _told(error) from error

    async def balance(self) -> int:
        try:
            return (await self._bot.get_my_star_balance()).amount
        except AiogramError as error:
            raise _told(error) from error


def read_transaction(raw: dict[str, Any]) -> StarTransaction:  # Any: JSON
    """Raises ValueError and its like where it lacks what it must have."""
    incoming = raw.get("source") is not None
    partner = raw.get("source") or raw.get("receiver") or {}
    of_invoice = partner.get("type") == "user" and partner.get("transaction_type", "invoice_payment") == (
        "invoice_payment"
    )
    payload = partner.get("invoice_payload")
    return StarTransaction(
        id=str(raw["id"]),
        stars=int(raw["amount"]),
        at=datetime.fromtimestamp(int(raw["date"]), UTC),
        incoming=incoming,
        person=int(partner["user"]["id"]) if of_invoice else None,
        payload=str(payload).replace("\x00", "") if of_invoice and payload is not None else None,
        subscription=partner.get("subscription_period") is not None,
    )


def _says(error: AiogramError, words: Iterable[str]) -> bool:
    return isinstance(error, TelegramBadRequest) and any(word in error.message.upper() for word in words)


def _told(error: AiogramError) -> ProviderError:
    """What a call that was not done means."""
    match error:
        case TelegramBadRequest():
            code = error.message.removeprefix("Bad Request: ")[:64]
            if "BALANCE" in code.upper():
                return Refused(code="insufficient_funds", detail=code)
            return (AmountRefused if "AMOUNT" in code.upper() else Refused)(code=code, detail=error.message)
        case TelegramUnauthorizedError():
            return NotAuthorized(code="unauthorized", detail=error.message)
        case TelegramRetryAfter():
            return ResultUnknown(code="too_many_requests", detail=error.message)
    return ResultUnknown(code=type(error).__name__, detail=str(error)[:200])
