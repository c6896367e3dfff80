"""What customers read of a model, as its owner sees and changes it in the chat."""

from collections.abc import Sequence
from typing import Final

from handlers.admin import buttons as names
from handlers.admin.uploads.screens import LABEL, head
from handlers.admin.widgets import notice_first, question
from handlers.kit import buttons as keyboards
from handlers.telegram.limits import BUTTON, TEXT, cut
from handlers.telegram.screen import Button, Screen
from i18n.text import cut_plain
from i18n.translator import Html, Translator
from i18n.upload_texts import group_name, lines_now, text_name, words_now
from i18n.uploads import title_of_version
from services.errors import N_
from services.models.uploads.texts import ICON, ShownText, TextPart
from services.models.uploads.wording import VersionTexts

ON_PAGE: Final = 8
SHOWN: Final = 300  # characters of a text that stands there now
LIST_SHOWN: Final = 1500
PAGE, GROUP, TEXT_AT, KEPT, NONE = "p", "g", "t", "k", "x"
"""What a button does, before the number of a page or of a text, as adm-txt has them."""
ASKED: Final = {
    "ru": N_("Send it in Russian."),
    "en": N_("And now in English."),
    ICON: N_("Send one emoji."),
}
LIST_ASKED: Final = N_(
    "Send them all, one a line, in this order, or a text file with them. "
    "For two languages begin with the line ru;en and write кот;cat."
)


def texts_screen(texts: VersionTexts, page: int, tr: Translator, *, notice: str = "") -> Screen:
    """All of them at a glance. `notice`: HTML."""
    groups = [at for at, text in enumerate(texts.texts) if text.part is not TextPart.MODEL and _begins(texts, at)]
    pages = max(1, -(-len(groups) // ON_PAGE))
    page = min(max(page, 0), pages - 1)
    shown = groups[page * ON_PAGE : (page + 1) * ON_PAGE]
    own = [at for at, text in enumerate(texts.texts) if text.part is TextPart.MODEL]
    lines = [_line(text_name(texts.texts[at], tr), texts.texts[at], tr, SHOWN) for at in own]
    lines += [_line(group_name(texts.texts[at], tr), texts.texts[at], tr, LABEL) for at in shown]
    told = tr.html("This is what customers read, in Russian / in English. Tap what you want to change, at any time.")
    parts = (head(title_of_version(texts.version, tr), tr), told, Html("\n".join(lines)))
    buttons = [_button(texts, TEXT_AT, at, text_name(texts.texts[at], tr)) for at in own]
    rows: list[keyboards.Row] = [tuple(buttons[:2]), tuple(buttons[2:])]
    rows += [(_button(texts, GROUP, at, _group_label(texts.texts[at], tr)),) for at in shown]
    turn = keyboards.pages_row(tr, page=page, pages=pages, action=lambda to: _action(texts, PAGE, to))
    rows += [turn] if turn else []
    card = Button(text=tr.gettext("🧪 To its card"), action=names.action(names.UPLOAD, texts.version.id.hex))
    return Screen(text=cut(notice_first(notice, *parts), TEXT), rows=(*rows, (card,)))


def group_screen(texts: VersionTexts, at: int, tr: Translator, *, notice: str = "") -> Screen:
    """Of the question or answer that the text at this place is of. `notice`: HTML."""
    group = _group(texts, at)
    lines = [_line(text_name(texts.texts[each], tr), texts.texts[each], tr, SHOWN) for each in group]
    rows = [(_button(texts, TEXT_AT, each, text_name(texts.texts[each], tr)),) for each in group]
    back = keyboards.back_button(tr, names.action(names.UPLOAD_TEXTS, texts.version.id.hex))
    title = tr.html("<b>{title}</b>", title=group_name(texts.texts[at], tr))
    return Screen(text=cut(notice_first(notice, title, Html("\n".join(lines))), TEXT), rows=(*rows, (back,)))


def text_question(
    texts: VersionTexts, at: int, language: str, tr: Translator, *, notice: str = "", problem: str = ""
) -> Screen:
    """`language`: which of the two is asked; `notice`, `problem`: HTML."""
    text, rows = texts.texts[at], []
    asked = tr.html(LIST_ASKED) if text.is_list else tr.html(ASKED[ICON if text.what == ICON else language])
    if not text.is_list and text.what != ICON:
        rows.append((_button(texts, f"{KEPT}{language}", at, tr.gettext("⏭ Leave it as it is")),))
    if not text.is_needed and not text.is_list and text.now:
        rows.append((_button(texts, NONE, at, tr.gettext("🧹 Without it")),))
    name = text_name(text, tr) if text.part is TextPart.MODEL else f"{group_name(text, tr)} · {text_name(text, tr)}"
    parts = [notice, tr.html("<b>{name}</b>", name=name), asked, _now(text, language, tr)]
    verb = TEXT_AT if text.part is TextPart.MODEL else GROUP
    back = _action(texts, PAGE, 0) if verb == TEXT_AT else _action(texts, GROUP, at)
    return question(notice_first("", *parts), tr, back=back, problem=problem, rows=rows)


def _now(text: ShownText, language: str, tr: Translator) -> Html:
    if text.is_list:
        return Html(f"<pre>{tr.escape(lines_now(text)[:LIST_SHOWN])}</pre>")
    said = text.now.get(language)
    if not said:
        return tr.html("There is nothing yet.")
    return Html("{}\n{}".format(tr.html("Now:"), tr.escape(said)))


def _line(name: str, text: ShownText, tr: Translator, most: int) -> Html:
    return tr.html("<b>{name}</b>: {now}", name=name, now=words_now(text, tr, most))


def _group_label(text: ShownText, tr: Translator) -> str:
    return cut_plain(f"{group_name(text, tr)}: {text.now.get(tr.language, '')}", BUTTON)


def _begins(texts: VersionTexts, at: int) -> bool:
    return at == _group(texts, at)[0]


def _group(texts: VersionTexts, at: int) -> Sequence[int]:
    own = (texts.texts[at].part, texts.texts[at].number)
    return [place for place, each in enumerate(texts.texts) if (each.part, each.number) == own]


def _button(texts: VersionTexts, verb: str, at: int, words: str) -> Button:
    return Button(text=words, action=_action(texts, verb, at))


def _action(texts: VersionTexts, verb: str, number: int) -> str:
    return names.action(names.UPLOAD_TEXTS, texts.version.id.hex, f"{verb}{number}")
