"""What the provider says: that no model thinks here, what it was sent, and, on certain words, a demonstration. The same
request gets the same answer."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Messages = Sequence[Mapping[str, Any]]  # Any: JSON
_PIECE: Final = re.compile(r"\s*\S{1,12}|\s+")
_CYRILLIC: Final = re.compile("[а-яё]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`pieces` are its tokens; `finish` as the API says it."""

    pieces: Sequence[str]
    finish: str
    prompt_tokens: int
    slow: bool = False

    @property
    def text(self) -> str:
        return "".join(self.pieces)


def tokens(text: str) -> list[str]:
    """A simple rule in the place of a tokenizer: words, the long ones in parts of twelve characters."""
    return _PIECE.findall(text)


def prompt_tokens(messages: Messages) -> int:
    return sum(len(tokens(text_of(each))) + 4 + 85 * _pictures(each) for each in messages)


def reply_to(messages: Messages, limit: int) -> Reply:
    """`limit`: tokens that the answer may have."""
    asked = next((text_of(each) for each in reversed(messages) if each.get("role") == "user"), "")
    words = RU if _CYRILLIC.search(asked) else EN
    pieces = tokens(_said(asked, words, messages, limit))
    refused = bool(re.search(words["refuse"], asked, re.IGNORECASE))
    finish = "content_filter" if refused else "length" if len(pieces) > limit else "stop"
    slow = bool(re.search(words["slow"], asked, re.IGNORECASE))
    return Reply(pieces=pieces[:limit], finish=finish, prompt_tokens=prompt_tokens(messages), slow=slow)


def text_of(message: Mapping[str, Any]) -> str:  # Any: JSON
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(each.get("text", "")) for each in parts if isinstance(each, dict))


def _pictures(message: Mapping[str, Any]) -> int:  # Any: JSON
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    return sum(isinstance(each, dict) and each.get("type") == "image_url" for each in parts)


def _said(asked: str, words: Mapping[str, str], messages: Messages, limit: int) -> str:
    if re.search(words["empty"], asked, re.IGNORECASE):
        return ""
    pictures = sum(map(_pictures, messages))
    told = words["told"].format(
        count=len(messages), tokens=prompt_tokens(messages), limit=limit, asked=" ".join(asked.split())[:200]
    )
    if orders := " ".join(" ".join(text_of(each) for each in messages if each.get("role") == "system").split()):
        told += words["orders"].format(orders=orders[:200])
    if pictures:
        told += words["pictures"].format(count=pictures)
    shows = [show(words) for word, show in SHOWS.items() if re.search(words[word], asked, re.IGNORECASE)]
    return "\n\n".join([told, *shows])


def _markdown(words: Mapping[str, str]) -> str:
    return words["markdown_sample"]


def _code(_words: Mapping[str, str]) -> str:
    lines = "\n".join(f"    print({number}, 'of a long list of lines')" for number in range(1, 131))
    return f"```python\ndef count():\n{lines}\n```"


def _table(words: Mapping[str, str]) -> str:
    head = words["table_head"].split("|")
    rows = [[str(number), str(number**2), str(number**3)] for number in range(1, 6)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * 3, *rows))


def _emoji(_words: Mapping[str, str]) -> str:
    return "👋 🌍 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇷🇺 🧪 ✅"


def _length(words: Mapping[str, str]) -> str:
    return " ".join(words["line"].format(number=number) for number in range(1, 20_000))


def _help(words: Mapping[str, str]) -> str:
    return words["help_text"]


SHOWS: Final[Mapping[str, Callable[[Mapping[str, str]], str]]] = {
    "help": _help,
    "markdown": _markdown,
    "code": _code,
    "table": _table,
    "emoji": _emoji,
    "length": _length,
}
EN: Final = {
    "told": (
        "This is the sandbox's stand-in: no model thinks here. Messages that I was sent: {count}, about "
        "{tokens} tokens; I may write {limit}. You said: “{asked}”."
    ),
    "orders": " I was told how to be: “{orders}”.",
    "pictures": " Pictures with it: {count}.",
    "help": r"\bhelp\b",
    "markdown": r"markdown|formatting",
    "code": r"\bcode\b",
    "table": r"\btable\b",
    "emoji": r"\bemoji",
    "length": r"without end|too long",
    "slow": r"\bslow",
    "empty": r"\bempty\b",
    "refuse": r"\bforbidden\b",
    "line": "This is sentence {number}.",
    "table_head": "n|n²|n³",
    "markdown_sample": (
        "# A heading\n\nText may be **bold**, *italic*, ~~struck~~ or `code`.\n\n- a list\n- with [a link]"
        "(https://example.org)\n\n> and a quotation"
    ),
    "help_text": (
        "Words that show something: *markdown*, *code* (longer than one message), *table*, *emoji*, *slow*, *empty*, "
        "*without end* (until the limit), *forbidden*."
    ),
}
RU: Final = {
    "told": (
        "Это заглушка песочницы: здесь не думает никакая модель. Мне прислали сообщений: {count}, примерно {tokens} "
        "токенов, и разрешили написать {limit}. Вы сказали: «{asked}»."
    ),
    "orders": " Мне велели: «{orders}».",
    "pictures": " К нему приложено картинок: {count}.",
    "help": r"помощь|помоги|умеешь",
    "markdown": r"разметк|markdown",
    "code": r"\bкод",
    "table": r"таблиц",
    "emoji": r"эмодзи|смайл",
    "length": r"без конца|бесконечн",
    "slow": r"медленн",
    "empty": r"пусто",
    "refuse": r"запрещ",
    "line": "Это предложение номер {number}.",
    "table_head": "n|n²|n³",
    "markdown_sample": (
        "# Заголовок\n\nТекст бывает **жирным**, *курсивом*, ~~зачёркнутым~~ и `кодом`.\n\n- список\n- со "
        "[ссылкой](https://example.org)\n\n> и цитатой"
    ),
    "help_text": (
        "Слова, на которые я что-то показываю: *разметка*, *код* (длиннее одного сообщения), *таблица*, *эмодзи*, "
        "*медленно*, *пусто*, *без конца* (до предела), *запрещено*."
    ),
}
