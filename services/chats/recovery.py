"""Answers whose worker has died, or that nobody will give: settled with what is known of them."""

from collections.abc import Set
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from db.base import AnyRow, JsonObject
from db.tables.chats import FinishReason
from db.tables.predictions import ErrorCode
from services.chats import claims, journal
from services.chats.claims import ClaimedAnswer
from services.chats.costs import estimated_tokens
from services.chats.journal import RequestOutcome
from services.chats.settle import AnswerOutcome, finish
from services.chats.visible import is_visible

log = structlog.get_logger()
PATIENCE: Final = timedelta(minutes=2)  # with an assistant that is not there, from the sale on


def recover(session: Session, now: datetime, mine: Set[UUID], only: UUID | None = None) -> int:
    """Answers whose lease has ended, but for those that this very worker still has. A request that was begun is never
    made again: what came of it is delivered, or all is paid back. Returns how many have ended."""
    ended = 0
    for row in claims.overdue(session, now):
        if row.id in mine or only not in {None, row.id}:
            continue
        requests = journal.begun(session, row.id)
        if not requests:
            claims.requeue(session, row.id, now)
            continue
        finish(session, [_lost(row, requests)], now)
        ended += 1
    if ended:
        log.warning("recovered_answers", count=ended)
    return ended


def give_up(session: Session, answer_id: UUID, problem: str, now: datetime) -> bool:
    """One that waits, or whose lease has ended, and of which nothing can be known: all is paid back. Whether it was
    such a one still."""
    row = claims.one_left(session, answer_id, now)
    if row is not None:
        outcome = AnswerOutcome(answer=ClaimedAnswer.of(row), error_code=ErrorCode.UNEXPECTED, error=problem)
        finish(session, [outcome], now)
    return row is not None


def refund_abandoned(session: Session, now: datetime) -> int:
    """Returns how many."""
    rows = claims.abandoned(session, now - PATIENCE)
    for row in rows:
        gone = "the assistant has left the shop, or its server is away"
        outcome = AnswerOutcome(answer=ClaimedAnswer.of(row), error_code=ErrorCode.MODEL_UNAVAILABLE, error=gone)
        finish(session, [outcome], now)
    return len(rows)


def _lost(row: AnyRow, requests: list[JsonObject]) -> AnswerOutcome:
    text = row.text or ""
    return AnswerOutcome(
        answer=ClaimedAnswer.of(row),
        text=text,
        finish=FinishReason.CUT if is_visible(text) else None,
        sent=_sent(requests[-1]),
        error_code=ErrorCode.RUN_LOST,
        error="the worker died",
        stopped=row.stop_requested_at is not None,
        first_token_at=row.first_token_at,
        request=RequestOutcome(attempt=len(requests), response={"text": text}, error="the worker died"),
    )


def _sent(request: JsonObject) -> int:
    """Tokens of a prompt, as estimated from what the journal has of it."""
    return estimated_tokens(str(each.get("content") or "") for each in request.get("messages") or ())
