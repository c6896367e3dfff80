"""What Telegram sends us, polled or pushed: each update is read by itself, handled, and then confirmed or not."""

import re
from enum import Enum
from functools import partial
from typing import Any, Final

import structlog
from aiogram import Bot, Dispatcher
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.enums import ContentType
from aiogram.exceptions import TelegramAPIError, TelegramRetryAfter
from aiogram.types import Message, Update
from prometheus_client import CollectorRegistry, Counter
from pydantic import ValidationError

from db.errors import DatabaseUnavailable
from handlers.telegram.client import PASSING
from handlers.telegram.lenient_json import clean, fields_of, read_leniently

log = structlog.get_logger()

KINDS: Final = tuple(name for name in Update.model_fields if name != "update_id")
ONLY_ONCE: Final = frozenset({"pre_checkout_query", "subscription", "stopped_message_generation"})
ONLY_ONCE_NOTES: Final = frozenset({"successful_payment", "refunded_payment"})  # in a message
CHARGE: Final = (
    "telegram_payment_charge_id",
    "provider_payment_charge_id",
    "invoice_payload",
    "currency",
    "total_amount",
)
CHARGE_CHARACTERS = 256


class UpdateOutcome(Enum):
    """What became of an update; only `DONE` ones may be confirmed to Telegram."""

    DONE = "done"
    LATER = "later"  # what it needs is away: it must come again
    FAILED = "failed"  # a bug, or a refusal: it should come again


class Inbox:
    """Gives updates to the dispatcher; counts in `registry` those that the types refused."""

    def __init__(self, bot: Bot, dispatcher: Dispatcher, registry: CollectorRegistry) -> None:
        self._bot = bot
        self._dispatcher = dispatcher
        self._refused = Counter(
            "kassandra_updates_refused",
            "Updates of Telegram that this version can read in part or not at all",
            ["kind", "read"],
            registry=registry,
        )

    async def take(self, raw: Any) -> UpdateOutcome:  # Any: JSON
        """Handle one update as Telegram wrote it. What cannot be read, or has no handler, is logged and done with."""
        update = self._read(raw)
        if update is None:
            return UpdateOutcome.DONE
        only_once = comes_only_once(raw)
        try:
            handled = await self._dispatcher.feed_update(self._bot, update, only_once=only_once)
        except Exception as error:
            if not only_once:
                raise
            return _failed(update, kind_of(raw), error)
        if handled is UNHANDLED:
            tell = log.warning if only_once else log.info
            tell("update_not_handled", update_id=update.update_id, kind=_name(update), **charge_of(raw))
        return UpdateOutcome.DONE

    def _read(self, raw: Any) -> Update | None:  # Any: JSON
        kind = kind_of(raw)
        update: Update | None = None
        try:
            parsed = read_leniently(clean(raw), partial(Update.model_validate, context={"bot": self._bot}))
            refused, update = parsed.refused, parsed.value
        except ValidationError as error:
            refused = fields_of(error)
        except RecursionError:
            refused = ("too deep",)
        if update is None or not _is_there(update, kind):
            self._refused.labels(kind=kind, read="no").inc()
            log.error("update_not_understood", update_id=id_of(raw), kind=kind, fields=refused, **charge_of(raw))
            return None
        if refused:
            self._refused.labels(kind=kind, read="in part").inc()
            log.warning("update_understood_in_part", update_id=id_of(raw), kind=kind, fields=refused, **charge_of(raw))
        return update


def _is_there(update: Update, kind: str) -> bool:
    """Whether what it is about was read, too: of a payment not only that somebody wrote something."""
    first, *rest = kind.split(".")
    found: Any = getattr(update, first, None) if first in KINDS else None  # Any: what the dotted name leads to
    for name in rest:
        found = getattr(found, name, None)
    return found is not None


def _name(update: Update) -> str:
    kind, event = update.event_type, update.event
    return f"{kind}.{ContentType(event.content_type).value}" if isinstance(event, Message) else kind


def id_of(raw: Any) -> int | None:  # Any: JSON
    """None where it has no number; a number written as a text is one."""
    match raw:
        case {"update_id": int(number)} if not isinstance(number, bool):
            return number
        case {"update_id": str(number)} if number.isdecimal() and len(number) < 20:
            return int(number)
    return None


def kind_of(raw: Any) -> str:  # Any: JSON
    """The name of the update's field, of one that bears money with the message's: `message.successful_payment`."""
    if not isinstance(raw, dict):
        return "not an update"
    kind = next((name for name in KINDS if raw.get(name) is not None), None) or _new_kind(raw)
    message = raw.get(kind)
    note = next((name for name in ONLY_ONCE_NOTES if name in message), "") if isinstance(message, dict) else ""
    return f"{kind}.{note}" if note else kind


def _new_kind(raw: dict[str, Any]) -> str:  # Any: JSON
    """The field of an update that is newer than the types."""
    names = (name for name in raw if name != "update_id" and re.fullmatch("[a-z_]{1,40}", name, re.ASCII))
    return next(names, "unknown")


def comes_only_once(raw: Any) -> bool:  # Any: JSON
    """Whether nobody will say it again: a customer who was not answered types once more, a payment does not."""
    kind, _, note = kind_of(raw).partition(".")
    return kind in ONLY_ONCE or (kind == "message" and bool(note))


def charge_of(raw: Any) -> dict[str, str | int]:  # Any: JSON
    """Of an update that comes only once: whose it is, and what tells its payment from all others, so that people can
    find it or give it back. None of it is a secret."""
    if not comes_only_once(raw):
        return {}
    kind, _, note = kind_of(raw).partition(".")
    event = raw[kind] if isinstance(raw[kind], dict) else {}
    charge = event[note] if note else event
    found = {name: charge.get(name) for name in CHARGE} if isinstance(charge, dict) else {}
    sender = event.get("from") or event.get("user")
    found["telegram_id"] = sender.get("id") if isinstance(sender, dict) else None
    return {name: _short(value) for name, value in found.items() if isinstance(value, str | int | float)}


def _short(value: str | float) -> str | int:
    return value if isinstance(value, int) else clean(str(value))[:CHARGE_CHARACTERS]


def _failed(update: Update, kind: str, error: Exception) -> UpdateOutcome:
    if isinstance(error, (DatabaseUnavailable, TelegramRetryAfter, *PASSING)):
        log.warning("update_comes_again", update_id=update.update_id, kind=kind, error=type(error).__name__)
        return UpdateOutcome.LATER
    if isinstance(error, TelegramAPIError):
        log.warning("update_refused", update_id=update.update_id, kind=kind, error=str(error))
        return UpdateOutcome.FAILED
    log.error("update_failed", update_id=update.update_id, kind=kind, exc_info=error)
    return UpdateOutcome.FAILED
