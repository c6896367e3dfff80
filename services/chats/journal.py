"""Requests to providers: written before they are sent, so that nothing is asked twice, and for owners to look at."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.tables.chats import AiRequest

STOPPED: Final = "stopped"
"""The error of a request that its customer ended."""

_requests = table_of(AiRequest)
_of_message = select(_requests).where(_requests.c.message_id == bindparam("message")).order_by(_requests.c.attempt)
_end = update(_requests).where(
    _requests.c.message_id == bindparam("message"), _requests.c.attempt == bindparam("number")
)

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


def begin(session: Session, message_id: UUID, request: JsonObject, *, attempt: int, now: datetime) -> None:
    row = {"id": uuid4(), "message_id": message_id, "attempt": attempt, "request": request, "created_at": now}
    session.execute(insert(_requests), row)


def follow(
    session: Session, message_id: UUID, before: RequestOutcome, request: JsonObject, *, attempt: int, now: datetime
) -> None:
    """One ended without an answer, and another one is made."""
    end(session, message_id, before, now)
    begin(session, message_id, request, attempt=attempt, now=now)


def end(session: Session, message_id: UUID, outcome: RequestOutcome, now: datetime) -> None:
    values = {
        "response": outcome.response,
        "response_time_ms": outcome.response_ms,
        "first_token_ms": outcome.first_token_ms,
        "status_code": outcome.status_code,
        "error": outcome.error and outcome.error[:255],
        "finished_at": now,
    }
    session.execute(_end.values(**values), {"message": message_id, "number": outcome.attempt})


def forget(session: Session, message_id: UUID) -> None:
    """Its payloads, for the conversation was deleted meanwhile."""
    session.execute(_forget, {"message": message_id})


def next_attempt(session: Session, message_id: UUID) -> int:
    """Its number among the requests of an answer, from 1."""
    return len(session.execute(_of_message, {"message": message_id}).all()) + 1


def begun(session: Session, message_id: UUID) -> list[JsonObject]:
    """The requests that were begun for an answer, in their order; empty ones have lost their payload."""
    rows = session.execute(_of_message, {"message": message_id})
    return [row.request or {} for row in rows]
