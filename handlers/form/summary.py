"""All answers on a screen, with the price: the last look before paying."""

from typing import Final

from handlers.form.flow import where
from handlers.form.questions import heading, said
from handlers.form.state import Action, Form, Turn
from handlers.kit.buttons import Row, pages_row, topup_button
from handlers.kit.context import Viewer
from handlers.kit.form_state import FormState
from handlers.telegram.limits import BUTTON, TEXT, cut
from handlers.telegram.screen import Button, Screen
from i18n.inputs import value_words
from i18n.papers import judging_promise, price_facts, short_words
from i18n.prices import buy_words, plan_pays, plan_used_up, price_of_all
from i18n.text import cut_plain
from i18n.translator import Html, Translator

FEW: Final = 4  # so many answers have a button each right at the summary
LISTED: Final = 7  # buttons on a page of the list
ANSWERS: Final = 3200  # characters of answers; the price must be seen


def render_summary(form: Form, turn: Turn, viewer: Viewer) -> Screen:
    tr, balance = viewer.tr, viewer.user.balance
    parts = [
        heading(form, tr),
        said(turn, tr),
        cut(_answers(form, turn.state, tr), ANSWERS),
        tr.escape(_promise(form, turn.state, viewer)),
        _terms(form, tr, balance),
    ]
    text = "\n\n".join(part for part in parts if part)
    more = ((topup_button(tr),),) if viewer.features.payments and balance < form.price else ()
    return Screen(text=cut(text, TEXT), rows=(*more, *_summary_rows(form, turn.state, tr)))


def render_list(form: Form, turn: Turn, tr: Translator) -> Screen:
    """Which answer to change."""
    parts = [heading(form, tr), said(turn, tr), tr.html("Which answer should be changed?")]
    return Screen(text="\n\n".join(part for part in parts if part), rows=tuple(_list_rows(form, turn.state, tr)))


def _answers(form: Form, state: FormState, tr: Translator) -> Html:
    return Html("\n".join(_line(each.name, form, state, tr) for each in form.fields))


def _line(name: str, form: Form, state: FormState, tr: Translator) -> Html:
    field = form.fields[form.index(name)]
    value = state.answers[name]
    line = f"{tr.escape(cut_plain(tr.pick(field.label), 80))}: <b>{tr.escape(value_words(field, value, tr))}</b>"
    return Html("\n".join([line, *(f"<i>{tr.escape(fact)}</i>" for fact in price_facts(value, tr))]))


def _promise(form: Form, state: FormState, viewer: Viewer) -> str:
    """When the forecast is judged."""
    return judging_promise(form.manifest, state.answers, viewer.tr, told=not viewer.user.outcomes_muted)


def _terms(form: Form, tr: Translator, balance: int) -> Html:
    if form.price == 0 and form.plan_left:
        return plan_pays(form.plan_left, tr)
    if form.price == 0:
        return tr.html("This picture is free.") if form.paints else tr.html("This prediction is free.")
    price = tr.html("Price: <b>{price}</b>", price=tr.credits(form.price))
    if form.count > 1:
        price = price_of_all(form.price // form.count, form.count, tr)
    if form.plan_limit is not None:
        price = Html(f"{plan_used_up(form.plan_limit, tr)}\n{price}")
    if balance < form.price:
        lacking = tr.html(
            "Your balance is {balance}: {lacking} more is needed. Your answers are kept here.",
            balance=tr.amount(balance),
            lacking=tr.credits(form.price - balance),
        )
        return Html(f"{price}\n{lacking}")
    after = tr.amount(balance - form.price)
    change = tr.html("Balance: {before} → {after}", before=tr.amount(balance), after=after)
    return Html(f"{price}\n{change}")


def _summary_rows(form: Form, state: FormState, tr: Translator) -> list[Row]:
    rows: list[Row] = [(_button(form, state, buy_words(form.price, tr, paints=form.paints), "g", form.count - 1),)]
    if len(form.fields) <= FEW:
        rows += [(_edit(form, state, index, tr),) for index in range(len(form.fields))]
    else:
        rows.append((_button(form, state, tr.gettext("✏️ Change…"), "l"),))
    back, cancel = tr.gettext("‹ Back"), tr.gettext("✖ Cancel")
    return [*rows, (_button(form, state, back, "b"), _button(form, state, cancel, "x"))]


def _list_rows(form: Form, state: FormState, tr: Translator) -> list[Row]:
    pages = max(1, -(-len(form.fields) // LISTED))
    page = min(state.page, pages - 1)
    shown = range(page * LISTED, min((page + 1) * LISTED, len(form.fields)))
    rows: list[Row] = [(_edit(form, state, index, tr, answers=True),) for index in shown]
    turn = pages_row(tr, page=page, pages=pages, action=lambda to: _button(form, state, "", "p", to).action)
    return [*rows, *([turn] if turn else []), (_button(form, state, tr.gettext("‹ Back"), "b"),)]


def _edit(form: Form, state: FormState, index: int, tr: Translator, *, answers: bool = False) -> Button:
    field = form.fields[index]
    label = tr.pick(field.label)
    if answers:
        label = f"{label}: {short_words(field, state.answers[field.name], tr)}"
    return _button(form, state, f"✏️ {label}", "e", index)


def _button(form: Form, state: FormState, text: str, verb: str, argument: int = 0) -> Button:
    action = Action(nonce=state.nonce, where=where(form, state), verb=verb, argument=argument)
    return Button(text=cut_plain(text, BUTTON), action=str(action))
