"""Plain text for where room is short."""

import re
from html import unescape
from typing import Final

_TAG: Final = re.compile(r"<[^<>]*>")


def cut_plain(text: str, limit: int) -> str:
    """Plain text of at most `limit` characters on one line."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def plain_of(html: str) -> str:
    """What the Translator made as HTML, without its marks."""
    return unescape(_TAG.sub("", html))
