"""What the image studio shows: pages of styles with their samples, and what may follow a picture that was made."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from db.base import JsonObject
from services.files.files import Files
from services.manifests.manifest import ChoiceInput, ImageInput, ImageOutput, Manifest
from services.models.presets import Presets, PresetView
from services.predictions.history import History, PredictionView

STRENGTH: Final = "strength"
"""A choice of this name, weakest first, can be made stronger or weaker of a result."""
SHEETS: Final = 32  # kept in memory, some 60 kB each


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureJob:
    """A prediction that made one picture of one or more: the inputs' and outputs' names, and the files' ids. The photo
    is the first picture that the model asks for; what else it asks for (a style) is an answer as any other."""

    photo: str
    photo_id: UUID
    result: str
    result_id: UUID


class Studio:
    def __init__(self, presets: Presets, files: Files, history: History) -> None:
        self._presets, self._files, self._history = presets, files, history
        self._sheets: OrderedDict[tuple[object, ...], bytes] = OrderedDict()

    async def sheet(self, views: Sequence[PresetView]) -> bytes | None:
        """JPEG of the numbered samples of a page of styles; None where none has one. Raises StoreAway."""
        if not any(view.has_sample for view in views):
            return None
        key = tuple((view.slug, view.sample, view.sample_file_id) for view in views)
        if key not in self._sheets:
            samples = await asyncio.gather(*(self._sample(view) for view in views))
            self._sheets[key] = await asyncio.to_thread(_contact_sheet, samples)
            if len(self._sheets) > SHEETS:
                self._sheets.popitem(last=False)
        self._sheets.move_to_end(key)
        return self._sheets[key]

    async def compared(self, view: PredictionView, job: PictureJob) -> bytes | None:
        """JPEG of photo and result side by side; None where one of them is not kept any more. Raises StoreAway."""
        photo = await self._files.get(job.photo_id, user_id=view.user_id)
        result = (await self._history.images(view)).get(job.result)
        if photo is None or result is None:
            return None
        return await asyncio.to_thread(_side_by_side, photo, result)

    async def _sample(self, view: PresetView) -> bytes | None:
        return await self._presets.sample(view.slug) if view.has_sample else None


def picture_job(view: PredictionView, manifest: Manifest | None) -> PictureJob | None:
    """None where it made no picture, or several, or of none."""
    photos, results = picture_fields(manifest)
    files = (view.result or {}).get("files") or {}
    if not photos or len(results) != 1 or results[0] not in files:
        return None
    match view.inputs.get(photos[0]):
        case {"file": str(photo)}:
            return PictureJob(
                photo=photos[0], photo_id=UUID(photo), result=results[0], result_id=UUID(files[results[0]])
            )
    return None


def picture_fields(manifest: Manifest | None) -> tuple[list[str], list[str]]:
    """Names of inputs and of outputs that are pictures."""
    if manifest is None:
        return [], []
    photos = [field.name for field in manifest.inputs if isinstance(field, ImageInput)]
    return photos, [output.name for output in manifest.outputs if isinstance(output, ImageOutput)]


def with_strength(view: PredictionView, manifest: Manifest, *, steps: int) -> JsonObject | None:
    """The same answers with the strength so many steps up (or down); None where it goes no further."""
    field = next((each for each in manifest.inputs if each.name == STRENGTH and isinstance(each, ChoiceInput)), None)
    if field is None:
        return None
    values = [option.value for option in field.options]
    given = view.inputs.get(STRENGTH)
    place = values.index(given) + steps if given in values else -1
    return {**view.inputs, STRENGTH: values[place]} if 0 <= place < len(values) else None


def _contact_sheet(samples: Sequence[bytes | None]) -> bytes:
    from services.images.collage import contact_sheet  # with Pillow: 5 MB for whoever looks at styles

    return contact_sheet(samples)


def _side_by_side(before: bytes, after: bytes) -> bytes:
    from services.images.collage import side_by_side  # as above

    return side_by_side(before, after)
