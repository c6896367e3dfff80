"""A table with several columns came for a series: which one is meant."""

from dataclasses import replace
from typing import Final

from handlers.form.flow import USE_BUTTONS, accept, turn_page
from handlers.form.state import Action, Form, FormExit, Turn
from handlers.form.wanted import series_wanted
from handlers.kit.form_state import FormState, WaitingTable
from services.values.errors import ColumnWanted, InvalidValue
from services.values.series import take_series

COLUMNS: Final = 64  # of a table that can be chosen from


def ask_column(
    form: Form, state: FormState, wanted: ColumnWanted, *, text: str | None = None, file: str | None = None
) -> Turn:
    """The table that came for a series has several columns; the question stays open until one is chosen."""
    field = series_wanted(form, state)
    assert field is not None
    asked = state.at(field.name, editing=state.editing or state.asked is None)
    columns = tuple(wanted.columns[:COLUMNS])
    return Turn(state=replace(asked, table=WaitingTable(columns=columns, text=text, file=file)))


def press_column(form: Form, state: FormState, table: WaitingTable, action: Action) -> Turn | None:
    match action.verb:
        case "b":
            return Turn(state=state.at(state.asked, editing=state.editing))
        case "c" if action.argument in dict(table.columns):
            return _column_chosen(form, state, table, action.argument)
    return turn_page(state, action)


def column_typed(form: Form, state: FormState, table: WaitingTable, text: str) -> Turn | None:
    """A column's name, or its number in the table; None for what answers the question itself."""
    word = " ".join(text.split()).casefold()
    for number, name in table.columns:
        if word in {name.casefold(), str(number)} - {""}:
            return _column_chosen(form, state, table, number)
    return Turn(state=state, notice=USE_BUTTONS) if len(word.split()) == 1 else None


def _column_chosen(form: Form, state: FormState, table: WaitingTable, number: int) -> Turn:
    field = series_wanted(form, state)
    if table.text is None or field is None:
        return Turn(state=state, outcome=FormExit.COLUMN, column=number)
    try:
        return accept(form, state, field, take_series(field, table.text, column=number))
    except InvalidValue as problem:
        return Turn(state=state, problem=problem)
