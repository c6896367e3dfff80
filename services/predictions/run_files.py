"""The pictures and sounds of rows that are run: read before, and kept before a row names them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from services.files.files import Files, media_type_of, parse_file_id
from services.manifests.manifest import FileInput, Manifest
from services.predictions.outcomes import Claimed, RunOutcome
from services.values.kept_files import places_in


class RunFiles:
    def __init__(self, files: Files) -> None:
        self._files = files

    async def stored(self, outcome: RunOutcome) -> RunOutcome:
        """The same, with ids of the files of its pictures. Raises StoreAway."""
        files = [await self._files.store(each, media_type_of(each)) for each in outcome.images.values()]
        return replace(outcome, files=dict(zip(outcome.images, files, strict=True)))

    async def pictures(self, manifest: Manifest | None, batch: Sequence[Claimed]) -> dict[UUID, dict[str, bytes]]:
        """By prediction and place in its row. Raises StoreAway."""
        names = [] if manifest is None else [each.name for each in manifest.inputs if isinstance(each, FileInput)]
        wanted = {claimed.id: _file_ids(names, claimed.inputs) for claimed in batch}
        owners = [(each, claimed.user_id) for claimed in batch for each in wanted[claimed.id].values()]
        content = await self._files.contents(owners) if owners else {}
        return {
            row: {name: content[file_id] for name, file_id in ids.items() if file_id in content}
            for row, ids in wanted.items()
        }


async def pictures_of(
    files: Files, manifest: Manifest, inputs: Mapping[str, object], *, user_id: int
) -> dict[str, bytes]:
    """Of one row, by place in it. Raises StoreAway."""
    names = [each.name for each in manifest.inputs if isinstance(each, FileInput)]
    ids = _file_ids(names, inputs)
    content = await files.contents((each, user_id) for each in ids.values())
    return {name: content[file_id] for name, file_id in ids.items() if file_id in content}


def _file_ids(names: Sequence[str], inputs: Mapping[str, object]) -> dict[str, UUID]:
    """By their place in a row. What is no reference to a file is left out; the model refuses the row for it, and that
    row alone."""
    places = [place for name in names for place in places_in(name, inputs.get(name)).items()]
    return {place: file_id for place, text in places if (file_id := parse_file_id(text)) is not None}
