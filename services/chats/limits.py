"""How much of a shop's assistants one customer may use, so that one does not use them up for all."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from db.base import constant
from db.tables.chats import Sender
from services.chats import usage
from services.chats.rows import messages
from services.errors import N_, ShopError

MINUTE: Final = timedelta(minutes=1)


class TooManyMessages(ShopError):
    """`seconds` until the next one is taken."""

    message = N_("That was a lot at once. The next message will be taken in {seconds} s.")

    def __init__(self, *, seconds: int) -> None:
        super().__init__(seconds=seconds)
        self.seconds = seconds


class TokensUsedUp(ShopError):
    """`until`: when the next day of the shop's time zone begins."""

    message = N_("You have talked as much today as one customer may. It goes on tomorrow, from midnight.")

    def __init__(self, *, until: datetime) -> None:
        super().__init__()
        self.until = until


class AllowanceUsedUp(ShopError):
    """The free answers of the day are given, and the assistant sells no others."""

    message = N_("You have had today's free answers. There will be new ones tomorrow, from midnight.")

    def __init__(self, *, until: datetime) -> None:
        super().__init__()
        self.until = until


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLimits:
    """Of one customer, over all assistants. Days are those of `zone`; 0 tokens: no limit."""

    messages_a_minute: int
    tokens_a_day: int
    zone: ZoneInfo

    def day(self, now: datetime) -> date:
        return now.astimezone(self.zone).date()

    def next_day(self, now: datetime) -> datetime:
        """When the day after `now` begins."""
        return datetime.combine(self.day(now) + timedelta(days=1), time(), tzinfo=self.zone)


_latest = select(func.count(), func.min(messages.c.created_at)).where(
    messages.c.user_id == bindparam("user"),
    # What was sold: another answer to the same message counts, too.
    messages.c.sender == constant(Sender.ASSISTANT),
    messages.c.created_at > bindparam("since", type_=messages.c.created_at.type),
)


def check(session: Session, limits: ChatLimits, *, user_id: int, now: datetime) -> None:
    """Raises TooManyMessages, TokensUsedUp."""
    count, oldest = session.connection().execute(_latest, {"user": user_id, "since": now - MINUTE}).one()
    if count >= limits.messages_a_minute:
        raise TooManyMessages(seconds=max(1, round((oldest + MINUTE - now).total_seconds())))
    if not limits.tokens_a_day:
        return
    if usage.tokens_on(session, user_id=user_id, day=limits.day(now)) >= limits.tokens_a_day:
        raise TokensUsedUp(until=limits.next_day(now))
