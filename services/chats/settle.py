"""The end of an answer: its text, what it costs, what comes back, and the message about it, in one transaction."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.chats import ChatSession, FinishReason, MessageStatus
from db.tables.predictions import ErrorCode
from services.billing.returns import Rest, give_back_rests
from services.chats import claims, journal, usage
from services.chats.claims import ClaimedAnswer
from services.chats.costs import estimated_answer
from services.chats.journal import RequestOutcome
from services.chats.rows import messages
from services.chats.visible import is_visible
from services.chats.withdraw import return_place
from services.inference.chat import TokenUsage
from services.notifications import outbox
from services.notifications.kinds.chats import AnswerReady
from services.notifications.kinds.models import AnswerOverHold
from services.notifications.owners import tell_owners
from services.plans.allowances import settle_answer

log = structlog.get_logger()
_sessions = table_of(ChatSession)

SLACK: Final = 1_000  # tokens beyond what can be that are believed: servers have prompts and thoughts of their own


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerOutcome:
    """How an answer ended. `text`: all that came; `sent`: tokens of the prompt, as estimated here; `usage`: as the
    provider measured them, where it did. Without visible text it failed for `error_code`, or was `stopped` before
    anything came. `request`: of the journal, None where none was begun; `shortened`: older messages were left out."""

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
    shortened: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """Tokens and price of what was delivered; `over`: the provider counted more than was held for."""

    prompt: int
    completion: int
    price: int
    estimated: bool
    over: bool = False


def bill(outcome: AnswerOutcome) -> Bill:
    """Of an answer with visible text. Measured tokens win where they can be true, and no more of them count than were
    held for, which bounds the price. Of what broke off the fixed price is paid in part; who stops an answer has had
    what is sold for it."""
    answer, told = outcome.answer, outcome.usage
    measured = told if told is not None and _can_be(told, answer) else None
    prompt = min(outcome.sent if measured is None else measured.prompt, answer.prompt_budget)
    completion = min(estimated_answer(outcome.text) if measured is None else measured.completion, answer.limit)
    prices = answer.prices.of_cut(completion, answer.limit) if outcome.finish is FinishReason.CUT else answer.prices
    return Bill(
        prompt=prompt,
        completion=completion,
        price=0 if answer.free else min(prices.cost(prompt, completion), answer.hold),
        estimated=measured is None,
        over=told is not None
        and (measured is None or answer.prices.cost(told.prompt, told.completion) > _most(answer)),
    )


def _can_be(usage: TokenUsage, answer: ClaimedAnswer) -> bool:
    return usage.prompt <= answer.prompt_budget + SLACK and usage.completion <= answer.limit + SLACK


def _most(answer: ClaimedAnswer) -> int:
    return answer.prices.cost(answer.prompt_budget, answer.limit)


def settle(
    session: Session, outcomes: Sequence[AnswerOutcome], worker: str, now: datetime, *, owners: Collection[int] = ()
) -> None:
    """What is no longer this worker's is left to whoever has it. `owners`: Telegram ids of those to tell where the
    provider counted more than can be."""
    held = claims.held(session, [outcome.answer.id for outcome in outcomes], worker)
    mine = [outcome for outcome in outcomes if held.get(outcome.answer.id) == outcome.answer.attempts]
    for outcome in outcomes:
        if held.get(outcome.answer.id) != outcome.answer.attempts:
            log.warning("answer_of_another", answer_id=str(outcome.answer.id))
        elif outcome.usage is not None and is_visible(outcome.text) and bill(outcome).over:
            _tell_of_loss(session, outcome.answer, outcome.usage, owners, now)
    finish(session, mine, now)


def _tell_of_loss(
    session: Session, answer: ClaimedAnswer, told: TokenUsage, owners: Collection[int], now: datetime
) -> None:
    log.error(
        "answer_over_its_hold",
        answer_id=str(answer.id),
        model=answer.model_slug,
        prompt=told.prompt,
        completion=told.completion,
        limit=answer.limit,
    )
    counted = f"{told.prompt} + {told.completion} > {answer.prompt_budget} + {answer.limit}"
    tell_owners(session, owners, AnswerOverHold(slug=answer.model_slug, problem=counted, day=answer.day), now=now)


def finish(session: Session, outcomes: Sequence[AnswerOutcome], now: datetime) -> None:
    """The same for rows that the transaction has locked."""
    if not outcomes:
        return
    outcomes = sorted(outcomes, key=lambda each: each.answer.user_id)  # users are locked in one order
    chats = _chats_of(session, outcomes)
    deleted = {chat.id for chat in chats if chat.deleted_at is not None}
    journal.end(session, {each.answer.id: each.request for each in outcomes if each.request is not None}, now)
    for outcome in outcomes:
        if outcome.answer.session_id in deleted:
            journal.forget(session, outcome.answer.id)
    billed = [(each, bill(each) if is_visible(each.text) else None) for each in outcomes]
    rows = [_finished(each, due, now, deleted=each.answer.session_id in deleted) for each, due in billed]
    session.connection().execute(_finish, rows)
    told = [each for each, due in billed if due is not None and each.shortened]
    _note_shortened(session, told, {chat.id for chat in chats if chat.shortened_at is None}, now)
    claims.pass_turns(session, {each.answer.user_id for each in outcomes}, now)
    _give_back_rests(session, billed, now)
    usage.note_answers(session, [_used(each.answer, due) for each, due in billed if due is not None])
    news = [(each.answer.user_id, AnswerReady(message_id=each.answer.id)) for each in outcomes]
    outbox.put_many(session, news, now)


_chats = select(_sessions.c.id, _sessions.c.deleted_at, _sessions.c.shortened_at).where(
    _sessions.c.id.in_(bindparam("chats", expanding=True))
)
_finish = (
    update(messages)
    .where(messages.c.id == bindparam("answer"))
    .values(
        status=bindparam("status"),
        text=bindparam("text"),
        price=bindparam("price"),
        prompt_tokens=bindparam("prompt_tokens"),
        completion_tokens=bindparam("completion_tokens"),
        estimated=bindparam("estimated"),
        finish=bindparam("finish"),
        error_code=bindparam("error_code"),
        error=bindparam("error"),
        first_token_at=bindparam("first_token_at"),
        finished_at=bindparam("finished_at"),
        leased_until=None,
        leased_by=None,
    )
)


def _chats_of(session: Session, outcomes: Sequence[AnswerOutcome]) -> Sequence[AnyRow]:
    """Of those that were deleted while an answer was given nothing is kept."""
    chats = {outcome.answer.session_id for outcome in outcomes}
    return session.connection().execute(_chats, {"chats": list(chats)}).all()


def _note_shortened(session: Session, outcomes: Sequence[AnswerOutcome], untold: set[UUID], now: datetime) -> None:
    """The first answer that comes without older messages, as these do, tells of it. `untold`: conversations that had
    none."""
    first = {each.answer.session_id: each for each in outcomes}
    for session_id, outcome in first.items():
        if session_id in untold:
            session.execute(update(_sessions).where(_sessions.c.id == session_id).values(shortened_at=now))
            session.execute(update(messages).where(messages.c.id == outcome.answer.id).values(shortened=True))


def _finished(outcome: AnswerOutcome, due: Bill | None, now: datetime, *, deleted: bool) -> dict[str, object]:
    """The row's values. Where nothing visible came (`due` is None) nothing is paid, whatever the provider bills."""
    ended = {"answer": outcome.answer.id, "finished_at": now, "first_token_at": outcome.first_token_at}
    if due is not None:
        return ended | {
            "status": MessageStatus.SUCCEEDED,
            "text": None if deleted else outcome.text,
            "price": due.price,
            "prompt_tokens": due.prompt,
            "completion_tokens": due.completion,
            "estimated": due.estimated,
            "finish": outcome.finish or FinishReason.OTHER,
            "error_code": None,
            "error": None,
        }
    nothing = dict.fromkeys(("text", "prompt_tokens", "completion_tokens", "finish"))
    return (
        ended
        | nothing
        | {
            "status": MessageStatus.CANCELED if outcome.stopped else MessageStatus.FAILED,
            "price": 0,
            "estimated": False,
            "error_code": None if outcome.stopped else outcome.error_code or ErrorCode.EMPTY_ANSWER,
            "error": outcome.error and outbox.short(outcome.error),
        }
    )


def _give_back_rests(session: Session, billed: Sequence[tuple[AnswerOutcome, Bill | None]], now: datetime) -> None:
    """Of what was held, what the answers did not cost; of the days' allowances, the places of those that were none."""
    rests = []
    for outcome, due in billed:
        answer = outcome.answer
        if answer.hold and (due is None or answer.hold > due.price):
            back = None if due is None else answer.hold - due.price
            rests.append(Rest(user_id=answer.user_id, message_id=answer.id, amount=back))
    give_back_rests(session, rests, now)
    for outcome, due in billed:
        if due is None and outcome.answer.free:
            return_place(session, outcome.answer)
        elif not outcome.answer.free and not outcome.answer.hold:
            settle_answer(session, outcome.answer.id, None if due is None else due.prompt + due.completion)


def _used(answer: ClaimedAnswer, due: Bill) -> usage.UsedTokens:
    return usage.UsedTokens(
        user_id=answer.user_id,
        day=answer.day,
        model_slug=answer.model_slug,
        prompt=due.prompt,
        completion=due.completion,
    )
