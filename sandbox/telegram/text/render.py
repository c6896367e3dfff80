"""Entities to HTML that is safe to put into a page as it is. Line breaks stay line breaks."""

from collections.abc import Sequence
from html import escape
from urllib.parse import urlsplit

from sandbox.telegram.text.utf16 import Utf16
from sandbox.telegram.wire import JsonObject

_SIMPLE = {
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "underline": ("<u>", "</u>"),
    "strikethrough": ("<s>", "</s>"),
    "code": ("<code>", "</code>"),
    "pre": ("<pre>", "</pre>"),
    "blockquote": ("<blockquote>", "</blockquote>"),
    "expandable_blockquote": ('<blockquote class="expandable">', "</blockquote>"),
    "spoiler": ('<span class="spoiler">', "</span>"),
    "bot_command": ('<span class="command">', "</span>"),
    "mention": ('<span class="mention">', "</span>"),
    "text_mention": ('<span class="mention">', "</span>"),
    "hashtag": ('<span class="hashtag">', "</span>"),
}
_SCHEMES = frozenset({"http", "https", "tg", "mailto"})


def to_html(text: str, entities: Sequence[JsonObject]) -> str:
    if not entities:
        return escape(text)
    units = Utf16(text)
    edges = sorted({0, units.length, *(edge for each in entities for edge in _edges(each, units.length))})
    pieces: list[str] = []
    stack: list[tuple[int, str]] = []
    for start, end in zip(edges, edges[1:] or [units.length], strict=False):
        pieces.extend(_close_until(stack, start))
        opening = [each for each in entities if _edges(each, units.length)[0] == start and each["length"] > 0]
        for each in sorted(opening, key=lambda entity: -entity["length"]):
            tags = _tags(each, units)
            if tags is not None:
                pieces.append(tags[0])
                stack.append((_edges(each, units.length)[1], tags[1]))
        pieces.append(escape(units.slice(start, end)))
    pieces.extend(tag for _, tag in reversed(stack))
    return "".join(pieces)


def _edges(entity: JsonObject, length: int) -> tuple[int, int]:
    start = min(max(int(entity["offset"]), 0), length)
    return start, min(start + max(int(entity["length"]), 0), length)


def _close_until(stack: list[tuple[int, str]], position: int) -> list[str]:
    """Close what ends by here; whatever was opened over it later is cut at the same place."""
    ended = [index for index, (end, _) in enumerate(stack) if end <= position]
    if not ended:
        return []
    closing = [tag for _, tag in reversed(stack[ended[0] :])]
    del stack[ended[0] :]
    return closing


def _tags(entity: JsonObject, units: Utf16) -> tuple[str, str] | None:
    kind = entity["type"]
    if kind == "pre" and entity.get("language"):
        return f'<pre><code class="language-{escape(entity["language"])}">', "</code></pre>"
    if kind in _SIMPLE:
        return _SIMPLE[kind]
    inside = units.slice(*_edges(entity, units.length))
    addresses = {
        "text_link": str(entity.get("url", "")),
        "url": inside if "://" in inside else f"http://{inside}",
        "email": f"mailto:{inside}",
    }
    return _link(addresses[kind]) if kind in addresses else None


def _link(url: str) -> tuple[str, str] | None:
    try:
        scheme = urlsplit(url).scheme.lower()
    except ValueError:
        return None
    if scheme not in _SCHEMES:
        return None
    return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer nofollow">', "</a>"
