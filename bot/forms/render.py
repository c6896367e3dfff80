"""Which screen a form shows."""

from bot.forms.model import Form, Place, Turn
from bot.forms.questions import render_question
from bot.forms.summary import render_list, render_summary
from bot.i18n import Translator
from bot.screens import Screen


def render(form: Form, turn: Turn, tr: Translator, *, balance: int) -> Screen:
    """`balance` in hundredths of a credit, for the summary. `turn` must come from this form: see `flow`."""
    if turn.state.asked is not None:
        return render_question(form, turn, tr)
    if turn.state.place is Place.LIST:
        return render_list(form, turn, tr)
    return render_summary(form, turn, tr, balance=balance)
