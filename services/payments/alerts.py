"""Trouble with money that only people can mend, told to them through the outbox; the same trouble once."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import JsonObject, table_of
from db.users import User
from services import outbox
from services.payments.terms import Terms

log = structlog.get_logger()

_users = table_of(User)
KIND = "payment_problem"


class Problem(StrEnum):
    OFF = "off"
    """The shop has no provider; `detail` says which setting is missing."""
    NOT_AUTHORIZED = "not_authorized"
    """The provider does not take the shop's id or key."""
    PAYMENT_MISMATCH = "payment_mismatch"
    """A payment is not at the provider what it is in our books; nothing was credited."""
    REFUND_MISMATCH = "refund_mismatch"
    """The same of a refund; no credits were taken."""
    REFUND_UNKNOWN = "refund_unknown"
    """Nobody answered a refund for a day and it may have been made: the provider's cabinet knows."""
    REFUND_FAILED = "refund_failed"
    """The provider refused, later, a refund that somebody here began."""
    UNCOLLECTED = "uncollected"
    """A refund from the provider's cabinet found its credits spent."""


def tell(
    session: Session,
    people: Sequence[int],
    problem: Problem,
    *,
    about: str,
    now: datetime,
    detail: str = "",
    payment_id: str | None = None,
) -> None:
    """Part of a caller's transaction. `people`: Telegram ids; those who have never opened the bot are not reached.
    `about`: what the trouble is with; one message for each."""
    payload: JsonObject = {"problem": problem, "detail": detail[:300], "payment_id": payment_id}
    known = select(_users.c.id).where(_users.c.telegram_id.in_(people)).order_by(_users.c.id)
    for user_id in session.scalars(known).all() if people else ():
        key = f"{KIND}:{problem}:{about}:{user_id}"
        outbox.enqueue(session, user_id=user_id, kind=KIND, payload=payload, key=key, now=now)


def not_authorized(session: Session, terms: Terms, now: datetime, *, code: str) -> None:
    """Once a day: until it is mended nobody can pay."""
    log.error("payments_not_authorized", code=code, shop_id=terms.shop_id)
    about = f"{terms.shop_id}:{now:%Y-%m-%d}"
    tell(session, terms.owners, Problem.NOT_AUTHORIZED, about=about, detail=code, now=now)
