"""How people spell papers: in Cyrillic letters that look Latin, in lower case, with blanks and quotes, by ISIN."""

import re
import unicodedata
from typing import Final

MAX_LENGTH: Final = 100
TICKER: Final = re.compile(r"[A-Z0-9][A-Z0-9._-]{0,35}")
ISIN: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
LONGEST_GUESS: Final = 12
"""Whatever is longer and no ISIN is rather a name than a ticker."""
_QUOTES: Final = re.compile("[\"'`«»„“”‘’‹›]")
_BLANKS: Final = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
_LOOKS_LATIN: Final = str.maketrans("АВЕЁКМНОРСТУХЅІЇЈԚԜҮ", "ABEEKMHOPCTYXSIIJQWY")


def plain(text: str) -> str:
    """Without quotes and blanks to spare, as names are searched for; empty where nothing is left."""
    text = unicodedata.normalize("NFKC", text[: 4 * MAX_LENGTH])
    seen = "".join(sign for sign in text if sign.isprintable() or sign.isspace())
    return _BLANKS.sub(" ", _QUOTES.sub(" ", seen)).strip()[:MAX_LENGTH].strip()


def shown(name: str) -> str:
    """A name as a stranger told it, on one line."""
    return _BLANKS.sub(" ", "".join(sign if sign.isprintable() else " " for sign in name[:MAX_LENGTH])).strip()


def code(text: str) -> str | None:
    """The ticker or ISIN that it may be, in capital Latin letters; None for what can only be a name."""
    letters = plain(text).upper().translate(_LOOKS_LATIN).replace(" ", "")
    if ISIN.fullmatch(letters):
        return letters
    return letters if len(letters) <= LONGEST_GUESS and TICKER.fullmatch(letters) else None


def is_isin(given: str) -> bool:
    return ISIN.fullmatch(given) is not None


def same_name(one: str, other: str) -> bool:
    """Whatever quotes, case and blanks they are written with."""
    return plain(one).casefold() == plain(other).casefold()
