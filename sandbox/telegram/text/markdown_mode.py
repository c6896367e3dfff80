"""`parse_mode=MarkdownV2`: markup to entities, refused in Telegram's words."""

from dataclasses import dataclass

from sandbox.telegram.text.html_mode import ParseError, link_to
from sandbox.telegram.text.utf16 import utf16_len
from sandbox.telegram.wire import JsonObject

RESERVED = frozenset("_*[]()~`>#+-=|{}.!\n")
_NAMES = {
    **{"bold": "Bold", "italic": "Italic", "underline": "Underline", "strikethrough": "Strikethrough"},
    **{"spoiler": "Spoiler", "code": "Code", "pre": "Pre", "text_link": "TextUrl", "blockquote": "BlockQuote"},
    "custom_emoji": "CustomEmoji",
}
_MARKERS = {"bold": "*", "italic": "_", "underline": "__", "strikethrough": "~", "spoiler": "||"}
_MARKERS |= {"code": "`", "pre": "```", "text_link": "]", "custom_emoji": "]", "blockquote": "\n"}


@dataclass(slots=True)
class _Open:
    kind: str
    offset: int
    at: int
    piece: int
    order: int
    language: str = ""


class MarkdownParser:
    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._pieces: list[str] = []
        self._offset = 0
        self._open: list[_Open] = []
        self._order = 0
        self._found: list[tuple[int, JsonObject]] = []

    def parse(self) -> tuple[str, list[JsonObject]]:
        while self._at < len(self._source):
            char = self._source[self._at]
            following = self._source[self._at + 1 : self._at + 2]
            if char == "\\" and following and ord(following) <= 126:
                self._text(following)
                self._at += 2
            elif char not in RESERVED or (self._in_code() and char != "`"):
                self._text(char)
                self._at += 1
            elif self._open and self._closes(self._open[-1]):
                self._close(self._open.pop())
            else:
                self._start(char)
        if self._open and self._open[-1].kind == "blockquote":
            self._finish(self._open.pop())
        if self._open:
            raise self._unfinished(self._open[-1])
        return "".join(self._pieces), [entity for _, entity in sorted(self._found, key=lambda each: each[0])]

    def _text(self, piece: str) -> None:
        self._pieces.append(piece)
        self._offset += utf16_len(piece)

    def _in_code(self) -> bool:
        return bool(self._open) and self._open[-1].kind in ("code", "pre")

    def _bytes(self, at: int) -> int:
        return len(self._source[:at].encode("utf-8", "surrogatepass"))

    def _unfinished(self, opened: _Open) -> ParseError:
        return ParseError(f"Can't find end of {_NAMES[opened.kind]} entity at byte offset {self._bytes(opened.at)}")

    def _closes(self, opened: _Open) -> bool:
        if opened.kind == "italic" and self._source.startswith("__", self._at):
            return False
        if self._source[self._at] == "\n":
            return opened.kind == "blockquote" and not self._source.startswith("\n>", self._at)
        return self._source.startswith(_MARKERS[opened.kind], self._at)

    def _start(self, char: str) -> None:
        begin = self._at
        if char == "\n" or (char == ">" and begin == 0):
            self._line(char)
            return
        for kind in ("underline", "italic", "bold", "strikethrough", "spoiler", "pre", "code"):
            if self._source.startswith(_MARKERS[kind], begin):
                self._push(kind, len(_MARKERS[kind]))
                if kind == "pre":
                    self._language(self._open[-1])
                return
        if char == "[":
            self._push("text_link", 1)
        elif self._source.startswith("![", begin):
            self._push("custom_emoji", 2)
        else:
            raise ParseError(f"Character '{char}' is reserved and must be escaped with the preceding '\\'")

    def _push(self, kind: str, length: int) -> None:
        self._open.append(_Open(kind, self._offset, self._at, len(self._pieces), self._order))
        self._order += 1
        self._at += length

    def _line(self, char: str) -> None:
        in_quote = any(each.kind == "blockquote" for each in self._open)
        if char == "\n":
            self._text("\n")
            self._at += 1
            if self._source[self._at : self._at + 1] != ">":
                return
            if in_quote:
                self._at += 1
                return
        self._push("blockquote", 1)

    def _language(self, opened: _Open) -> None:
        """The word after the opening fence, when its line ends there."""
        end = self._at
        while end < len(self._source) and not self._source[end].isspace() and self._source[end] != "`":
            end += 1
        if end > self._at and self._source[end : end + 1] == "\n":
            opened.language = self._source[self._at : end]
            self._at = end + 1
        elif self._source[self._at : self._at + 1] == "\n":
            self._at += 1

    def _close(self, opened: _Open) -> None:
        self._at += len(_MARKERS[opened.kind])
        if opened.kind == "blockquote":
            self._finish(opened)
            self._text("\n")
        elif opened.kind in ("text_link", "custom_emoji"):
            self._close_link(opened)
        else:
            self._finish(opened)

    def _close_link(self, opened: _Open) -> None:
        entity = self._entity(opened)
        url = self._url()
        if opened.kind == "custom_emoji":
            number = (url or "").removeprefix("tg://emoji?id=")
            if not number.isdigit():
                raise ParseError("Custom emoji entity must contain a tg://emoji URL")
            entity["custom_emoji_id"] = number
        elif not link_to(entity, "".join(self._pieces[opened.piece :]) if url is None else url):
            return
        if entity["length"]:
            self._found.append((opened.order, entity))

    def _url(self) -> str | None:
        if self._source[self._at : self._at + 1] != "(":
            return None
        begin = self._at = self._at + 1
        url: list[str] = []
        while self._at < len(self._source) and self._source[self._at] != ")":
            if self._source[self._at] == "\\" and self._at + 1 < len(self._source):
                self._at += 1
            url.append(self._source[self._at])
            self._at += 1
        if self._at == len(self._source):
            raise ParseError(f"Can't find end of a URL at byte offset {self._bytes(begin)}")
        self._at += 1
        return "".join(url)

    def _entity(self, opened: _Open) -> JsonObject:
        return {"type": opened.kind, "offset": opened.offset, "length": self._offset - opened.offset}

    def _finish(self, opened: _Open) -> None:
        entity = self._entity(opened)
        if opened.language:
            entity["language"] = opened.language
        if entity["length"]:
            self._found.append((opened.order, entity))


def parse_markdown(source: str) -> tuple[str, list[JsonObject]]:
    """Text and entities in the order of their opening. Raises ParseError."""
    return MarkdownParser(source).parse()
