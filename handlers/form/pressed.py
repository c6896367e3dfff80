"""A button under a question, a choice or the summary."""

from dataclasses import replace

from handlers.form.columns import press_column
from handlers.form.flow import accept, advance, asked_input, is_outdated, resume_over, turn_page, where
from handlers.form.found import press_paper
from handlers.form.state import Action, Form, FormExit, Turn
from handlers.kit.form_state import FormState, Place
from i18n.prices import ANOTHER_PRICE
from services.manifests.manifest import BooleanInput, ChoiceInput, ImagesInput, Input, SeriesInput, TableInput
from services.values.parse import Value, default_value


def press(form: Form, state: FormState, action: Action) -> Turn:
    """A button. One of another form, or of a question that is not asked any more, changes nothing: `FormExit.STALE`."""
    if action.nonce != state.nonce:
        return Turn(state=state, outcome=FormExit.STALE)
    if is_outdated(form, state):
        return resume_over(form, state)
    if action.where != where(form, state):
        return Turn(state=state, outcome=FormExit.STALE)
    if action.verb == "x":
        return Turn(state=state, outcome=FormExit.CANCEL)
    field = asked_input(form, state)
    if state.papers is not None:
        turn = press_paper(state, state.papers, action)
    elif state.table is not None:
        turn = press_column(form, state, state.table, action)
    elif isinstance(field, ImagesInput) and action.verb in {"n", "r"}:
        turn = _press_pictures(form, state, field, action)
    else:
        turn = _press_question(form, state, field, action) if field else _press_summary(form, state, action)
    return turn or Turn(state=state, outcome=FormExit.STALE)


def _press_question(form: Form, state: FormState, field: Input, action: Action) -> Turn | None:
    match action.verb:
        case "b":
            return _back(form, state)
        case "d" | "o" if (value := _offered(field, action)) is not None:
            return accept(form, state, field, value)
        case "k" if field.name in state.answers:
            return advance(form, state)
        case "v" if action.argument < len(state.favourites):
            return Turn(state=state, outcome=FormExit.PAPER, paper=state.favourites[action.argument])
        case "t" if isinstance(field, TableInput):
            return Turn(state=state, outcome=FormExit.TEMPLATE)
    return turn_page(state, action)


def _press_pictures(form: Form, state: FormState, field: ImagesInput, action: Action) -> Turn | None:
    """*Done*, or all anew."""
    if action.verb == "r":
        return Turn(state=replace(state, pictures=()))
    enough = len(state.pictures) >= field.min_count
    return accept(form, state, field, {"files": [*state.pictures]}) if enough else None


def _offered(field: Input, action: Action) -> Value | None:
    return default_value(field) if action.verb == "d" else _option(field, action.argument)


def _option(field: Input, index: int) -> Value | None:
    match field:
        case BooleanInput():
            return index == 1 if index < 2 else None
        case ChoiceInput() if index < len(field.options):
            return field.options[index].value
        case SeriesInput() if index < len(field.sources):
            return {"source": field.sources[index].value}
    return None


def _press_summary(form: Form, state: FormState, action: Action) -> Turn | None:
    target: FormState | None = None
    match state.place, action.verb:
        case Place.SUMMARY, "g" if action.argument == form.count - 1:
            return Turn(state=state, outcome=FormExit.PAY)
        case Place.SUMMARY, "g":  # pictures of the album have come since this price was shown
            return Turn(state=state, notice=ANOTHER_PRICE)
        case Place.SUMMARY, "b" if not form.fields:
            return Turn(state=state, outcome=FormExit.LEAVE)
        case Place.SUMMARY, "b":
            target = state.at(form.fields[-1].name)
        case Place.LIST, "b":
            target = state.at(None)
        case Place.LIST, "p":
            target = replace(state, page=action.argument)
        case _, "l":
            target = state.at(None, place=Place.LIST)
        case _, "e" if action.argument < len(form.fields):
            target = state.at(form.fields[action.argument].name, editing=True)
    return None if target is None else Turn(state=target)


def _back(form: Form, state: FormState) -> Turn:
    if state.editing:
        return Turn(state=state.at(None))
    index = form.index(state.asked or "")
    if index == 0:
        return Turn(state=state, outcome=FormExit.LEAVE)
    return Turn(state=state.at(form.fields[index - 1].name))
