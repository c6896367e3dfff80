"""The answers of a program to a model's questions: checked as the chat checks them, each with its own problem."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.errors import N_, ShopError
from services.files.files import Files, media_type_of
from services.manifests.inputs import ImageInput, ImagesInput, Input, SoundInput
from services.values.errors import InvalidValue, PictureNotKept, SoundNotKept, Unanswered
from services.values.intake import Intake
from services.values.json_values import file_id_of, from_json, picture_in, sound_in
from services.values.parse import Value, default_value
from services.values.sounds import check_sound

_UNREAD: Final = "0" * 32  # in the place of a picture that is looked at when all else is right


class UnknownField(InvalidValue):
    message = N_("There is no such question.")


class WrongAnswers(ShopError):
    """`problems`: by the question's name."""

    message = N_("Some answers are missing or do not fit.")

    def __init__(self, problems: Mapping[str, ShopError]) -> None:
        super().__init__(fields=", ".join(problems))
        self.problems = problems


async def read_answers(
    fields: Sequence[Input], told: Mapping[str, Any], *, user_id: int, files: Files, intake: Intake
) -> dict[str, Value]:  # Any: JSON
    """Values by name; what is left out has its default. Pictures and sounds that come along are looked at and kept.
    Raises `WrongAnswers`, and what keeps the shop from looking at them now."""
    values: dict[str, Value] = {}
    names = {field.name for field in fields}
    problems: dict[str, ShopError] = {name: UnknownField() for name in told if name not in names}
    for field in fields:
        try:
            values[field.name] = _read(field, told)
        except InvalidValue as problem:
            problems[field.name] = problem
    if not problems:
        for field in fields:
            try:
                if isinstance(field, ImageInput):
                    values[field.name] = {"file": await _kept(field, told[field.name], user_id, files, intake)}
                elif isinstance(field, ImagesInput):
                    kept = [await _kept(field, each, user_id, files, intake) for each in told[field.name]]
                    values[field.name] = {"files": kept}
                elif isinstance(field, SoundInput):
                    values[field.name] = {"file": await _heard(field, told[field.name], user_id, files, intake)}
            except InvalidValue as problem:
                problems[field.name] = problem
    if problems:
        raise WrongAnswers(problems)
    return values


def _read(field: Input, told: Mapping[str, Any]) -> Value:  # Any: JSON
    if told.get(field.name) is None:
        if (value := default_value(field)) is None:
            raise Unanswered()
        return value
    answer = told[field.name]
    if isinstance(field, ImageInput) and isinstance(answer, str) and picture_in(answer) is not None:
        return answer  # it is looked at when all else is right
    if isinstance(field, SoundInput) and isinstance(answer, str) and sound_in(answer) is not None:
        return answer
    if isinstance(field, ImagesInput) and isinstance(answer, list):
        answer = [_UNREAD if isinstance(each, str) and picture_in(each) is not None else each for each in answer]
    return from_json(field, answer)


async def _heard(field: SoundInput, told: str, user_id: int, files: Files, intake: Intake) -> str:
    """The hex id of the sound's file. Raises what is wrong with it, also with one that was uploaded for another
    model."""
    content = sound_in(told)
    if content is not None:
        async with intake.upload(user_id) as received:
            await asyncio.to_thread(received.file.write, content)
            sound = await received.sound(field)
        return (await files.put(user_id, sound, media_type_of(sound))).hex
    file_id = file_id_of(told)
    kept = await files.get(file_id, user_id=user_id)
    if kept is None:
        raise SoundNotKept()
    await asyncio.to_thread(check_sound, field, kept)
    return file_id.hex


async def _kept(field: ImageInput | ImagesInput, told: str, user_id: int, files: Files, intake: Intake) -> str:
    """The hex id of the picture's file."""
    content = picture_in(told)
    if content is None:
        file_id = file_id_of(told)
        if not await files.known([file_id.hex], user_id=user_id):
            raise PictureNotKept()
        return file_id.hex
    async with intake.upload(user_id) as received:
        await asyncio.to_thread(received.file.write, content)
        picture = await received.picture(field.prepare)
    file_id = await files.put(user_id, picture, media_type_of(picture))
    return file_id.hex
