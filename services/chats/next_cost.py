"""What the next message of a conversation costs at most: its history is sent, and paid for, each time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from services.chats import usage
from services.chats.context import window
from services.chats.costs import LEAST_ANSWER, estimated_tokens
from services.chats.rows import last_number, past_turns
from services.chats.terms import TermsOf, conversation_row, fixed_price

LONG: Final = 2_000  # tokens: a shorter history is not worth a word
USUAL_ANSWER: Final = 500  # tokens: half a page
DEAR: Final = 2  # times what a usual answer costs without any history


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCost:
    """`most`, in hundredths of a credit, besides what the message's own length costs; `dear`: a usual answer costs,
    by estimate, at least twice what it would without the history; `free_left`: answers that today still gives for
    nothing; `tokens`: that a plan has to have left to pay for it, besides the message."""

    most: int
    dear: bool
    free_left: int = 0
    tokens: int = 0


def next_cost(session: Session, session_id: UUID, user_id: int, terms_of: TermsOf, now: datetime) -> NextCost:
    """Where no message waits for its answer. Raises ChatSessionNotFound, and what `fixed_price` does."""
    chat = conversation_row(session, session_id, user_id)
    fixed, terms = fixed_price(chat), terms_of(chat)
    past = past_turns(session, session_id, before=last_number(session, session_id) + 1, most=terms.history)
    room = terms.context - terms.max_answer
    fits = window(past, system=terms.system, message="", budget=room, messages=terms.history)
    prices = terms.prices(fixed)
    least, history = estimated_tokens([terms.system]), sum(turn.estimate for turn in fits.turns)
    usual = min(USUAL_ANSWER, terms.max_answer)
    dear = prices.cost(least + history, usual) >= DEAR * max(1, prices.cost(least, usual))
    day, most_free = terms.limits.day(now), terms.free_answers
    mine = {"user_id": chat.user_id, "model_slug": chat.model_slug}
    return NextCost(
        most=prices.cost(fits.bound, terms.max_answer),
        tokens=fits.bound + min(LEAST_ANSWER, terms.max_answer),
        dear=dear and history >= LONG,
        free_left=usage.free_left(session, **mine, day=day, most=most_free) if most_free else 0,
    )
