"""What the next message of a conversation costs at most: its history is sent, and paid for, each time."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.chats import ChatSession
from services.chats.context import least_bound, window
from services.chats.orders import SaleTerms
from services.chats.rows import last_number, past_turns
from services.chats.submit import check_sale

_sessions = table_of(ChatSession)
DEAR: Final = 3  # times what a first message costs


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCost:
    """`most`, in hundredths of a credit, besides what the message's own length costs; `dear`: the history makes most of
    it."""

    most: int
    dear: bool


def next_cost(session: Session, session_id: UUID, terms: SaleTerms) -> NextCost:
    """Where no message waits for its answer. Raises what `check_sale` does."""
    past = past_turns(session, session_id, before=last_number(session, session_id) + 1, most=terms.history)
    room = terms.context - terms.max_answer
    fits = window(past, system=terms.system, message="", budget=room, messages=terms.history)
    chat = session.execute(select(_sessions).where(_sessions.c.id == session_id)).one()
    prices = terms.prices(check_sale(session, chat.user_id, chat))
    most = prices.cost(fits.bound, terms.max_answer)
    first = prices.cost(least_bound(terms.system, ""), terms.max_answer)
    return NextCost(most=most, dear=most >= DEAR * max(1, first))
