"""A message: one answer, or those to several questions at once."""

import re
from collections.abc import Sequence

from handlers.form.columns import ask_column, column_typed
from handlers.form.flow import USE_BUTTONS, accept, advance, asked_input, is_outdated, resume_over
from handlers.form.state import MANY, Form, FormExit, Turn
from handlers.kit.form_state import FormState
from services.manifests.manifest import Input
from services.market.live_answers import may_name_paper
from services.values.errors import ColumnWanted, InvalidMember, InvalidValue, NotWhole, OutOfRange, WrongCount
from services.values.parse import is_sample, parse_many, parse_text


def answer(form: Form, state: FormState, text: str) -> Turn:
    """A typed answer: to the question asked, all values of a long form at once, or the column of a table."""
    if is_outdated(form, state):
        return resume_over(form, state)
    column = None if state.table is None else column_typed(form, state, state.table, text)
    return column or _answer(form, state, asked_input(form, state), text)


def _answer(form: Form, state: FormState, field: Input | None, text: str) -> Turn:
    sets = _rows(form, state, field)
    many: InvalidValue | None = None
    for fields in sets:
        try:
            values = dict(zip((each.name for each in fields), parse_many(fields, text), strict=True))
        except InvalidValue as problem:
            many = _closer(many, problem)
        else:
            return advance(form, state.with_answers(values))
    if field is None:
        worth_telling = many is not None and (_is_row(text, many) or _looks_like_many(text))
        return Turn(state=state, problem=many if worth_telling else None, notice=None if worth_telling else USE_BUTTONS)
    return _of_one(form, state, field, text, many)


def _of_one(form: Form, state: FormState, field: Input, text: str, many: InvalidValue | None) -> Turn:
    """`many`: why it does not answer several questions."""
    paper = Turn(state=state.at(field.name, editing=state.editing), outcome=FormExit.LOOK_UP, given=text.strip())
    try:
        value = parse_text(field, text)
        if is_sample(value) and may_name_paper(field, text):
            return paper  # the exchange may trade what a sample is called
        return accept(form, state, field, value)
    except ColumnWanted as wanted:
        return ask_column(form, state, wanted, text=text)
    except InvalidValue as problem:
        if may_name_paper(field, text):
            return paper
        row = many is not None and (_is_row(text, many) or _looks_like_many(text))
        single = not row or (isinstance(problem, OutOfRange | NotWhole) and not _is_row(text, many))
        return Turn(state=state, problem=problem if single else many)


def _rows(form: Form, state: FormState, field: Input | None) -> Sequence[Sequence[Input]]:
    """The sets of inputs that one message may answer now: all that fit into a line, or those still missing."""
    typed = form.typed
    if state.editing or (field is not None and field not in typed):
        return []
    missing = [each for each in typed if each.name not in state.answers]
    sets: list[Sequence[Input]] = [typed] if len(missing) in {0, len(typed)} else [typed, missing]
    return [fields for fields in sets if len(fields) >= MANY]


def _closer(first: InvalidValue | None, second: InvalidValue) -> InvalidValue:
    """Of two attempts the one with as many values as questions."""
    return second if first is None or (isinstance(second, InvalidMember) and isinstance(first, WrongCount)) else first


def _is_row(text: str, problem: InvalidValue | None) -> bool:
    """Whether its separators say so: as many values between commas as there are questions, or several between
    semicolons, tabs or lines."""
    if isinstance(problem, InvalidMember) and re.search(r",\s", text):
        return True
    return len([part for part in re.split(r"[;\t\n]", text) if part.strip()]) >= MANY


def _looks_like_many(text: str) -> bool:
    """Whether somebody who typed this meant a row of values, not a sentence."""
    tokens = [token for token in re.split(r"[\s;,]+", text) if token]
    with_digits = sum(any(c.isdigit() for c in token) for token in tokens)
    return len(tokens) >= MANY and with_digits * 3 >= len(tokens) * 2
