"""Which screen a form shows."""

from handlers.form.questions import render_question
from handlers.form.state import Form, Turn
from handlers.form.summary import render_list, render_summary
from handlers.kit.context import Viewer
from handlers.kit.form_state import Place
from handlers.telegram.screen import Screen


def render(form: Form, turn: Turn, viewer: Viewer) -> Screen:
    """`turn` must come from this form: see `flow`."""
    if turn.state.asked is not None:
        return render_question(form, turn, viewer.tr)
    if turn.state.place is Place.LIST:
        return render_list(form, turn, viewer.tr)
    return render_summary(form, turn, viewer)
