"""Telegram's limits on texts. It counts UTF-16 units of what is seen: tags are free, an entity like `&amp;` is one."""

import re
from typing import Final

TEXT: Final = 4096
CAPTION: Final = 1024
BUTTON: Final = 64  # not Telegram's: what a phone shows of a button

_PIECE = re.compile(r"</?(?P<tag>[a-zA-Z-]+)[^>]*>|&(?:#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+);|.", re.DOTALL)


def length(html: str) -> int:
    """How long Telegram takes an HTML text to be."""
    return sum(_units(piece) for piece in _PIECE.finditer(html))


def cut(html: str, limit: int = TEXT) -> str:
    """The text itself, or as much of its beginning as fits, with `…` and every open tag closed."""
    if len(html) <= limit // 2 or length(html) <= limit:
        return html
    kept: list[str] = []
    open_tags: list[str] = []
    used = 0
    for piece in _PIECE.finditer(html):
        used += _units(piece)
        if used > limit - 1:
            break
        kept.append(piece.group())
        if tag := piece["tag"]:
            _follow(open_tags, tag, closes=piece.group().startswith("</"))
    closing = "".join(f"</{tag}>" for tag in reversed(open_tags))
    return "".join(kept).rstrip() + "…" + closing


def _follow(open_tags: list[str], tag: str, *, closes: bool) -> None:
    if not closes:
        open_tags.append(tag)
    elif open_tags and open_tags[-1] == tag:
        open_tags.pop()


def _units(piece: re.Match[str]) -> int:
    text = piece.group()
    if piece["tag"]:
        return 0
    return 1 if text.startswith("&") else 1 + (ord(text) > 0xFFFF)
