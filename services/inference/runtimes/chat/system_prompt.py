"""What an assistant is told before the conversation, with facts of the customer's profile where it asks for them."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

MOST_OF_A_FACT: Final = 64  # characters
UNKNOWN: Final = "—"
_PLACE: Final = re.compile(r"\{(name|gender|age)\}")


def facts_named(template: str) -> frozenset[str]:
    """Which of `name`, `gender` and `age` it asks for: nothing else of a profile leaves the shop."""
    return frozenset(_PLACE.findall(template))


def filled_in(template: str, facts: Mapping[str, str | None]) -> str:
    """With `{name}`, `{gender}` and `{age}` in the place of which the facts stand, as data: one line without braces and
    of at most 64 characters. Other braces mean nothing. What is not known is a dash."""
    return _PLACE.sub(lambda place: as_fact(facts.get(place[1])), template)


def as_fact(text: str | None) -> str:
    plain = "".join(map(_plain, unicodedata.normalize("NFC", text or "")))
    return " ".join(plain.split())[:MOST_OF_A_FACT].strip() or UNKNOWN


def _plain(character: str) -> str:
    """Without what ends a line, hides or turns text, or looks like a place of the template."""
    kind = unicodedata.category(character)
    if kind in {"Cc", "Zl", "Zp"}:
        return " "
    return "" if character in "{}" or kind in {"Cf", "Cs", "Co", "Cn"} else character
