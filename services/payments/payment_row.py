"""The one place where a payment's row is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Executable
from sqlalchemy.orm import Session

from db.base import JsonObject
from db.tables.payments import PaymentStatus
from db.upsert import insert_of
from services.money import Money
from services.notifications.message_ref import MessageRef, message_columns
from services.payments.queries import payments

FIRST_CHECK = timedelta(seconds=45)  # the call itself has ended by then
MOST_SIGNS: Final = 128  # of a description, at every provider
PAYABLE_FOR: Final = timedelta(hours=1)  # as YooKassa's own links


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a payment is for. `receipt`: in Russian, as the law wants it; `shown`: in the customer's language, on the
    page where they pay."""

    receipt: str
    shown: str | None

    @classmethod
    def of(cls, words: Mapping[str, str], language: str, fill: Callable[[str, str], str]) -> "Description":
        """`words`: a sentence by language, that of people of other languages among them in English; `fill` gives it,
        with its language, what it leaves open."""
        shown = language if language in words else "en"
        receipt, page = (fill(words[each], each)[:MOST_SIGNS] for each in ("ru", shown))
        return cls(receipt=receipt, shown=page)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    """Columns of db.tables.payments, as they begin. `created_at`: None for now."""

    id: UUID
    user_id: int
    provider: str
    provider_shop_id: str | None
    test: bool
    amount: Money
    credits: int
    description: Description
    valid_days: int | None = None
    package_id: int | None = None
    plan_id: int | None = None
    subscription_id: UUID | None = None
    period_number: int | None = None
    method_id: UUID | None = None
    consent: JsonObject | None = None
    receipt_email: str | None = None
    return_url: str = ""
    shown_in: MessageRef | None = None
    deadline_at: datetime | None = None
    next_check_at: datetime | None = None
    status: PaymentStatus = PaymentStatus.PENDING
    cancel_reason: str | None = None
    provider_payment_id: str | None = None
    charge_id: str | None = None
    confirmation_url: str | None = None
    created_at: datetime | None = None
    adopted_at: datetime | None = None


_OTHERS: Final = {"amount", "description", "shown_in", "created_at"}
_PLAIN: Final = tuple(field.name for field in fields(NewRow) if field.name not in _OTHERS)


def first_check(now: datetime) -> datetime:
    """When the provider is asked for it, or for a refund, first, if nothing is heard before."""
    return now + FIRST_CHECK


def insert_payment(session: Session, new: NewRow, now: datetime) -> None:
    """Where it is there already, or another one is that excludes it, nothing happens."""
    row: dict[str, Any] = {name: getattr(new, name) for name in _PLAIN}  # Any: the columns' values
    row |= {"amount_kopecks": new.amount.minor, "currency": new.amount.currency, **message_columns(new.shown_in)}
    row |= {"description": new.description.receipt, "provider_text": new.description.shown}
    row |= {"checks": 0, "created_at": new.created_at or now, "updated_at": now}
    session.connection().execute(_adding(session.get_bind().dialect.name), row)


@cache  # building and hashing a statement costs more than SQLite takes to run it
def _adding(dialect: str) -> Executable:
    return insert_of(dialect)(payments).on_conflict_do_nothing()
