"""What an answer costs, and what is held for it. Tokens are counted by bounds that can be proved: a tokenizer that
works on bytes makes no more tokens than a text has bytes, whatever its vocabulary."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

PER: Final = 1_000  # tokens that a price is of
MESSAGE_TOKENS: Final = 8  # that a template adds to each message
TEMPLATE_TOKENS: Final = 64  # that it adds to all of them together
BYTES_IN_TOKEN: Final = 4  # where nobody has counted: fair to the customer for Russian and English prose
LEAST_ANSWER: Final = 64  # tokens: less is not worth a charge


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPrices:
    """In hundredths of a credit: `fixed` for each answer, `input` and `output` for 1,000 tokens that are read, and
    written."""

    fixed: int = 0
    input: int = 0
    output: int = 0

    @property
    def free(self) -> bool:
        return not (self.fixed or self.input or self.output)

    @property
    def by_length(self) -> bool:
        return bool(self.input or self.output)

    def cost(self, prompt: int, completion: int) -> int:
        """Rounded up once."""
        return self.fixed + -(-(self.input * prompt + self.output * completion) // PER)

    def of_cut(self, completion: int, limit: int) -> "TokenPrices":
        """For an answer that broke off: of the fixed price that share, rounded down, which came of the longest answer
        that there could have been."""
        return replace(self, fixed=self.fixed * min(completion, limit) // max(1, limit))

    def longest_answer(self, prompt: int, balance: int) -> int | None:
        """Tokens of the longest answer that the balance covers, with so many of a prompt; None where its length costs
        nothing. Below 0 where not even the prompt is covered."""
        left = (balance - self.fixed) * PER - self.input * prompt
        if not self.output:
            return None if left >= 0 else -1
        return left // self.output


def most_tokens(texts: Iterable[str]) -> int:
    """No tokenizer makes more of these messages, their template included."""
    return TEMPLATE_TOKENS + sum(message_bound(text) for text in texts)


def message_bound(text: str) -> int:
    return len(text.encode(errors="replace")) + MESSAGE_TOKENS


def estimated_tokens(texts: Iterable[str]) -> int:
    """What messages come to where nobody has counted; never more than `most_tokens`."""
    return sum(-(-len(text.encode(errors="replace")) // BYTES_IN_TOKEN) + MESSAGE_TOKENS for text in texts)


def estimated_answer(text: str) -> int:
    return -(-len(text.encode(errors="replace")) // BYTES_IN_TOKEN)
