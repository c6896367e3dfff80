"""`parse_mode=HTML`: tags to entities, refused in Telegram's words."""

import re
from dataclasses import dataclass
from string import ascii_letters, digits, hexdigits

from sandbox.telegram.text.links import checked_link, mentioned_user
from sandbox.telegram.text.utf16 import utf16_len
from sandbox.telegram.wire import JsonObject

_TAGS = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "tg-emoji": "custom_emoji",
    "a": "text_link",
    "pre": "pre",
    "code": "code",
    "blockquote": "blockquote",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_SPECIAL = re.compile(r"[<&]")
_SPACES = " \t\r\n\0\v"
_BARE_VALUE = frozenset(ascii_letters + digits + ".-")
_END = ""


class ParseError(ValueError):
    """What Telegram says after `can't parse entities: `."""


@dataclass(slots=True)
class _Open:
    tag: str
    argument: str
    offset: int
    piece: int
    order: int


class HtmlParser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._pieces: list[str] = []
        self._offset = 0
        self._open: list[_Open] = []
        self._order = 0
        self._found: list[tuple[int, JsonObject]] = []

    def parse(self) -> tuple[str, list[JsonObject]]:
        source = self._source
        while (match := _SPECIAL.search(source, self._at)) is not None:
            self._text(source[self._at : match.start()])
            self._at = match.start()
            if match.group() == "&":
                self._text(self._reference() or self._step())
            elif source[self._at + 1 : self._at + 2] == "/":
                self._end_tag()
            else:
                self._start_tag()
        self._text(source[self._at :])
        if self._open:
            raise ParseError(f'Can\'t find end tag corresponding to start tag "{self._open[-1].tag}"')
        entities = [entity for _, entity in sorted(self._found, key=lambda each: each[0])]
        for entity in entities:
            if entity["type"] == "code":
                entity.pop("language", None)
        return "".join(self._pieces), entities

    def _text(self, piece: str) -> None:
        if piece:
            self._pieces.append(piece)
            self._offset += utf16_len(piece)

    def _peek(self) -> str:
        return self._source[self._at] if self._at < len(self._source) else _END

    def _step(self) -> str:
        char = self._peek()
        self._at += 1
        return char

    def _spaces(self) -> None:
        while (char := self._peek()) and char in _SPACES:
            self._at += 1

    def _bytes(self, at: int) -> int:
        return len(self._source[:at].encode("utf-8", "surrogatepass"))

    def _reference(self) -> str | None:
        """Decode `&…;` and step past it; an unknown one is left as it is."""
        source, at = self._source, self._at + 1
        if source[at : at + 1] == "#":
            base = 16 if source[at + 1 : at + 2] == "x" else 10
            begin = at = at + (2 if base == 16 else 1)
            while at < len(source) and source[at] in (hexdigits if base == 16 else digits):
                at += 1
            code = int(source[begin:at], base) if at > begin else 0
            if code == 0 or code >= 0x10FFFF or 0xD800 <= code <= 0xDFFF or at - self._at >= 10:
                return None
            decoded = chr(code)
        else:
            begin = at
            while at < len(source) and source[at] in ascii_letters:
                at += 1
            if (known := _NAMED.get(source[begin:at])) is None:
                return None
            decoded = known
        self._at = at + 1 if source[at : at + 1] == ";" else at
        return decoded

    def _start_tag(self) -> None:
        begin = self._at
        self._at += 1
        name = self._until_space_or(">")
        if not self._peek():
            raise ParseError(f"Unclosed start tag at byte offset {self._bytes(begin)}")
        tag = name.lower()
        if tag not in _TAGS:
            raise ParseError(f'Unsupported start tag "{tag}" at byte offset {self._bytes(begin)}')
        argument = self._attributes(tag, begin)
        self._at += 1
        if tag == "span" and argument != "spoiler":
            raise ParseError(f'Tag "span" must have class "tg-spoiler" at byte offset {self._bytes(begin)}')
        self._open.append(_Open(tag, argument, self._offset, len(self._pieces), self._order))
        self._order += 1

    def _until_space_or(self, stop: str) -> str:
        begin = self._at
        while (char := self._peek()) and char not in _SPACES and char not in stop:
            self._at += 1
        return self._source[begin : self._at]

    def _attributes(self, tag: str, begin: int) -> str:
        """What the tag's attributes say that matters: address, language, class or emoji."""
        argument = ""
        while True:
            self._spaces()
            if self._peek() == ">":
                return argument
            name = self._until_space_or("=>" if tag == "blockquote" else "=")
            if not name:
                raise ParseError(f'Empty attribute name in the tag "{tag}" at byte offset {self._bytes(begin)}')
            if tag == "blockquote" and name == "expandable" and self._peek() != "=":
                argument = name
                continue
            self._spaces()
            if self._peek() != "=":
                raise ParseError(
                    f'Expected equal sign in declaration of an attribute of the tag "{tag}" '
                    f"at byte offset {self._bytes(begin)}"
                )
            self._at += 1
            self._spaces()
            if not self._peek():
                raise ParseError(f'Unclosed start tag "{tag}" at byte offset {self._bytes(begin)}')
            value = self._value()
            if not self._peek():
                raise ParseError(f"Unclosed start tag at byte offset {self._bytes(begin)}")
            argument = _argument(tag, name, value) or argument

    def _value(self) -> str:
        quote = self._peek()
        if quote not in ("'", '"'):
            begin = self._at
            while self._peek() in _BARE_VALUE:
                self._at += 1
            if (char := self._peek()) and char not in _SPACES and char != ">":
                raise ParseError(f"Unexpected end of name token at byte offset {self._bytes(begin)}")
            return self._source[begin : self._at].lower()
        self._at += 1
        value: list[str] = []
        while (char := self._peek()) and char != quote:
            value.append((self._reference() if char == "&" else None) or self._step())
        if char:
            self._at += 1
        return "".join(value)

    def _end_tag(self) -> None:
        begin = self._at
        if not self._open:
            raise ParseError(f"Unexpected end tag at byte offset {self._bytes(begin)}")
        self._at += 2
        name = self._until_space_or(">").lower()
        self._spaces()
        if self._peek() != ">":
            raise ParseError(f"Unclosed end tag at byte offset {self._bytes(begin)}")
        self._at += 1
        opened = self._open.pop()
        if name and name != opened.tag:
            raise ParseError(
                f'Unmatched end tag at byte offset {self._bytes(begin)}, expected "</{opened.tag}>", found "</{name}>"'
            )
        if self._offset > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        kind = _TAGS[opened.tag]
        entity: JsonObject = {"type": kind, "offset": opened.offset, "length": self._offset - opened.offset}
        if kind == "text_link":
            if not link_to(entity, opened.argument or "".join(self._pieces[opened.piece :])):
                return
        elif kind == "custom_emoji":
            if not opened.argument.isdigit():
                raise ParseError("Invalid custom emoji identifier specified")
            entity["custom_emoji_id"] = opened.argument
        elif kind == "blockquote" and opened.argument:
            entity["type"] = "expandable_blockquote"
        elif kind in ("code", "pre"):
            if opened.argument:
                entity["language"] = opened.argument
            if self._joins_code_and_pre(entity):
                return
        self._found.append((opened.order, entity))

    def _joins_code_and_pre(self, entity: JsonObject) -> bool:
        """`<pre><code class="language-x">` in either order is one entity `pre` with a language."""
        if not self._found:
            return False
        inner = self._found[-1][1]
        same_place = (inner["offset"], inner["length"]) == (entity["offset"], entity["length"])
        language = inner.get("language") or entity.get("language")
        if {inner["type"], entity["type"]} != {"code", "pre"} or not same_place or not language:
            return False
        inner["type"], inner["language"] = "pre", language
        return True


def _argument(tag: str, name: str, value: str) -> str:
    if tag == "a" and name == "href":
        return value
    if tag == "code" and name == "class" and value.startswith("language-"):
        return value.removeprefix("language-")
    if tag == "span" and name == "class" and value.startswith("tg-"):
        return value.removeprefix("tg-")
    if tag == "tg-emoji" and name == "emoji-id":
        return value
    return ""


def link_to(entity: JsonObject, url: str) -> bool:
    """Make the entity a mention or a link to `url`; False when Telegram would drop it."""
    user_id = mentioned_user(url)
    if user_id is not None:
        entity.update(type="text_mention", user={"id": user_id})
        return True
    checked = checked_link(url)
    if checked is None:
        return False
    entity.update(type="text_link", url=checked)
    return True


def parse_html(source: str) -> tuple[str, list[JsonObject]]:
    """Text and entities in the order of their opening. Raises ParseError."""
    return HtmlParser(source).parse()
