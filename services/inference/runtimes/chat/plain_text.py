"""Pieces of text as a database and a chat take them."""

from typing import Any, Final

from services.inference.runtimes.chat.request_body import Json
from services.redaction import redact


class TextJoiner:
    """Joins characters that a server wrote as two halves in two pieces; halves without another become U+FFFD."""

    def __init__(self) -> None:
        self._half = ""

    def take(self, piece: str) -> str:
        text = (self._half + piece).replace("\x00", "")
        self._half = ""
        if text.isascii():
            return text
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return storable(text)

    def rest(self) -> str:
        half, self._half = self._half, ""
        return storable(half)


def storable(text: str) -> str:
    return text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


MOST_OF_A_FACT: Final = 200  # characters
MOST_NUMBER: Final = 2**53  # either way: no more is exact, and infinities are no JSON


def fact(value: Any) -> Any:  # Any: JSON
    """A short word or number of a server's, for the journal; None for anything else."""
    if isinstance(value, str):
        return redact(storable(value))[:MOST_OF_A_FACT]
    return value if isinstance(value, int | float) and abs(value) < MOST_NUMBER else None


def facts(table: Any, *, deeper: bool = True) -> Json | None:  # Any: JSON
    """The same of a table, and of tables in it."""
    if not isinstance(table, dict):
        return None
    told = {}
    for key, value in list(table.items())[:32]:
        known = facts(value, deeper=False) if deeper and isinstance(value, dict) else fact(value)
        if known is not None:
            told[storable(key)[:64]] = known
    return told
