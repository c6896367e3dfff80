"""A model's Markdown as Telegram's messages: plain texts with entities, which need no escaping and cannot be malformed.

Where Telegram does not take the entities, the same words go without them (`Screen.plainer`)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from handlers.chats.literal import Literal, keeps_the_words, literally
from handlers.telegram.screen import TextEntity
from services.chats.visible import is_visible

if TYPE_CHECKING:
    from telegramify_markdown import MessageEntity, RenderConfig

_TOWER: Final = re.compile(r"^(?:[ \t]*+(?:[-*+>]|\d{1,9}[.)])[ \t]*+){9}", re.MULTILINE)  # lists in lists, in one line
_FENCE: Final = re.compile(r"^ {0,3}(?:```|~~~).*$", re.MULTILINE)
_FENCES: Final = re.compile("```|~~~")
BLOCKS: Final = 1_000  # ends of blocks of code; empty ones take the library quadratic time
LONGEST: Final = 4096  # UTF-16 units of a message
LONG: Final = 16_000  # characters
DRAFT_STEP: Final = 2_000
GROWTH: Final = 2  # times: tables and lists get longer, by so much at most
KINDS: Final = frozenset(
    {
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
    }
)
SCHEMES: Final = ("http://", "https://", "mailto:")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormattedText:
    text: str
    entities: tuple[TextEntity, ...] = ()


def is_long(markdown: str) -> bool:
    """It makes several messages and takes milliseconds to format: not on the loop."""
    return len(markdown) > LONGEST


def answer_parts(markdown: str) -> Sequence[FormattedText]:
    """The messages that an answer makes, at least one, whatever is told below them. A block of code that is cut goes on
    as code in the next message."""
    return _long_parts(markdown) if is_long(markdown) else _parts(markdown)


def _parts(markdown: str) -> Sequence[FormattedText]:
    text, entities = _converted(markdown)
    return _split(text, entities, LONGEST)


_long_parts = lru_cache(maxsize=8)(_parts)  # its messages go one by one, and each asks for all of them


def with_foot(part: FormattedText, foot: str) -> FormattedText | None:
    """The last message with `foot`, a plain line, below it in italics; None where it does not fit there."""
    text = f"{part.text}\n\n{foot}"
    if _length(text) > LONGEST:
        return None
    mark = TextEntity(type="italic", offset=_length(part.text) + 2, length=_length(foot))
    return FormattedText(text=text, entities=(*part.entities, mark))


def foot_alone(foot: str) -> FormattedText:
    """In a message of its own."""
    return FormattedText(text=foot, entities=(TextEntity(type="italic", offset=0, length=_length(foot)),))


def draft_of(markdown: str) -> FormattedText:
    """What a draft shows of an answer that grows: its end. What is before that is not formatted anew each second."""
    if len(markdown) > LONG:
        return _split(markdown[-LONGEST // 2 :].encode(errors="replace").decode(), (), LONGEST)[-1]
    return answer_parts(_tail(markdown))[-1]


def _tail(markdown: str) -> str:
    """Its last lines, of 2,000 to 4,000 characters; they begin at the same one for a while. In a block of code they are
    code."""
    if len(markdown) < 2 * DRAFT_STEP:
        return markdown
    start = (len(markdown) // DRAFT_STEP - 1) * DRAFT_STEP
    start = markdown.find("\n", start, start + DRAFT_STEP // 2) + 1 or start
    fences = _FENCE.findall(markdown, 0, start)
    return f"{fences[-1]}\n{markdown[start:]}" if len(fences) % 2 else markdown[start:]


def _converted(markdown: str) -> tuple[str, Sequence[TextEntity]]:
    from telegramify_markdown import convert  # 2 MB that only a shop with assistants needs

    markdown = markdown.encode(errors="replace").decode().strip()
    source = literally(markdown)
    if source is None or _TOWER.search(markdown) or len(_FENCES.findall(markdown)) > BLOCKS:
        return markdown, ()
    text, found = convert(source.markdown, latex_escape=False, config=_config())
    text = source.restored(text)
    if not is_visible(text) or len(text) > GROWTH * len(markdown) + LONGEST:  # nothing but marks, or a tower of lists
        return markdown or "…", ()
    if not keeps_the_words(markdown, text):
        return markdown, ()
    entities = (_entity(each, source) for each in found)
    return text, [each for each in entities if _may_be_shown(each)]


def _split(text: str, entities: Sequence[TextEntity], longest: int) -> list[FormattedText]:
    from telegramify_markdown import MessageEntity, split_entities

    given = [
        MessageEntity(type=each.type, offset=each.offset, length=each.length, url=each.url, language=each.language)
        for each in entities
    ]
    return [
        FormattedText(text=part, entities=tuple(_entity(each) for each in inside))
        for part, inside in split_entities(text, given, longest)
        if part.strip()
    ]


def _entity(found: "MessageEntity", source: Literal | None = None) -> TextEntity:
    words = source.restored if source else str
    return TextEntity(
        type=found.type,
        offset=found.offset,
        length=found.length,
        url=words(found.url) if found.url else None,
        language=words(found.language) if found.language else None,
    )


def _may_be_shown(found: TextEntity) -> bool:
    """Links of a model lead to pages, not to files or commands."""
    return found.type in KINDS and (found.type != "text_link" or (found.url or "").lower().startswith(SCHEMES))


def _length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


@cache
def _config() -> "RenderConfig":
    """Headings without pictures."""
    from telegramify_markdown import RenderConfig

    config = RenderConfig.isolated()
    symbols = config.markdown_symbol
    symbols.heading_level_1 = symbols.heading_level_2 = symbols.heading_level_3 = symbols.heading_level_4 = ""
    symbols.unordered_list_item = "•"
    return config
