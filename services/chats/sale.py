"""What an answer may cost, held and written down."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, insert, select
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.chats import MessageStatus, Sender
from db.tables.plans import AllowanceUnit
from services.billing import ledger
from services.billing.ledger import InsufficientBalance
from services.chats import limits, usage
from services.chats.context import least_bound, unheard_tokens, window
from services.chats.costs import BYTES_IN_TOKEN, LEAST_ANSWER, MESSAGE_TOKENS, TokenPrices, message_bound
from services.chats.orders import Accepted, HistoryNotCovered, MessageOrder, MessageTooLong, SaleTerms
from services.chats.rows import IN_USE, UNFINISHED, messages, past_turns, unheard_seconds
from services.chats.voices import VoiceTooLong
from services.inference.chat import SPOKEN_BYTES
from services.notifications.message_ref import message_columns
from services.plans.allowances import claim_for_answer, note_use

_asked = messages.alias("asked")

NOTHING: Final = TokenPrices(fixed=0, input=0, output=0)  # of an answer that the plan pays for
PASTE: Final = 2_000  # UTF-16 units: apps cut a longer text into such parts, and the next one may be on its way
PASTE_PAUSE: Final = timedelta(seconds=2)  # also between pictures of an album
FETCH_PAUSE: Final = timedelta(seconds=30)  # while one is fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIds:
    question: UUID
    answer: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSale:
    """What is sold: an answer to `text` with so many pictures, and to so many seconds of a voice message that is still
    to be listened to. `prices`: of an answer to text."""

    order: MessageOrder
    terms: SaleTerms
    prices: TokenPrices
    text: str
    pictures: int
    seconds: int = 0

    def sell(
        self, session: Session, chat: AnyRow, ids: NewIds, number: int, now: datetime, *, alone: bool = False
    ) -> Accepted:
        """`chat`: the conversation, locked; `number`: the answer's in it; `alone`: its customer waits for no other.
        Raises TooManyMessages, TokensUsedUp, InsufficientBalance, MessageTooLong, AllowanceUsedUp."""
        terms, user_id = self.terms, self.order.user_id
        wallet = ledger.open_wallet(session, user_id)
        if not self.order.more:  # behind the lock: messages to other conversations count, too
            limits.check(session, terms.limits, user_id=user_id, now=now)
        unanswered = [] if alone else session.connection().execute(_unanswered, {"user": user_id}).all()
        before = [each for each in unanswered if each.session_id == chat.id]
        budget = self._budget(session, chat.id, number, before)
        free_left = self._from_allowance(session, chat.model_slug, now)
        free = free_left is not None
        limit, hold = terms.max_answer, 0
        prices = self._sold_for()
        claim = None
        if chat.sells_plans and not free and not prices.free:
            least = budget + min(LEAST_ANSWER, limit)
            claim = claim_for_answer(session, user_id, chat.model_slug, now, least=least, most=budget + limit)
        if claim is not None:
            prices = NOTHING
            if claim.unit is AllowanceUnit.TOKENS:
                limit = claim.amount - budget
        elif not free and not prices.free:
            limit, hold = self._covered(prices, budget, wallet.spendable(now))
        cut = self.order.place is not None and _units(self.order.text) >= PASTE  # apps of chats do that
        later = now + PASTE_PAUSE if self.order.album or cut else now
        row = {
            "id": ids.answer,
            "session_id": chat.id,
            "user_id": user_id,
            "model_slug": chat.model_slug,
            "preset_id": chat.preset_id,
            "number": number,
            "sender": Sender.ASSISTANT,
            "status": MessageStatus.QUEUED,
            "reply_to": ids.question,
            "request_key": self.order.request_key,
            "hold": hold,
            "free": free,
            "day": terms.limits.day(now),
            "prompt_budget": budget,
            "answer_limit": limit,
            "fixed_price": prices.fixed,
            "input_price": prices.input,
            "output_price": prices.output,
            "attempts": 0,
            "estimated": False,
            "available_at": later,
            "created_at": now,
            **message_columns(self.order.place),
        }
        session.connection().execute(_add, row)
        if claim is not None:
            note_use(session, claim, now, message_id=ids.answer)
        if hold:
            ledger.charge_new(session, wallet, amount=hold, message_id=ids.answer, now=now)
        return Accepted(
            answer_id=ids.answer,
            model_slug=chat.model_slug,
            hold=hold,
            answer_limit=limit,
            limited=limit < terms.max_answer,
            free=free,
            free_left=free_left,
            waits=any(_goes_first(each, chat) for each in unanswered),
        )

    def _budget(self, session: Session, session_id: UUID, number: int, unanswered: Sequence[AnyRow]) -> int:
        """Tokens that the prompt has at most: what would be sent now, and room for answers that are still to come."""
        terms = self.terms
        check_length(terms, self.text, self.pictures, self.seconds)
        most = terms.context - terms.max_answer
        past = past_turns(session, session_id, before=number, most=terms.history)
        fits = window(
            past,
            system=terms.system,
            message=self.text,
            budget=most,
            messages=terms.history,
            beside=_beside(terms, self.pictures, self.seconds),
        )
        return min(most, fits.bound + sum(map(_coming, unanswered)))

    def _afresh(self) -> int:
        """Tokens of the prompt in a new conversation."""
        return least_bound(self.terms.system, self.text, beside=_beside(self.terms, self.pictures, self.seconds))

    def _sold_for(self) -> TokenPrices:
        return replace(self.prices, fixed=self.prices.fixed + self.terms.hearing_price(self.seconds))

    def _from_allowance(self, session: Session, slug: str, now: datetime) -> int | None:
        """How many free answers the day has left after this one; None where this one is not free."""
        terms, user_id = self.terms, self.order.user_id
        if not terms.free_answers:
            return None
        day, most = terms.limits.day(now), terms.free_answers
        left = usage.reserve_free(session, user_id=user_id, model_slug=slug, day=day, most=most)
        if left is None and self.prices.free:
            raise limits.AllowanceUsedUp(until=terms.limits.next_day(now))
        return left

    def _covered(self, prices: TokenPrices, budget: int, balance: int) -> tuple[int, int]:
        """Limit of the answer, and what is held for it. Raises InsufficientBalance."""
        most, longest = self.terms.max_answer, prices.longest_answer(budget, balance)
        limit = most if longest is None else min(most, longest)
        if limit < min(LEAST_ANSWER, most):
            least = min(LEAST_ANSWER, most)
            needed, afresh = prices.cost(budget, least), prices.cost(self._afresh(), least)
            if afresh <= balance:
                raise HistoryNotCovered(needed=needed, balance=balance, afresh=afresh)
            raise InsufficientBalance(needed=needed, balance=balance)
        return limit, prices.cost(budget, limit)


def check_length(terms: SaleTerms, text: str, pictures: int, seconds: int = 0) -> None:
    """`seconds`: of a voice message. Raises MessageTooLong, VoiceTooLong: even without any history."""
    least = least_bound(terms.system, text, beside=_beside(terms, pictures, seconds))
    if (over := least - (terms.context - terms.max_answer)) <= 0:
        return
    if seconds and not text:
        raise VoiceTooLong(seconds=max(1, seconds - -(-over // SPOKEN_BYTES)))
    raise MessageTooLong(limit=_characters(text, len(text.encode()) - over))


_add = insert(messages)
_unanswered = (
    select(
        *(messages.c[name] for name in ("session_id", "model_slug", "status", "answer_limit")),
        *(_asked.c[name] for name in ("text", "voice_seconds", "heard_at")),
    )
    .join(_asked, _asked.c.id == messages.c.reply_to)
    .where(messages.c.user_id == bindparam("user"), UNFINISHED, IN_USE)
)


def _goes_first(other: AnyRow, chat: AnyRow) -> bool:
    """Of the customer's other answers: one under way, whoever gives it, and one that waits for the same assistant."""
    return bool(other.status == MessageStatus.RUNNING or chat.model_slug == other.model_slug)


def _coming(unanswered: AnyRow) -> int:
    """Tokens, at most, of a message and of its answer."""
    answer = unanswered.answer_limit * BYTES_IN_TOKEN + MESSAGE_TOKENS
    return int(answer) + message_bound(unanswered.text or "") + unheard_tokens(unheard_seconds(unanswered))


def _beside(terms: SaleTerms, pictures: int, seconds: int) -> int:
    """Tokens of a message that are not of its text."""
    return pictures * (terms.picture_tokens or 0) + unheard_tokens(seconds)


def _units(text: str) -> int:
    """As Telegram counts."""
    return len(text.encode("utf-16-le", errors="replace")) // 2


def _characters(text: str, size: int) -> int:
    """How many characters of such a text have so many bytes."""
    return max(0, size * len(text) // max(1, len(text.encode())))
