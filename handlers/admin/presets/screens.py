"""Styles: the list, one of them, the questions about its parts."""

from collections.abc import Mapping, Sequence
from typing import Final

from db.tables.users import Role
from handlers.admin import buttons as names
from handlers.admin.presets.parts import BUTTONS, QUESTIONS, StylePart
from handlers.admin.widgets import confirmation, notice_first, panel_button, question
from handlers.kit import buttons as keyboards
from handlers.telegram.limits import BUTTON
from handlers.telegram.screen import Button, Screen
from i18n.text import cut_plain
from i18n.titles import title_of
from i18n.translator import Html, Translator
from services.models.manage import ModelLine
from services.models.presets import PresetView
from services.pages import Page

ON_PAGE: Final = 10


def presets_screen(found: Page[PresetView], tr: Translator, *, role: Role, notice: str = "") -> Screen:
    """`notice`: HTML."""
    legend = tr.html("🟢 on sale, ⚪ taken off") if found.items else tr.html("There are none yet.")
    rows: list[keyboards.Row] = [
        (Button(text=_button(each, tr), action=names.action(names.PRESET, each.slug)),) for each in found.items
    ]
    turn = keyboards.pages_row(
        tr, page=found.page, pages=found.pages, action=lambda to: names.action(names.PRESETS, to)
    )
    rows += [turn] if turn else []
    if role is Role.OWNER:
        rows.append((Button(text=tr.gettext("➕ New style"), action=names.action(names.PRESETS, names.NEW)),))
    return Screen(text=notice_first(notice, tr.html("<b>🎨 Styles</b>"), legend), rows=(*rows, (panel_button(tr),)))


def preset_screen(view: PresetView, tr: Translator, *, role: Role, notice: str = "") -> Screen:
    """`notice`: HTML."""
    state = tr.html("🟢 On sale") if view.enabled else tr.html("⚪ Taken off the menu")
    if view.enabled and not view.sold:
        state = tr.html("⚠️ Its model is not on sale")
    category = view.category or {}
    names_of_both = tr.html("<b>{ru}</b> / {en}", ru=view.title.get("ru", ""), en=view.title.get("en", ""))
    lines = [
        Html(f"{tr.escape(view.icon)} {names_of_both}") if view.icon else names_of_both,
        tr.html("Category: {ru} / {en}", ru=category.get("ru", "–"), en=category.get("en", "–")),
        tr.html("Price: <b>{price}</b>", price=tr.credits(view.price) if view.price else tr.gettext("free")),
        tr.html("Model: <code>{slug}</code>", slug=view.model_slug),
    ]
    if view.inputs:
        given = ", ".join(f"{name} = {value}" for name, value in view.inputs.items())
        lines.append(tr.html("Answers: {answers}", answers=cut_plain(given, 600)))
    if view.prompt:
        lines.append(tr.html("Prompt: {prompt}", prompt=cut_plain(view.prompt, 600)))
    lines.append(_sample(view, tr))
    lines.append(state)
    rows = [*_actions(view, tr), (keyboards.back_button(tr, names.PRESETS), panel_button(tr))]
    shown = rows if role is Role.OWNER else rows[-1:]
    return Screen(text=notice_first(notice, Html("\n".join(lines))), rows=tuple(shown))


def _sample(view: PresetView, tr: Translator) -> Html:
    if view.sample_file_id is not None:
        return tr.html("Sample: sent by an owner")
    return tr.html("Sample: of the model's folder") if view.has_sample else tr.html("Sample: none")


def model_question(models: Sequence[ModelLine], tr: Translator) -> Screen:
    """Which model the new style is of."""
    rows = [
        (
            Button(
                text=cut_plain(str(title_of(each, tr)), BUTTON),
                action=names.action(names.PRESETS, names.OF, each.slug),
            ),
        )
        for each in models
    ]
    return question(tr.html("A style of which model?"), tr, back=names.PRESETS, rows=rows)


def part_question(part: StylePart, tr: Translator, *, slug: str | None, problem: str = "") -> Screen:
    """`slug`: of the style that is changed; None of a new one."""
    back = names.PRESETS if slug is None else names.action(names.PRESET, slug)
    return question(tr.html(QUESTIONS[part]), tr, back=back, problem=problem)


def new_confirmation(draft: Mapping[str, str], answers: str, nonce: str, tr: Translator) -> Screen:
    """`answers`: those of the owner's latest prediction with the model, in a line; the style fills them in."""
    lines = [
        tr.html("<b>{ru}</b> / {en}", ru=draft[StylePart.NAME_RU], en=draft[StylePart.NAME_EN]),
        tr.html("Category: {ru} / {en}", ru=draft[StylePart.CATEGORY_RU], en=draft[StylePart.CATEGORY_EN]),
    ]
    if answers:
        lines.append(tr.html("It fills in the answers of your latest prediction: {answers}", answers=answers))
    else:
        lines.append(
            tr.html("It fills in nothing: buy a prediction of this model first, then its answers are taken over.")
        )
    text = notice_first("", tr.html("Put this style on sale?"), Html("\n".join(lines)))
    return confirmation(text, tr, yes=tr.gettext("✅ Put on sale"), nonce=nonce, back=names.PRESETS)


def _actions(view: PresetView, tr: Translator) -> list[keyboards.Row]:
    def button(text: str, verb: str) -> Button:
        return Button(text=text, action=names.action(names.PRESET, view.slug, verb))

    edits = {part: button(tr.gettext(words), part) for part, words in BUTTONS.items()}
    switch = (
        button(tr.gettext("⚪ Take off the menu"), names.OFF)
        if view.enabled
        else button(tr.gettext("🟢 Put on sale"), names.ON)
    )
    rows: list[keyboards.Row] = [
        (edits[StylePart.NAME_RU], edits[StylePart.NAME_EN]),
        (edits[StylePart.CATEGORY_RU], edits[StylePart.CATEGORY_EN]),
        (edits[StylePart.ICON], edits[StylePart.PRICE]),
        (edits[StylePart.PROMPT], edits[StylePart.SAMPLE]),
        (button(tr.gettext("📋 Answers of my latest prediction"), names.ANSWERS),),
        (button(tr.gettext("⬆️ Higher"), names.UP), button(tr.gettext("⬇️ Lower"), names.DOWN)),
        (switch,),
    ]
    if not view.from_file:
        rows.append((button(tr.gettext("🗑 Delete"), names.DELETE),))
    return rows


def _button(view: PresetView, tr: Translator) -> str:
    mark = "🟢" if view.sold else "⚪"
    price = tr.amount(view.price) if view.price else tr.gettext("free")
    return f"{mark} {title_of(view, tr).cut(BUTTON - 24)} · {price}"
