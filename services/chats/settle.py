"""The end of an answer: its text, what it costs, what comes back, and the message about it, in one transaction."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.chats import ChatSession, FinishReason, MessageStatus
from db.tables.predictions import ErrorCode
from services.billing import ledger
from services.chats import journal, usage
from services.chats.claims import ClaimedAnswer, is_held, pass_turn
from services.chats.costs import estimated_answer
from services.chats.journal import RequestOutcome
from services.chats.rows import messages
from services.chats.visible import is_visible
from services.chats.withdraw import give_back
from services.inference.chat import TokenUsage
from services.notifications import outbox
from services.notifications.kinds.chats import AnswerReady
from services.notifications.kinds.models import AnswerOverHold
from services.notifications.owners import tell_owners

log = structlog.get_logger()
_sessions = table_of(ChatSession)
LONGEST_ERROR: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOutcome:
    """How an answer ended. `text`: all that came; `sent`: tokens of the prompt, as estimated here; `usage`: as the
    provider measured them, where it did. Without visible text it failed for `error_code`, or was `stopped` before
    anything came. `request`: of the journal, None where none was begun."""

    answer: ClaimedAnswer
    text: str = ""
    finish: FinishReason | None = None
    usage: TokenUsage | None = None
    sent: int = 0
    error_code: ErrorCode | None = None
    error: str | None = None
    stopped: bool = False
    first_token_at: datetime | None = None
    request: RequestOutcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Tokens and price of what was delivered; `over`: the provider counted more than can be, which is what was held."""

    prompt: int
    completion: int
    price: int
    estimated: bool
    over: bool = False


def bill(outcome: AnswerOutcome) -> Bill:
    """Of an answer with visible text. Measured tokens win; the price is never more than what was held."""
    answer, measured = outcome.answer, outcome.usage
    prompt = min(outcome.sent, answer.prompt_budget) if measured is None else measured.prompt
    completion = min(estimated_answer(outcome.text), answer.limit) if measured is None else measured.completion
    cost = answer.prices.cost(prompt, completion)
    return Bill(
        prompt=prompt,
        completion=completion,
        price=0 if answer.free else min(cost, answer.hold),
        estimated=measured is None,
        over=cost > answer.prices.cost(answer.prompt_budget, answer.limit),
    )


def settle(
    session: Session, outcome: AnswerOutcome, worker: str, now: datetime, *, owners: Collection[int] = ()
) -> bool:
    """Whether it was still this worker's; else it is left to whoever has it. `owners`: Telegram ids of those to tell
    where the provider counted more than can be."""
    if not is_held(session, outcome.answer, worker):
        log.warning("answer_of_another", answer_id=str(outcome.answer.id))
        return False
    if is_visible(outcome.text) and (due := bill(outcome)).over:
        _tell_of_loss(session, outcome.answer, due, owners, now)
    finish(session, outcome, now)
    return True


def _tell_of_loss(session: Session, answer: ClaimedAnswer, due: Bill, owners: Collection[int], now: datetime) -> None:
    log.error(
        "answer_over_its_hold",
        answer_id=str(answer.id),
        model=answer.model_slug,
        prompt=due.prompt,
        completion=due.completion,
        limit=answer.limit,
    )
    counted = f"{due.prompt} + {due.completion} > {answer.prompt_budget} + {answer.limit}"
    tell_owners(session, owners, AnswerOverHold(slug=answer.model_slug, problem=counted, day=answer.day), now=now)


def finish(session: Session, outcome: AnswerOutcome, now: datetime) -> None:
    """The same for a row that the transaction has locked."""
    answer = outcome.answer
    deleted = _is_deleted(session, answer)
    if outcome.request is not None:
        journal.end(session, answer.id, outcome.request, now)
        if deleted:
            journal.forget(session, answer.id)
    if is_visible(outcome.text):
        _deliver(session, outcome, now, deleted=deleted)
    else:
        _fail(session, outcome, now)
    pass_turn(session, answer.user_id, now)
    outbox.put(session, AnswerReady(message_id=answer.id), user_id=answer.user_id, now=now)


def _deliver(session: Session, outcome: AnswerOutcome, now: datetime, *, deleted: bool) -> None:
    answer, due = outcome.answer, bill(outcome)
    _write(
        session,
        outcome,
        now,
        status=MessageStatus.SUCCEEDED,
        text=None if deleted else outcome.text,
        price=due.price,
        prompt_tokens=due.prompt,
        completion_tokens=due.completion,
        estimated=due.estimated,
        finish=outcome.finish or FinishReason.OTHER,
    )
    if answer.hold > due.price:
        back = answer.hold - due.price
        ledger.charge_return(session, message_id=answer.id, amount=back, now=now)
    usage.note_usage(
        session,
        user_id=answer.user_id,
        model_slug=answer.model_slug,
        day=answer.day,
        prompt_tokens=due.prompt,
        completion_tokens=due.completion,
    )


_deleted = select(_sessions.c.deleted_at).where(_sessions.c.id == bindparam("chat"))


def _is_deleted(session: Session, answer: ClaimedAnswer) -> bool:
    """Its conversation, while it was given: nothing of it is kept."""
    return session.connection().execute(_deleted, {"chat": answer.session_id}).scalar() is not None


def _fail(session: Session, outcome: AnswerOutcome, now: datetime) -> None:
    """Nothing visible came: nothing is paid, whatever the provider bills."""
    status = MessageStatus.CANCELED if outcome.stopped else MessageStatus.FAILED
    code = None if outcome.stopped else outcome.error_code or ErrorCode.EMPTY_ANSWER
    error = outcome.error and outcome.error[:LONGEST_ERROR]
    _write(session, outcome, now, status=status, text=None, price=0, error_code=code, error=error)
    give_back(session, outcome.answer, now)


def _write(session: Session, outcome: AnswerOutcome, now: datetime, **values: object) -> None:
    ended = {"finished_at": now, "leased_until": None, "leased_by": None, "first_token_at": outcome.first_token_at}
    session.execute(update(messages).where(messages.c.id == outcome.answer.id).values(**ended, **values))
