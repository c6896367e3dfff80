"""How a form moves: pure functions from a state and what the customer did to the next state."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from handlers.form.state import MANY, Action, Form, FormExit, Turn
from handlers.kit.form_state import FormState, Place, WaitingPapers, WaitingTable
from i18n.prices import ANOTHER_PRICE
from services.errors import N_
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
from services.market.live_answers import may_name_paper
from services.market.prices import Instrument, PriceJump
from services.values.errors import (
    ColumnWanted,
    InvalidMember,
    InvalidValue,
    NotWhole,
    OutOfRange,
    SoundExpected,
    WrongCount,
)
from services.values.parse import Value, check_value, default_value, parse_many, parse_text
from services.values.series import Taken, take_series
from services.values.table_values import TableValue

Asked = TypeVar("Asked", ImageInput, ImagesInput, SeriesInput, SoundInput, TableInput)

COLUMNS: Final = 64  # of a table that can be chosen from

CHANGED = N_("The model has changed in the meantime. Please check your answers.")
USE_BUTTONS = N_("Please press one of the buttons below.")


class PictureNotExpected(InvalidValue):
    message = N_("A picture cannot answer this. Please type the answer or choose a button.")


class FileNotExpected(InvalidValue):
    message = N_("A file cannot answer this. Please type the answer or choose a button.")


class SoundNotExpected(InvalidValue):
    message = N_("A sound cannot answer this. Please type the answer or choose a button.")


class PhotoExpected(InvalidValue):
    message = N_("A picture is expected here: a photo, or a JPEG, PNG or WebP file.")


def start(form: Form, *, nonce: str, answers: Mapping[str, Any] | None = None) -> Turn:
    """A fresh form at its first question; with the `answers` of an earlier one at the summary, or at the first question
    whose answer fits no more."""
    state = FormState(slug=form.slug, version=form.version, questions=form.questions, nonce=nonce, answers={})
    return _resume(form, replace(state, answers=dict(answers or {})), told=bool(answers))


def resume(form: Form, state: FormState) -> Turn:
    """Where a form that was left stands: its screen again."""
    return _resume(form, state) if _outdated(form, state) else Turn(state=state)


def answer(form: Form, state: FormState, text: str) -> Turn:
    """A typed answer: to the question asked, all values of a long form at once, or the column of a table."""
    if _outdated(form, state):
        return _resume(form, state)
    column = None if state.table is None else _column_typed(form, state, state.table, text)
    return column or _answer(form, state, _asked(form, state), text)


def _answer(form: Form, state: FormState, field: Input | None, text: str) -> Turn:
    sets = _rows(form, state, field)
    many: InvalidValue | None = None
    for fields in sets:
        try:
            values = dict(zip((each.name for each in fields), parse_many(fields, text), strict=True))
        except InvalidValue as problem:
            many = _closer(many, problem)
        else:
            return _advance(form, state.with_answers(values))
    if field is None:
        worth_telling = many is not None and (_is_row(text, many) or _looks_like_many(text))
        return Turn(state=state, problem=many if worth_telling else None, notice=None if worth_telling else USE_BUTTONS)
    try:
        return _accept(form, state, field, parse_text(field, text))
    except ColumnWanted as wanted:
        return ask_column(form, state, wanted, text=text)
    except InvalidValue as problem:
        if may_name_paper(field, text):
            return Turn(state=state.at(field.name, editing=state.editing), outcome=FormExit.LOOK_UP, given=text.strip())
        row = many is not None and (_is_row(text, many) or _looks_like_many(text))
        single = not row or (isinstance(problem, OutOfRange | NotWhole) and not _is_row(text, many))
        return Turn(state=state, problem=problem if single else many)


def answer_image(form: Form, state: FormState, file_id: str) -> Turn:
    """A picture, kept as the file with this hex id. At the summary it replaces the form's only picture, or begins its
    only list of them anew."""
    if _outdated(form, state):
        return _resume(form, state)
    field = image_wanted(form, state)
    if field is None:
        return Turn(state=state, problem=None if state.asked is None else PictureNotExpected(), notice=_unasked(state))
    if isinstance(field, ImagesInput):
        return _answer_one_more(form, state, field, file_id)
    return _accept(form, state, field, {"file": file_id})


def _answer_one_more(form: Form, state: FormState, field: ImagesInput, file_id: str) -> Turn:
    """The question stays until there are as many as it takes, or *Done*."""
    asked = state if state.asked == field.name else state.at(field.name, editing=True)
    pictures = (*asked.pictures, file_id)
    if len(pictures) >= field.max_count:
        return _accept(form, asked, field, {"files": [*pictures]})
    return Turn(state=replace(asked, pictures=pictures))


def answer_sound(form: Form, state: FormState, file_id: str) -> Turn:
    """A sound, kept as the file with this hex id; empty where none was wanted."""
    if _outdated(form, state):
        return _resume(form, state)
    field = sound_wanted(form, state)
    if field is None:
        return Turn(state=state, problem=None if state.asked is None else SoundNotExpected(), notice=_unasked(state))
    return _accept(form, state, field, {"file": file_id})


def answer_file(form: Form, state: FormState, found: Taken | TableValue) -> Turn:
    """A text or CSV file, for a series or a table, as what was found in it."""
    if _outdated(form, state):
        return _resume(form, state)
    field = file_wanted(form, state)
    if field is None:
        problem = _expected_of(_asked(form, state))
        return Turn(state=state, problem=None if state.asked is None else problem, notice=_unasked(state))
    return _accept(form, state, field, found)


def ask_column(
    form: Form, state: FormState, wanted: ColumnWanted, *, text: str | None = None, file: str | None = None
) -> Turn:
    """The table that came for a series has several columns; the question stays open until one is chosen."""
    field = series_wanted(form, state)
    assert field is not None
    asked = state.at(field.name, editing=state.editing or state.asked is None)
    columns = tuple(wanted.columns[:COLUMNS])
    return Turn(state=replace(asked, table=WaitingTable(columns=columns, text=text, file=file)))


def offer_papers(state: FormState, found: Sequence[Instrument], jumps: Sequence[PriceJump] = ()) -> Turn:
    """Several were found, or the prices of one are odd: the question stays open until it is said which."""
    changes = tuple((jump.day.isoformat(), jump.change) for jump in jumps)
    asked = state.at(state.asked, editing=state.editing)
    return Turn(state=replace(asked, papers=WaitingPapers(found=tuple(found), jumps=changes)))


def answer_prices(form: Form, state: FormState, prices: Value) -> Turn:
    """The prices of the paper that was chosen."""
    if _outdated(form, state):
        return _resume(form, state)
    field = series_wanted(form, state)
    return Turn(state=state, notice=_unasked(state)) if field is None else _accept(form, state, field, prices)


def image_wanted(form: Form, state: FormState) -> ImageInput | ImagesInput | None:
    """The input that a picture would answer now; None where it could be either of two."""
    one, several = _wanted(form, state, ImageInput), _wanted(form, state, ImagesInput)
    return one or several if one is None or several is None else None


def sound_wanted(form: Form, state: FormState) -> SoundInput | None:
    """The input that a sound would answer now."""
    return _wanted(form, state, SoundInput)


def series_wanted(form: Form, state: FormState) -> SeriesInput | None:
    """The input that numbers would answer now."""
    return _wanted(form, state, SeriesInput)


def file_wanted(form: Form, state: FormState) -> SeriesInput | TableInput | None:
    """The input that a file would answer now."""
    return series_wanted(form, state) or _wanted(form, state, TableInput)


def press(form: Form, state: FormState, action: Action) -> Turn:
    """A button. One of another form, or of a question that is not asked any more, changes nothing: `FormExit.STALE`."""
    if action.nonce != state.nonce:
        return Turn(state=state, outcome=FormExit.STALE)
    if _outdated(form, state):
        return _resume(form, state)
    if action.where != where(form, state):
        return Turn(state=state, outcome=FormExit.STALE)
    if action.verb == "x":
        return Turn(state=state, outcome=FormExit.CANCEL)
    field = _asked(form, state)
    if state.papers is not None:
        turn = _press_paper(state, state.papers, action)
    elif state.table is not None:
        turn = _press_column(form, state, state.table, action)
    elif isinstance(field, ImagesInput) and action.verb in {"n", "r"}:
        turn = _press_pictures(form, state, field, action)
    else:
        turn = _press_question(form, state, field, action) if field else _press_summary(form, state, action)
    return turn or Turn(state=state, outcome=FormExit.STALE)


def where(form: Form, state: FormState) -> str:
    """The screen as its buttons name it: the question's index, or the place."""
    if state.asked is None:
        return state.place.value
    index, waiting = str(form.index(state.asked)), state.papers or state.table
    return index if waiting is None else f"{index}.{waiting.mark}"


def _press_question(form: Form, state: FormState, field: Input, action: Action) -> Turn | None:
    match action.verb:
        case "b":
            return _back(form, state)
        case "d" | "o" if (value := _offered(field, action)) is not None:
            return _accept(form, state, field, value)
        case "k" if field.name in state.answers:
            return _advance(form, state)
        case "v" if action.argument < len(state.favourites):
            return Turn(state=state, outcome=FormExit.PAPER, paper=state.favourites[action.argument])
        case "t" if isinstance(field, TableInput):
            return Turn(state=state, outcome=FormExit.TEMPLATE)
    return _page(state, action)


def _page(state: FormState, action: Action) -> Turn | None:
    return Turn(state=replace(state, page=action.argument)) if action.verb == "p" else None


def _press_pictures(form: Form, state: FormState, field: ImagesInput, action: Action) -> Turn | None:
    """*Done*, or all anew."""
    if action.verb == "r":
        return Turn(state=replace(state, pictures=()))
    enough = len(state.pictures) >= field.min_count
    return _accept(form, state, field, {"files": [*state.pictures]}) if enough else None


def _offered(field: Input, action: Action) -> Value | None:
    return default_value(field) if action.verb == "d" else _option(field, action.argument)


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


def _press_paper(state: FormState, papers: WaitingPapers, action: Action) -> Turn | None:
    match action.verb:
        case "b":
            return Turn(state=state.at(state.asked, editing=state.editing))
        case "i" if action.argument < len(papers.found):
            return Turn(state=state, outcome=FormExit.PAPER, paper=papers.found[action.argument])
    return _page(state, action)


def _press_column(form: Form, state: FormState, table: WaitingTable, action: Action) -> Turn | None:
    match action.verb:
        case "b":
            return Turn(state=state.at(state.asked, editing=state.editing))
        case "c" if action.argument in dict(table.columns):
            return _column_chosen(form, state, table, action.argument)
    return _page(state, action)


def _column_chosen(form: Form, state: FormState, table: WaitingTable, number: int) -> Turn:
    field = series_wanted(form, state)
    if table.text is None or field is None:
        return Turn(state=state, outcome=FormExit.COLUMN, column=number)
    try:
        return _accept(form, state, field, take_series(field, table.text, column=number))
    except InvalidValue as problem:
        return Turn(state=state, problem=problem)


def _column_typed(form: Form, state: FormState, table: WaitingTable, text: str) -> Turn | None:
    """A column's name, or its number in the table; None for what answers the question itself."""
    word = " ".join(text.split()).casefold()
    for number, name in table.columns:
        if word in {name.casefold(), str(number)} - {""}:
            return _column_chosen(form, state, table, number)
    return Turn(state=state, notice=USE_BUTTONS) if len(word.split()) == 1 else None


def _back(form: Form, state: FormState) -> Turn:
    if state.editing:
        return Turn(state=state.at(None))
    index = form.index(state.asked or "")
    if index == 0:
        return Turn(state=state, outcome=FormExit.LEAVE)
    return Turn(state=state.at(form.fields[index - 1].name))


def _option(field: Input, index: int) -> Value | None:
    match field:
        case BooleanInput():
            return index == 1 if index < 2 else None
        case ChoiceInput() if index < len(field.options):
            return field.options[index].value
        case SeriesInput() if index < len(field.sources):
            return {"source": field.sources[index].value}
    return None


def _accept(form: Form, state: FormState, field: Input, value: Value) -> Turn:
    return _advance(form, state.with_answers({field.name: value}))


def _advance(form: Form, state: FormState) -> Turn:
    """To the next question without an answer, or the summary."""
    missing = [] if state.editing else [each.name for each in form.fields if each.name not in state.answers]
    here = form.index(state.asked) if state.asked else -1
    later = [name for name in missing if form.index(name) > here]
    return Turn(state=state.at(next(iter([*later, *missing]), None)))


def _resume(form: Form, state: FormState, *, told: bool = True) -> Turn:
    """The same form over today's questions: answers that still fit are kept."""
    kept = {each.name: value for each in form.fields if (value := _still_fits(each, state.answers)) is not None}
    lost = _is_of_another(form, state) or len(kept) < len(form.fields)
    fresh = replace(state, slug=form.slug, version=form.version, questions=form.questions, answers=kept).at(None)
    turn = _advance(form, fresh)
    return replace(turn, notice=CHANGED) if told and lost else turn


def _still_fits(field: Input, answers: Mapping[str, Any]) -> Value | None:
    try:
        return check_value(field, answers[field.name])
    except (InvalidValue, KeyError):
        return None


def _is_of_another(form: Form, state: FormState) -> bool:
    """Version of the model, or of its questions where its author forgot to say so."""
    return state.version != form.version or state.questions not in ("", form.questions)


def _outdated(form: Form, state: FormState) -> bool:
    names = {each.name for each in form.fields}
    return (
        _is_of_another(form, state)
        or (state.asked is not None and state.asked not in names)
        or not names >= state.answers.keys()
        or ((state.asked is None or state.editing) and names > state.answers.keys())
    )


def _asked(form: Form, state: FormState) -> Input | None:
    return None if state.asked is None else form.fields[form.index(state.asked)]


def _expected_of(field: Input | None) -> InvalidValue:
    """What a file that answers nothing is told."""
    match field:
        case ImageInput() | ImagesInput():
            return PhotoExpected()
        case SoundInput():
            return SoundExpected()
    return FileNotExpected()


def _unasked(state: FormState) -> str | None:
    return USE_BUTTONS if state.asked is None else None


def _wanted(form: Form, state: FormState, kind: type[Asked]) -> Asked | None:
    """The question asked, or at the summary the only one of this kind."""
    candidates = form.fields if state.asked is None else [_asked(form, state)]
    fitting = [each for each in candidates if isinstance(each, kind)]
    return fitting[0] if len(fitting) == 1 else None


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
