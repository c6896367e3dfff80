"""Requests to providers: written before they are sent, so that nothing is asked twice, and for owners to look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.tables.chats import AiRequest
from services.notifications.outbox import short

STOPPED: Final = "stopped"
"""The error of a request that its customer ended."""
SHOP_ENDED: Final = "the shop was stopped"
"""And of one that was cut short with the process."""

_requests = table_of(AiRequest)
_of_message = select(_requests).where(_requests.c.message_id == bindparam("message")).order_by(_requests.c.attempt)
_end = (
    update(_requests)
    .where(_requests.c.message_id == bindparam("message"), _requests.c.attempt == bindparam("number"))
    .values(
        response=bindparam("response"),
        response_time_ms=bindparam("response_time_ms"),
        first_token_ms=bindparam("first_token_ms"),
        status_code=bindparam("status_code"),
        error=bindparam("error"),
        finished_at=bindparam("finished_at"),
    )
)
_begin = insert(_requests)
_forget = update(_requests).where(_requests.c.message_id == bindparam("message")).values(request=None, response=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestOutcome:
    """What came of the request number `attempt` of an answer; times in milliseconds."""

    attempt: int
    response: JsonObject | None = None
    response_ms: int | None = None
    first_token_ms: int | None = None
    status_code: int | None = None
    error: str | None = None


def begin(session: Session, requests: Mapping[UUID, JsonObject], *, attempt: int, now: datetime) -> None:
    """`requests`: by answer; `attempt` counts from 1."""
    rows = [
        {"id": uuid4(), "message_id": message_id, "attempt": attempt, "request": request, "created_at": now}
        for message_id, request in requests.items()
    ]
    if rows:
        session.connection().execute(_begin, rows)


def follow(
    session: Session, message_id: UUID, before: RequestOutcome, request: JsonObject, *, attempt: int, now: datetime
) -> None:
    """One ended without an answer, and another one is made."""
    end(session, {message_id: before}, now)
    begin(session, {message_id: request}, attempt=attempt, now=now)


def end(session: Session, ended: Mapping[UUID, RequestOutcome], now: datetime) -> None:
    """`ended`: by answer."""
    rows = [
        {
            "message": message_id,
            "number": outcome.attempt,
            "response": outcome.response,
            "response_time_ms": outcome.response_ms,
            "first_token_ms": outcome.first_token_ms,
            "status_code": outcome.status_code,
            "error": outcome.error and short(outcome.error),
            "finished_at": now,
        }
        for message_id, outcome in ended.items()
    ]
    if rows:
        session.connection().execute(_end, rows)


def forget(session: Session, message_id: UUID) -> None:
    """Its payloads, for the conversation was deleted meanwhile."""
    session.execute(_forget, {"message": message_id})


def begun(session: Session, message_id: UUID) -> list[JsonObject]:
    """The requests that were begun for an answer, in their order; empty ones have lost their payload."""
    rows = session.execute(_of_message, {"message": message_id})
    return [row.request or {} for row in rows]
