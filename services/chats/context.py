"""What is sent to a language model: the system prompt and the newest whole turns that fit, down to the message that is
to be answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.chats.costs import MESSAGE_TOKENS, TEMPLATE_TOKENS, estimated_tokens, message_bound
from services.inference.chat import spoken_bytes

MOST_BYTES_IN_TOKEN: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class PastTurn:
    """A message that was answered. `measured`: tokens of the answer, where its provider has counted them."""

    question: str
    answer: str
    measured: int | None = None

    @property
    def bound(self) -> int:
        """Tokens, at most. What was measured may be read in a few tokens more than it was written in, and a count of
        fewer than any tokenizer makes of prose bounds nothing."""
        answer = message_bound(self.answer)
        if self.measured is not None:
            measured = max(self.measured, len(self.answer.encode()) // MOST_BYTES_IN_TOKEN)
            answer = min(answer, measured + measured // 8 + MESSAGE_TOKENS)
        return message_bound(self.question) + answer

    @property
    def estimate(self) -> int:
        """Tokens, about."""
        answer = estimated_tokens([self.answer]) if self.measured is None else self.measured
        return estimated_tokens([self.question]) + answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What fits. `bound`: no tokenizer makes more tokens of it; `left_out`: there are older turns."""

    turns: Sequence[PastTurn]
    bound: int
    left_out: bool


def unheard_tokens(seconds: int) -> int:
    """Of a voice message of so many seconds, at most, once it is written down."""
    return spoken_bytes(seconds) if seconds else 0


def least_bound(system: str, message: str, *, beside: int = 0) -> int:
    """Tokens, at most, of the message without any history. `beside`: what is not of its text, pictures and what is
    still to be heard, in tokens."""
    return TEMPLATE_TOKENS + (message_bound(system) if system else 0) + message_bound(message) + beside


def window(
    past: Sequence[PastTurn], *, system: str, message: str, budget: int, messages: int, beside: int = 0
) -> Window:
    """`past` oldest first; `budget` in tokens for all of it; `messages`: at most so many go with the one that is to be
    answered. Turns are whole and without a gap: what does not fit ends the history."""
    bound, taken = least_bound(system, message, beside=beside), 0
    for turn in reversed(past):
        if 2 * (taken + 1) > messages or bound + turn.bound > budget:
            break
        bound, taken = bound + turn.bound, taken + 1
    return Window(turns=past[len(past) - taken :], bound=bound, left_out=taken < len(past))
