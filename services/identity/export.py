"""All that the shop keeps of somebody, for themselves, as one JSON document. It is written section by section: neither
the shop's memory nor a transaction holds all of it."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import date
from enum import Enum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Table, select
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.billing import Transaction
from db.tables.chats import ChatMessage, ChatSession
from db.tables.forecasts import Forecast, ForecastOutcome
from db.tables.identities import AccountMerge, ApiKey, EmailLogin, WebSession
from db.tables.market import FavouriteInstrument
from db.tables.payments import Payment, Refund
from db.tables.predictions import File, Prediction
from db.tables.scorings import Scoring
from db.tables.users import AuditEntry, User
from db.tables.webhooks import WebhookEndpoint
from services.clock import Clock
from services.coordination.base import Coordination
from services.errors import N_, ShopError
from services.identity.sessions import SignedIn

TIMES: Final = 5  # an hour
AT_ONCE: Final = 100  # rows
NOTES: Final = {
    "credits": "in hundredths of a credit",
    "money": "in kopecks, or whole Stars",
    "files": "each is at /api/v1/files/<id>",
}

_users, _merges, _payments = table_of(User), table_of(AccountMerge), table_of(Payment)
_predictions, _forecasts = table_of(Prediction), table_of(Forecast)
SECTIONS: Final[dict[str, tuple[Table, str]]] = {
    "email_login": (table_of(EmailLogin), "address unconfirmed_address password_changed_at created_at"),
    "sessions": (table_of(WebSession), "kind address agent created_at seen_at expires_at second_factor_at"),
    "api_keys": (table_of(ApiKey), "title last_four scopes created_at expires_at last_used_at revoked_at"),
    "webhooks": (table_of(WebhookEndpoint), "url events created_at disabled_at"),
    "operations": (
        table_of(Transaction),
        "id kind amount balance_after prediction_id message_id scoring_id payment_id comment created_at",
    ),
    "payments": (
        _payments,
        "id status amount_kopecks currency credits description receipt_email created_at paid_at",
    ),
    "refunds": (table_of(Refund), "id payment_id status amount_kopecks currency credits_taken reason created_at"),
    "predictions": (
        _predictions,
        "id model_slug model_version inputs result status error_code price created_at finished_at",
    ),
    "forecasts": (
        _forecasts,
        "id prediction_id model_slug model_version symbol name exchange last_day last_close horizon said made_at",
    ),
    "outcomes": (
        table_of(ForecastOutcome),
        "forecast_id name event measure stated came observed score until void judged_at",
    ),
    "tables": (
        table_of(Scoring),
        "id model_slug model_version status source columns all_rows bad_rows done_rows failed_rows price source_file_id"
        " result_file_id created_at finished_at",
    ),
    "files": (table_of(File), "id prediction_id kind media_type size created_at"),
    "conversations": (table_of(ChatSession), "id model_slug title started_at last_message_at deleted_at"),
    "messages": (table_of(ChatMessage), "id session_id number sender text pictures voice status price created_at"),
    "favourite_papers": (table_of(FavouriteInstrument), "provider symbol name exchange used_at"),
    "audit_log": (table_of(AuditEntry), "action edge subject before after reason created_at"),
}
"""By the name in the document: what of which table."""
PROFILE: Final = (
    "id telegram_id username first_name language email gender age balance bonus_muted outcomes_muted created_at"
    " last_seen_at"
)


class TooManyExports(ShopError):
    message = N_("You have taken several copies just now. Please try again in an hour.")


class AccountExport:
    def __init__(self, db: Database, clock: Clock, coordination: Coordination) -> None:
        self._db, self._clock, self._coordination = db, clock, coordination

    async def begin(self, who: SignedIn) -> AsyncIterator[bytes]:
        """The document, piece by piece. Raises `ProveAgain`, `TooManyExports`."""
        who.require_fresh(self._clock())
        user_id = who.user.id
        if not await self._coordination.allow(f"export:{user_id}", times=TIMES, seconds=3600):
            raise TooManyExports(user_id=user_id)
        return self._write(user_id)

    async def _write(self, user_id: int) -> AsyncIterator[bytes]:
        profile, owners = await self._db.read(_begin, user_id)
        head = {"made_at": self._clock(), "notes": NOTES, "profile": profile}
        yield _json(head)[:-1].encode()
        for name, (table, columns) in SECTIONS.items():
            yield f', "{name}": ['.encode()
            first, ids = True, await self._db.read(_ids, table, owners)
            for at in range(0, len(ids), AT_ONCE):
                rows = await self._db.read(_rows, table, columns.split(), ids[at : at + AT_ONCE])
                text = ", ".join(_json(row) for row in rows)
                yield (text if first or not text else f", {text}").encode()
                first = first and not text
            yield b"]"
        yield b"}"


def _begin(session: Session, user_id: int) -> tuple[dict[str, Any], Sequence[int]]:  # Any: columns' values
    """The profile, and whose rows are theirs: also those of accounts that became part of this one."""
    columns = [_users.c[name] for name in PROFILE.split()]
    row = session.execute(select(*columns).where(_users.c.id == user_id)).one()
    merged = session.scalars(select(_merges.c.from_user_id).where(_merges.c.into_user_id == user_id))
    return dict(row._mapping), [user_id, *merged]


def _ids(session: Session, table: Table, owners: Sequence[int]) -> list[Any]:  # Any: numbers or UUIDs
    key = _key_of(table)
    times = ("created_at", "started_at", "used_at", "made_at", "judged_at")
    order = table.c[next(name for name in times if name in table.c)]
    return list(session.scalars(select(key).where(_theirs(table, owners)).order_by(order, key)))


def _theirs(table: Table, owners: Sequence[int]) -> ColumnElement[bool]:
    if table.name == AuditEntry.__tablename__:
        return table.c.target_user_id.in_(owners)
    if table.name == Refund.__tablename__:
        return table.c.payment_id.in_(select(_payments.c.id).where(_payments.c.user_id.in_(owners)))
    theirs = _forecasts.c.prediction_id.in_(select(_predictions.c.id).where(_predictions.c.user_id.in_(owners)))
    if table.name == ForecastOutcome.__tablename__:
        return table.c.forecast_id.in_(select(_forecasts.c.id).where(theirs))
    if table.name == Forecast.__tablename__:
        return theirs
    return table.c.user_id.in_(owners)


def _rows(session: Session, table: Table, columns: Sequence[str], ids: Sequence[Any]) -> list[dict[str, Any]]:
    """In the order of `ids`; those that have gone meanwhile are left out. Any: ids and columns' values."""
    key = _key_of(table)
    wanted = select(key.label("row_key"), *(table.c[name] for name in columns)).where(key.in_(ids))
    found: dict[Any, AnyRow] = {row.row_key: row for row in session.execute(wanted)}
    return [{name: found[each]._mapping[name] for name in columns} for each in ids if each in found]


def _key_of(table: Table) -> ColumnElement[Any]:  # Any: as above
    (key,) = table.primary_key.columns
    return key


def _json(value: Any) -> str:  # Any: what JSON is made of
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: object) -> str:
    match value:
        case date():
            return value.isoformat()
        case UUID() | Enum():
            return str(value)
    raise TypeError(f"no JSON for {type(value)}")
