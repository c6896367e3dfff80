"""How a form moves: from a state and an answer to the next question or the summary."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from handlers.form.state import Action, Form, Turn
from handlers.kit.form_state import FormState
from services.errors import N_
from services.manifests.manifest import Input
from services.values.errors import InvalidValue
from services.values.parse import Value, check_value

CHANGED = N_("The model has changed in the meantime. Please check your answers.")
USE_BUTTONS = N_("Please press one of the buttons below.")


def start(form: Form, *, nonce: str, answers: Mapping[str, Any] | None = None) -> Turn:
    """A fresh form at its first question; with the `answers` of an earlier one at the summary, or at the first question
    whose answer fits no more."""
    state = FormState(slug=form.slug, version=form.version, questions=form.questions, nonce=nonce, answers={})
    return resume_over(form, replace(state, answers=dict(answers or {})), told=bool(answers))


def resume(form: Form, state: FormState) -> Turn:
    """Where a form that was left stands: its screen again."""
    return resume_over(form, state) if is_outdated(form, state) else Turn(state=state)


def accept(form: Form, state: FormState, field: Input, value: Value) -> Turn:
    return advance(form, state.with_answers({field.name: value}))


def advance(form: Form, state: FormState) -> Turn:
    """To the next question without an answer, or the summary."""
    missing = [] if state.editing else [each.name for each in form.fields if each.name not in state.answers]
    here = form.index(state.asked) if state.asked else -1
    later = [name for name in missing if form.index(name) > here]
    return Turn(state=state.at(next(iter([*later, *missing]), None)))


def resume_over(form: Form, state: FormState, *, told: bool = True) -> Turn:
    """The same form over today's questions: answers that still fit are kept."""
    kept = {each.name: value for each in form.fields if (value := _still_fits(each, state.answers)) is not None}
    lost = _is_of_another(form, state) or len(kept) < len(form.fields)
    fresh = replace(state, slug=form.slug, version=form.version, questions=form.questions, answers=kept).at(None)
    turn = advance(form, fresh)
    return replace(turn, notice=CHANGED) if told and lost else turn


def is_outdated(form: Form, state: FormState) -> bool:
    names = {each.name for each in form.fields}
    return (
        _is_of_another(form, state)
        or (state.asked is not None and state.asked not in names)
        or not names >= state.answers.keys()
        or ((state.asked is None or state.editing) and names > state.answers.keys())
    )


def asked_input(form: Form, state: FormState) -> Input | None:
    return None if state.asked is None else form.fields[form.index(state.asked)]


def unasked(state: FormState) -> str | None:
    return USE_BUTTONS if state.asked is None else None


def turn_page(state: FormState, action: Action) -> Turn | None:
    return Turn(state=replace(state, page=action.argument)) if action.verb == "p" else None


def where(form: Form, state: FormState) -> str:
    """The screen as its buttons name it: the question's index, or the place."""
    if state.asked is None:
        return state.place.value
    index, waiting = str(form.index(state.asked)), state.papers or state.table
    return index if waiting is None else f"{index}.{waiting.mark}"


def _still_fits(field: Input, answers: Mapping[str, Any]) -> Value | None:
    try:
        return check_value(field, answers[field.name])
    except (InvalidValue, KeyError):
        return None


def _is_of_another(form: Form, state: FormState) -> bool:
    """Version of the model, or of its questions where its author forgot to say so."""
    return state.version != form.version or state.questions not in ("", form.questions)
