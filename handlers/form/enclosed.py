"""A picture, a sound or a file as the answer."""

from dataclasses import replace

from handlers.form.flow import accept, asked_input, is_outdated, resume_over, unasked
from handlers.form.state import Form, Turn
from handlers.form.wanted import file_wanted, image_wanted, sound_wanted
from handlers.kit.form_state import FormState
from services.errors import N_
from services.manifests.manifest import ImageInput, ImagesInput, Input, SoundInput
from services.values.errors import InvalidValue, SoundExpected
from services.values.series import Taken
from services.values.table_values import TableValue


class PictureNotExpected(InvalidValue):
    message = N_("A picture cannot answer this. Please type the answer or choose a button.")


class FileNotExpected(InvalidValue):
    message = N_("A file cannot answer this. Please type the answer or choose a button.")


class SoundNotExpected(InvalidValue):
    message = N_("A sound cannot answer this. Please type the answer or choose a button.")


class PhotoExpected(InvalidValue):
    message = N_("A picture is expected here: a photo, or a JPEG, PNG or WebP file.")


def answer_image(form: Form, state: FormState, file_id: str) -> Turn:
    """A picture, kept as the file with this hex id. At the summary it replaces the form's only picture, or begins its
    only list of them anew."""
    if is_outdated(form, state):
        return resume_over(form, state)
    field = image_wanted(form, state)
    if field is None:
        return Turn(state=state, problem=None if state.asked is None else PictureNotExpected(), notice=unasked(state))
    if isinstance(field, ImagesInput):
        return _answer_one_more(form, state, field, file_id)
    return accept(form, state, field, {"file": file_id})


def _answer_one_more(form: Form, state: FormState, field: ImagesInput, file_id: str) -> Turn:
    """The question stays until there are as many as it takes, or *Done*."""
    asked = state if state.asked == field.name else state.at(field.name, editing=True)
    pictures = (*asked.pictures, file_id)
    if len(pictures) >= field.max_count:
        return accept(form, asked, field, {"files": [*pictures]})
    return Turn(state=replace(asked, pictures=pictures))


def answer_sound(form: Form, state: FormState, file_id: str) -> Turn:
    """A sound, kept as the file with this hex id; empty where none was wanted."""
    if is_outdated(form, state):
        return resume_over(form, state)
    field = sound_wanted(form, state)
    if field is None:
        return Turn(state=state, problem=None if state.asked is None else SoundNotExpected(), notice=unasked(state))
    return accept(form, state, field, {"file": file_id})


def answer_file(form: Form, state: FormState, found: Taken | TableValue) -> Turn:
    """A text or CSV file, for a series or a table, as what was found in it."""
    if is_outdated(form, state):
        return resume_over(form, state)
    field = file_wanted(form, state)
    if field is None:
        problem = _expected_of(asked_input(form, state))
        return Turn(state=state, problem=None if state.asked is None else problem, notice=unasked(state))
    return accept(form, state, field, found)


def _expected_of(field: Input | None) -> InvalidValue:
    """What a file that answers nothing is told."""
    match field:
        case ImageInput() | ImagesInput():
            return PhotoExpected()
        case SoundInput():
            return SoundExpected()
    return FileNotExpected()
