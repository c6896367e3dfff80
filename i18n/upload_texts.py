"""What customers read of a model, as its owner sees it: what each text is called, and what stands there. Plain text."""

from typing import Final

from i18n.text import cut_plain
from i18n.translator import Translator
from services.errors import N_
from services.models.uploads.texts import (
    CATEGORY,
    CLASSES,
    DESCRIPTION,
    HELP,
    ICON,
    LABEL,
    LANGUAGES,
    OPTIONS,
    TITLE,
    ShownText,
    TextPart,
)

NAMES: Final = {
    TITLE: N_("Name of the model"),
    ICON: N_("Emoji"),
    CATEGORY: N_("Category"),
    DESCRIPTION: N_("Description"),
    HELP: N_("Hint"),
    OPTIONS: N_("Options"),
    CLASSES: N_("Names of classes"),
}
OF_QUESTION, OF_ANSWER = N_("Question"), N_("Heading of the answer")
NUMBERED: Final = {TextPart.QUESTION: N_("❓ Question {number}"), TextPart.ANSWER: N_("💬 Answer {number}")}


def text_name(text: ShownText, tr: Translator) -> str:
    if text.what == LABEL:
        return tr.gettext(OF_QUESTION if text.part is TextPart.QUESTION else OF_ANSWER)
    return tr.gettext(NAMES[text.what])


def group_name(text: ShownText, tr: Translator) -> str:
    """Of the question or the answer that it is of."""
    return tr.gettext(NUMBERED[text.part], number=text.number + 1)


def words_now(text: ShownText, tr: Translator, most: int) -> str:
    """In both languages, at most so many characters of each; of a list the first ones."""
    if text.values is not None:
        words = [next(iter(dict.fromkeys(each.values())), value) for value, each in text.values.items()]
        return cut_plain(", ".join(words), most)
    if not text.now:
        return "—"
    if text.what == ICON:
        return text.now[LANGUAGES[0]]
    both = [cut_plain(text.now[language], most) if language in text.now else "—" for language in LANGUAGES]
    return both[0] if both[0] == both[1] else " / ".join(both)


def lines_now(text: ShownText) -> str:
    """A list as it may be typed: a line each, in two languages where they differ."""
    assert text.values is not None
    rows = [[words.get(language, "") for language in LANGUAGES] for words in text.values.values()]
    if all(row[0] == row[1] for row in rows) or any(";" in cell or '"' in cell for row in rows for cell in row):
        return "\n".join(row[0] for row in rows)
    return "\n".join(";".join(row) for row in [list(LANGUAGES), *rows])
