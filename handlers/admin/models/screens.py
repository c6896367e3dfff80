"""Models on sale: what they cost, whether they are on, in which order."""

from collections.abc import Sequence

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.widgets import notice_first, panel_button, question
from handlers.kit import buttons as keyboards
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.models import besides_length, price_words, state_mark, state_words
from i18n.problems import problem_words
from i18n.text import cut_plain
from i18n.titles import title_of
from i18n.translator import Translator
from i18n.uploads import LEGEND_OF_DRAFTS
from services.errors import N_
from services.models.folders import FolderProblem
from services.models.manage import MAX_PRICE, ModelLine

EXAMPLE = 1_00  # hundredths, of a price
MOST_BROKEN, MOST_OF_PROBLEM = 8, 300  # folders; characters of each


def models_screen(
    models: Sequence[ModelLine], broken: Sequence[FolderProblem], drafts: Sequence[Button], tr: Translator
) -> Screen:
    """`broken`: folders that were never on sale; `drafts`: to the cards of files that were sent."""
    legend = tr.html(
        "🟢 on sale, ⚪ taken off, 💤 rests until its server works, 🛑 stopped by its failures, ⚠️ cannot be sold"
    )
    wrong = [tr.html("⚠️ <code>{folder}</code>: {problem}", **_told(each, tr)) for each in broken[:MOST_BROKEN]]
    head = legend if models else tr.html("There are none.")
    sent = tr.html(LEGEND_OF_DRAFTS) if drafts else ""
    own = tr.html("To sell a model of your own, send its .onnx file to this chat.")
    text = notice_first("", tr.html("<b>🧠 Models on sale</b>"), head, sent, "\n".join(wrong), own)
    rows = [(Button(text=_button(each, tr), action=names.action(names.MODEL, each.slug)),) for each in models]
    return Screen(text=text, rows=(*rows, *((each,) for each in drafts), (panel_button(tr),)))


def model_screen(model: ModelLine, tr: Translator, *, role: Role, notice: str = "") -> Screen:
    lines = [
        state_words(model, tr),
        tr.html("Price: <b>{price}</b>", price=price_words(model, model.price, tr)),
        tr.html("The author asks {price}", price=price_words(model, model.manifest_price, tr)),
        tr.html("Version {version}, <code>{slug}</code>", version=model.version, slug=model.slug),
    ]
    title = title_of(model, tr).heading
    rows = [*_actions(model, tr), (keyboards.back_button(tr, names.MODELS), panel_button(tr))]
    shown = rows[-1:] if role is Role.MODERATOR else rows
    return Screen(text=notice_first(notice, title, "\n".join(lines)), rows=tuple(shown))


def price_question(model: ModelLine, tr: Translator, *, again: bool = False) -> Screen:
    """`again`: the last answer was no such price."""
    words = (
        N_(
            "What shall each answer of “{title}” cost besides its length? "
            "Send credits from 0 (its length alone is paid) to {high}, for example {price}."
        )
        if model.by_length
        else N_("What shall “{title}” cost? Send credits from 0 (free) to {high}, for example {price}.")
    )
    text = tr.html(
        words,
        title=title_of(model, tr).text,
        high=tr.amount(MAX_PRICE),
        price=tr.amount(model.manifest_price or EXAMPLE),
    )
    own = Button(
        text=tr.gettext("As the author asks: {price}", price=price_words(model, model.manifest_price, tr)),
        action=names.action(names.MODEL, model.slug, names.AUTHORS_PRICE),
    )
    shown = f"⚠️ {text}" if again else text
    return question(shown, tr, back=names.action(names.MODEL, model.slug), rows=((own,),))


def _actions(model: ModelLine, tr: Translator) -> list[keyboards.Row]:
    def button(text: str, verb: str) -> Button:
        return Button(text=text, action=names.action(names.MODEL, model.slug, verb))

    switch = (
        button(tr.gettext("⚪ Take off the menu"), names.OFF)
        if model.enabled
        else button(tr.gettext("🟢 Put on sale"), names.ON)
    )
    figures = Button(text=tr.gettext("💬 How it does"), action=names.action(names.ASSISTANT, model.slug))
    talks = [(figures,)] if model.is_assistant else []
    again = (
        [(button(tr.gettext("🔁 Try it again"), names.AGAIN),)] if model.stopped_for is not None or model.fails else []
    )
    versions = Button(text=tr.gettext("🧬 Versions"), action=names.action(names.VERSIONS, model.slug))
    return [
        *talks,
        *([(versions,)] if model.uploaded else []),
        *again,
        (button(tr.gettext("💲 Price"), names.PRICE), switch),
        (button(tr.gettext("⬆️ Higher"), names.UP), button(tr.gettext("⬇️ Lower"), names.DOWN)),
    ]


def _told(broken: FolderProblem, tr: Translator) -> dict[str, str]:
    return {"folder": broken.slug, "problem": cut_plain(problem_words(broken.text, tr), MOST_OF_PROBLEM)}


def _button(model: ModelLine, tr: Translator) -> str:
    price = besides_length(model, tr.amount(model.price) if model.price else "", tr)
    return f"{state_mark(model)} {title_of(model, tr).cut(BUTTON - 20)} · {price}"
