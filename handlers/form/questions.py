"""One question on a screen."""

import datetime as dt
from typing import Final

from handlers.form.flow import where
from handlers.form.state import MANY, Action, Form, Turn
from handlers.kit.buttons import Row, pages_row
from handlers.kit.form_state import FormState, WaitingPapers, WaitingTable
from handlers.telegram.limits import BUTTON, TEXT, cut
from handlers.telegram.screen import Button, Screen
from i18n.inputs import allowed, change_words, example_row, example_words, value_words
from i18n.papers import short_words
from i18n.text import cut_plain
from i18n.titles import title_of
from i18n.translator import Html, Translator
from services.manifests.manifest import (
    BooleanInput,
    ChoiceInput,
    ImageInput,
    ImagesInput,
    Input,
    SeriesInput,
    SoundInput,
    TableInput,
)
from services.market.live_answers import is_asked
from services.values.errors import InvalidMember, WrongCount
from services.values.parse import Value, default_value

OPTIONS: Final = 8  # on one screen
HELP: Final = 1200
JUMPS: Final = 5  # told


def render_question(form: Form, turn: Turn, tr: Translator) -> Screen:
    state = turn.state
    assert state.asked is not None
    field = form.fields[form.index(state.asked)]
    if state.table is not None:
        return _render_columns(form, turn, field, state.table, tr)
    if state.papers is not None:
        return _render_papers(form, turn, state.papers, tr)
    parts = [heading(form, tr, _progress(form, state, tr)), said(turn, tr), _question(field, tr)]
    of_row = turn.problem is None or isinstance(turn.problem, InvalidMember | WrongCount)
    if of_row and _may_send_row(form, state, field):  # a wrong single answer is not the moment to offer more
        parts.append(_row_hint(form, tr))
    parts.append(_received(field, state, tr))
    if (given := state.answers.get(field.name)) is not None:
        parts.append(tr.html("Your answer now: <b>{answer}</b>", answer=value_words(field, given, tr)))
    text = "\n\n".join(part for part in parts if part)
    buttons = _Buttons(form, state, field, tr)
    return Screen(text=cut(text, TEXT), rows=tuple(buttons.rows()))


def _render_columns(form: Form, turn: Turn, field: Input, table: WaitingTable, tr: Translator) -> Screen:
    """Which column of a table answers the question."""
    title = f"<b>{tr.escape(cut_plain(_label(field, tr), 200))}</b>"
    asked = tr.html("The table has several columns with numbers. Which one should be taken?")
    parts = [heading(form, tr, _progress(form, turn.state, tr)), said(turn, tr), Html(f"{title}\n{asked}")]
    buttons = _Buttons(form, turn.state, field, tr)
    return Screen(text="\n\n".join(part for part in parts if part), rows=tuple(buttons.columns(table)))


def _render_papers(form: Form, turn: Turn, papers: WaitingPapers, tr: Translator) -> Screen:
    """Which of the papers that were found, or whether one with odd prices."""
    asked = tr.html("Which of them do you mean?")
    if papers.jumps:
        asked = jumps_told(papers, tr)
    parts = [heading(form, tr, _progress(form, turn.state, tr)), said(turn, tr), asked]
    buttons = _Buttons(form, turn.state, form.fields[form.index(turn.state.asked or "")], tr)
    return Screen(text="\n\n".join(part for part in parts if part), rows=tuple(buttons.papers(papers)))


def jumps_told(papers: WaitingPapers, tr: Translator) -> Html:
    """What the prices did, and what it may mean."""
    lines = [
        tr.html("{day}: {change} within a day", day=tr.day(dt.date.fromisoformat(day)), change=change_words(change, tr))
        for day, change in papers.jumps[:JUMPS]
    ]
    title = tr.html("The price of {name} jumped, and no split of the paper explains it:", name=papers.found[0].symbol)
    meant = tr.html("If it is a real price, take it all the same. If it is not, choose another paper.")
    return Html("\n".join([title, *lines, meant]))


def heading(form: Form, tr: Translator, note: str = "") -> Html:
    title = title_of(form, tr).heading
    return Html(f"{title} · {tr.escape(note)}" if note else title)


def said(turn: Turn, tr: Translator) -> Html:
    """What went wrong with the last answer, or what the customer should know."""
    if turn.problem is not None:
        return Html(f"⚠️ {tr.escape(cut_plain(tr.error(turn.problem), 600))}")
    return Html(f"ℹ️ {tr.html(turn.notice)}") if turn.notice else Html()


def _progress(form: Form, state: FormState, tr: Translator) -> str:
    if state.editing:
        return tr.gettext("changing an answer")
    return f"{form.index(state.asked or '') + 1}/{len(form.fields)}"


def _question(field: Input, tr: Translator) -> Html:
    """The title, what it means, what may be answered and an example."""
    lines = [Html(f"<b>{tr.escape(cut_plain(_label(field, tr), 200))}</b>")]
    if field.help is not None:
        lines.append(tr.escape(_shortened(tr.pick(field.help), HELP)))
    hint = [text for text in (_how(field, tr), allowed(field, tr), _example(field, tr)) if text]
    if hint:
        lines.append(Html(f"<i>{tr.escape(' '.join(hint))}</i>"))
    return Html("\n".join(lines))


def _label(field: Input, tr: Translator) -> str:
    unit = getattr(field, "unit", None)
    return f"{tr.pick(field.label)}, {tr.pick(unit)}" if unit is not None else tr.pick(field.label)


def _how(field: Input, tr: Translator) -> str:
    match field:
        case SeriesInput(live=live) if live:
            return tr.gettext("Type a ticker or a part of the name, or send your own prices: a file or numbers.")
        case SeriesInput(sources=sources) if sources:
            return tr.gettext("Choose one below, or send a CSV or text file, or paste the numbers.")
        case SeriesInput():
            return tr.gettext("Send a CSV or text file, or paste the numbers.")
        case BooleanInput() | ChoiceInput():
            return tr.gettext("Choose below.")
    return _how_to_send(field, tr)


def _how_to_send(field: Input, tr: Translator) -> str:
    match field:
        case TableInput():
            return tr.gettext("Send an Excel or CSV file whose first line names the columns, or paste the lines.")
        case ImageInput():
            return tr.gettext("Send a photo, or a picture as a file.")
        case ImagesInput():
            return tr.gettext("Send the photos together, as an album, or one after another.")
        case SoundInput():
            return tr.gettext("Record a voice message, or send an audio file.")
    return ""


def _received(field: Input, state: FormState, tr: Translator) -> Html:
    """How many pictures have come for a question that takes several."""
    if not isinstance(field, ImagesInput) or not state.pictures:
        return Html()
    come = tr.html("🖼 Received: <b>{n}</b> of {most}.", n=len(state.pictures), most=field.max_count)
    lacking = field.min_count - len(state.pictures)
    if lacking > 0:
        return Html(f"{come} " + tr.nhtml("{n} more is needed.", "{n} more are needed.", lacking))
    more = tr.html("Send more, or press Done.")
    return Html(f"{come} {more}")


def _example(field: Input, tr: Translator) -> str:
    example = example_words(field, tr)
    return tr.gettext("Example: {example}", example=cut_plain(example, 120)) if example else ""


def _shortened(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _may_send_row(form: Form, state: FormState, field: Input) -> bool:
    typed = form.typed
    first = field in typed and not any(each.name in state.answers for each in typed)
    return first and not state.editing and len(typed) >= MANY


def _row_hint(form: Form, tr: Translator) -> Html:
    row = example_row(form.typed, tr)
    told = tr.nhtml(
        "⚡ Or send all {n} value at once, in the order of the form. For example (tap to copy):",
        "⚡ Or send all {n} values at once, in the order of the form. For example (tap to copy):",
        len(form.typed),
    )
    return Html(f"{told}\n<code>{tr.escape(row)}</code>") if len(row) < 1500 else Html()


def _among_options(field: Input) -> bool:
    """Whether the default is one of the buttons anyway."""
    match field:
        case ChoiceInput(options=options):
            return len(options) <= OPTIONS
        case SeriesInput(sources=sources):
            return len(sources) <= OPTIONS
    return isinstance(field, BooleanInput)


class _Buttons:
    """The keyboard under one question."""

    def __init__(self, form: Form, state: FormState, field: Input, tr: Translator) -> None:
        self._form, self._state, self._field, self._tr = form, state, field, tr
        self._default = default_value(field)
        self._given = state.answers.get(field.name)

    def rows(self) -> list[Row]:
        tr = self._tr
        rows = self._options()
        if isinstance(self._field, TableInput):
            rows.append((self._button(tr.gettext("📄 A file to fill in"), "t"),))
        if isinstance(self._field, ImagesInput) and self._state.pictures:
            rows += self._of_pictures(self._field)
        elif self._given is not None:
            rows.append((self._button(tr.gettext("Keep: {answer}", answer=self._words(self._given)), "k"),))
        if self._default is not None and not _among_options(self._field) and self._default != self._given:
            rows.append((self._button(tr.gettext("Default: {answer}", answer=self._words(self._default)), "d"),))
        return [*rows, self._ways_out()]

    def _of_pictures(self, field: ImagesInput) -> list[Row]:
        tr, count = self._tr, len(self._state.pictures)
        again = (self._button(tr.gettext("↺ Other pictures"), "r"),)
        if count < field.min_count:
            return [again]
        done = tr.ngettext("✅ Done: {n} picture", "✅ Done: {n} pictures", count)
        return [(self._button(done, "n"),), again]

    def _ways_out(self) -> Row:
        return self._button(self._tr.gettext("‹ Back"), "b"), self._button(self._tr.gettext("✖ Cancel"), "x")

    def columns(self, table: WaitingTable) -> list[Row]:
        named = [(n, name or self._tr.gettext("Column {n}", n=n)) for n, name in table.columns]
        return [*self._paged([self._button(name, "c", n) for n, name in named]), self._ways_out()]

    def papers(self, papers: WaitingPapers) -> list[Row]:
        if papers.jumps:
            return [(self._button(self._tr.gettext("Take it all the same"), "i"),), self._ways_out()]
        found = [
            self._button(f"{each.symbol} · {each.name} · {each.exchange}", "i", n)
            for n, each in enumerate(papers.found)
        ]
        return [*self._paged(found), self._ways_out()]

    def _options(self) -> list[Row]:
        match self._field:
            case BooleanInput():
                yes, no = self._option(True, self._tr.gettext("Yes"), 1), self._option(False, self._tr.gettext("No"), 0)
                return [(yes, no)]
            case ChoiceInput(options=options):
                return self._paged([self._option(o.value, self._tr.pick(o.label), i) for i, o in enumerate(options)])
            case SeriesInput(sources=sources):
                named = [({"source": s.value}, self._tr.pick(s.label)) for s in sources]
                own = [self._option(value, label, i) for i, (value, label) in enumerate(named)]
                return self._paged([*self._favourites(), *own])
        return []

    def _favourites(self) -> list[Button]:
        if not isinstance(self._field, SeriesInput):
            return []
        return [
            self._button(f"⭐ {each.symbol} · {each.name}", "v", n)
            for n, each in enumerate(self._state.favourites)
            if is_asked(self._field, each)
        ]

    def _paged(self, options: list[Button]) -> list[Row]:
        pages = max(1, -(-len(options) // OPTIONS))
        page = min(self._state.page, pages - 1)
        shown = options[page * OPTIONS : (page + 1) * OPTIONS]
        wide = 1 if any(len(button.text) > 16 for button in shown) or len(shown) < 4 else 2
        rows: list[Row] = [tuple(shown[i : i + wide]) for i in range(0, len(shown), wide)]
        turn = pages_row(self._tr, page=page, pages=pages, action=lambda to: self._button("", "p", to).action)
        return [*rows, turn] if turn else rows

    def _option(self, value: Value, label: str, index: int) -> Button:
        mark = "✓ " if value == self._given else ""
        usual = self._tr.gettext(" · default") if value == self._default and not mark else ""
        return self._button(f"{mark}{cut_plain(label, BUTTON - 20)}{usual}", "o", index)

    def _words(self, value: Value) -> str:
        return short_words(self._field, value, self._tr)

    def _button(self, text: str, verb: str, argument: int = 0) -> Button:
        action = Action(nonce=self._state.nonce, where=where(self._form, self._state), verb=verb, argument=argument)
        return Button(text=cut_plain(text, BUTTON), action=str(action))
