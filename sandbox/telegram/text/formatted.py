"""A text as a bot or a person sends it, made into what Telegram keeps."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sandbox.telegram.errors import BadRequest
from sandbox.telegram.text.html_mode import ParseError, parse_html
from sandbox.telegram.text.links import checked_link
from sandbox.telegram.text.markdown_mode import parse_markdown
from sandbox.telegram.text.utf16 import Utf16, utf16_len
from sandbox.telegram.wire import JsonObject

_CONTROL = {code: " " for code in range(32) if code not in (10, 13)} | {13: None, 0x2028: " ", 0x2029: " "}
_HAS_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\u2028\u2029]")
_MAY_HOLD_LINKS = re.compile(r"[/@#.]")
_AUTOMATIC = re.compile(
    r"(?P<url>\bhttps?://[^\s<>\"]+[^\s<>\".,;:!?)»'])"
    r"|(?P<email>\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b)"
    r"|(?<![\w/@<])(?P<mention>@[A-Za-z]\w{3,31})\b"
    r"|(?<![\w/#<>])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z]\w{2,31})?)(?![\w/@])"
    r"|(?<![\w#])(?P<hashtag>#(?=\w*[^\W\d])\w{1,256})"
    r"|(?P<domain>(?<![\w@/.-])(?:[a-z0-9-]+\.)+(?:com|ru|org|net|me|io|dev|рф)(?:/[^\s<>\"]*)?(?![\w@]))",
    re.IGNORECASE,
)
_OPAQUE = frozenset({"code", "pre"})
_TAKEN = frozenset({"code", "pre", "text_link", "text_mention", "url", "custom_emoji"})
_SETTABLE = frozenset(
    {"bold", "italic", "underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote"}
    | {"code", "pre", "text_link", "text_mention", "custom_emoji", "date_time"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FormattedText:
    text: str
    entities: list[JsonObject]

    def fields(self, text: str, entities: str) -> JsonObject:
        """As fields of a Message, named `text` and `entities`; empty ones are left out."""
        fields: JsonObject = {}
        if self.text:
            fields[text] = self.text
        if self.entities:
            fields[entities] = self.entities
        return fields


_PARSERS: dict[str, Callable[[str], tuple[str, list[JsonObject]]]] = {
    "html": parse_html,
    "markdownv2": parse_markdown,
}


def formatted(
    source: str, *, parse_mode: str | None = None, entities: Sequence[JsonObject] | None = None
) -> FormattedText:
    """Parse, clean, trim, find links and commands. Raises BadRequest in Telegram's words."""
    parsed: list[JsonObject] = []
    text = source
    if parse_mode:
        parser = _PARSERS.get(parse_mode.lower())
        if parser is None:
            raise BadRequest("unsupported parse_mode")
        try:
            text, parsed = parser(source)
        except ParseError as error:
            raise BadRequest(f"can't parse entities: {error}") from error
    elif entities:
        parsed = [dict(each) for each in entities if each["type"] in _SETTABLE]
        length = utf16_len(text)
        for each in parsed:
            if each["offset"] < 0 or each["length"] <= 0 or each["offset"] + each["length"] > length:
                raise BadRequest("entity beyond the end of the text")
    if "\r" in text and not parsed:
        text = text.replace("\r", "")
    if _HAS_CONTROL.search(text):
        text = text.translate(_CONTROL if not parsed else {**_CONTROL, 13: " "})
    text, parsed = _trim(text, parsed)
    parsed = _without_nested_in_code(parsed)
    return FormattedText(text=text, entities=_with_automatic(text, parsed))


def _trim(text: str, entities: list[JsonObject]) -> tuple[str, list[JsonObject]]:
    left = text.lstrip()
    cut = utf16_len(text) - utf16_len(left)
    trimmed = left.rstrip()
    if len(trimmed) == len(text) or not entities:
        return trimmed, entities
    length = utf16_len(trimmed)
    kept: list[JsonObject] = []
    for each in entities:
        start = max(each["offset"] - cut, 0)
        end = min(each["offset"] - cut + each["length"], length)
        if end > start:
            kept.append({**each, "offset": start, "length": end - start})
    return trimmed, kept


def _without_nested_in_code(entities: list[JsonObject]) -> list[JsonObject]:
    """Code holds nothing but itself, though a quote may hold code."""
    opaque = [each for each in entities if each["type"] in _OPAQUE]
    if not opaque or len(entities) == 1:
        return entities
    return [
        each
        for each in entities
        if each["type"] in _OPAQUE
        or each["type"].endswith("blockquote")
        or not any(_touch(each, code) for code in opaque)
    ]


def _touch(one: JsonObject, other: JsonObject) -> bool:
    return bool(one["offset"] < other["offset"] + other["length"] and other["offset"] < one["offset"] + one["length"])


def _with_automatic(text: str, entities: list[JsonObject]) -> list[JsonObject]:
    if not _MAY_HOLD_LINKS.search(text):
        return entities
    taken = [each for each in entities if each["type"] in _TAKEN]
    plain = Utf16(text).length == len(text)
    found: list[JsonObject] = []
    for match in _AUTOMATIC.finditer(text):
        kind = str(match.lastgroup)
        start = match.start(kind)
        if kind == "domain" and checked_link(match.group(kind)) is None:
            continue
        offset = start if plain else utf16_len(text[:start])
        entity = {"offset": offset, "length": utf16_len(match.group(kind)), "type": "url" if kind == "domain" else kind}
        if not any(_touch(entity, each) for each in taken):
            found.append(entity)
    return entities if not found else sorted([*entities, *found], key=lambda each: (each["offset"], -each["length"]))
