"""Whether the tokens that a server counted can be true."""

from typing import Any, Final, TypeGuard

from services.inference.chat import TokenUsage

MOST: Final = 2**31 - 1  # what a column holds


def judged(usage: Any, *, answered: bool) -> TokenUsage | None:  # Any: JSON
    """None where there is none, or none to charge by. `answered`: some text came."""
    if not isinstance(usage, dict):
        return None
    prompt, completion, total = (usage.get(key) for key in ("prompt_tokens", "completion_tokens", "total_tokens"))
    if not (_is_count(prompt) and _is_count(completion)):
        return None
    if prompt == 0 or (completion == 0 and answered):
        return None
    if total is not None and not (_is_count(total) and total >= prompt + completion):
        return None
    return TokenUsage(prompt=prompt, completion=completion)


def _is_count(number: Any) -> TypeGuard[int]:  # Any: JSON
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number <= MOST
