"""Plain text for where room is short."""

import re
from html import unescape
from typing import Final

_TAG: Final = re.compile(r"<[^<>]*>")
_WORD: Final = re.compile(r"[a-zа-яё]+[ ,;.]")


def cut_plain(text: str, limit: int) -> str:
    """Plain text of at most `limit` characters on one line."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def plain_of(html: str) -> str:
    """What the Translator made as HTML, without its marks."""
    return unescape(_TAG.sub("", html))


def sentence(text: str) -> str:
    """With a capital letter, where it begins with a word and not with a name of something."""
    return text[:1].upper() + text[1:] if _WORD.match(text) else text
