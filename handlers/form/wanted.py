"""Which question a picture, a sound, numbers or a file would answer now."""

from typing import TypeVar

from handlers.form.flow import asked_input
from handlers.form.state import Form
from handlers.kit.form_state import FormState
from services.manifests.manifest import ImageInput, ImagesInput, SeriesInput, SoundInput, TableInput

Asked = TypeVar("Asked", ImageInput, ImagesInput, SeriesInput, SoundInput, TableInput)


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


def _wanted(form: Form, state: FormState, kind: type[Asked]) -> Asked | None:
    """The question asked, or at the summary the only one of this kind."""
    candidates = form.fields if state.asked is None else [asked_input(form, state)]
    fitting = [each for each in candidates if isinstance(each, kind)]
    return fitting[0] if len(fitting) == 1 else None
