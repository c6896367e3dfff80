"""The answers of a program to a model's questions: checked as the chat checks them, each with its own problem."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.errors import N_, ShopError
from services.files.files import Files, media_type_of
from services.manifests.inputs import ImageInput, ImagesInput, Input, SeriesInput, SoundInput
from services.market.live_answers import LiveAnswers
from services.values.errors import InvalidValue, PictureNotKept, SoundNotKept, Unanswered
from services.values.intake import Intake
from services.values.json_values import file_id_of, from_json, paper_in, picture_in, sound_in
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
    fields: Sequence[Input],
    told: Mapping[str, Any],
    *,
    user_id: int,
    files: Files,
    intake: Intake,
    live: LiveAnswers,
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
    looked = _Looked(user_id=user_id, files=files, intake=intake, live=live)
    for field in fields if not problems else ():
        try:
            if (value := await looked.at(field, told.get(field.name))) is not None:
                values[field.name] = value
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
    if paper_in(field, answer) is not None:
        return ""  # its prices are fetched when all else is right
    if isinstance(field, ImagesInput) and isinstance(answer, list):
        answer = [_UNREAD if isinstance(each, str) and picture_in(each) is not None else each for each in answer]
    return from_json(field, answer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What the shop has to look at, or to ask others for, before it is an answer."""

    user_id: int
    files: Files
    intake: Intake
    live: LiveAnswers

    async def at(self, field: Input, told: Any) -> Value | None:  # Any: JSON
        """The answer, where it is another than what was read of it. Raises leaves of InvalidValue."""
        match field:
            case ImageInput():
                return {"file": await self._kept(field, told)}
            case ImagesInput():
                return {"files": [await self._kept(field, each) for each in told]}
            case SeriesInput() if (paper := paper_in(field, told)) is not None:
                return await self.live.named(field, paper)
            case SoundInput():
                return {"file": await self._heard(field, told)}
        return None

    async def _heard(self, field: SoundInput, told: str) -> str:
        """The hex id of the sound's file. Raises what is wrong with it, also with one that was uploaded for another
        model."""
        content = sound_in(told)
        if content is not None:
            async with self.intake.upload(self.user_id) as received:
                await asyncio.to_thread(received.file.write, content)
                sound = await received.sound(field)
            return (await self.files.put(self.user_id, sound, media_type_of(sound))).hex
        file_id = file_id_of(told)
        kept = await self.files.get(file_id, user_id=self.user_id)
        if kept is None:
            raise SoundNotKept()
        await asyncio.to_thread(check_sound, field, kept)
        return file_id.hex

    async def _kept(self, field: ImageInput | ImagesInput, told: str) -> str:
        """The hex id of the picture's file."""
        content = picture_in(told)
        if content is None:
            file_id = file_id_of(told)
            if not await self.files.known([file_id.hex], user_id=self.user_id):
                raise PictureNotKept()
            return file_id.hex
        async with self.intake.upload(self.user_id) as received:
            await asyncio.to_thread(received.file.write, content)
            picture = await received.picture(field.prepare)
        file_id = await self.files.put(self.user_id, picture, media_type_of(picture))
        return file_id.hex
