"""Which screen a form shows."""

from handlers.form.questions import render_question
from handlers.form.state import Form, Turn
from handlers.form.summary import render_list, render_summary
from handlers.kit.form_state import Place
from handlers.telegram.screen import Screen
from i18n.translator import Translator


def render(form: Form, turn: Turn, tr: Translator, *, balance: int, can_top_up: bool = False) -> Screen:
    """`balance` in hundredths of a credit, for the summary; `can_top_up`: what it lacks can be bought. `turn` must come
    from this form: see `flow`."""
    if turn.state.asked is not None:
        return render_question(form, turn, tr)
    if turn.state.place is Place.LIST:
        return render_list(form, turn, tr)
    return render_summary(form, turn, tr, balance=balance, can_top_up=can_top_up)
