"""A model that is a server of the images API and a prompt."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from services.errors import ShopError
from services.inference.errors import BadInput, ModelBroken
from services.inference.runtimes.images.client import ImagesClient
from services.inference.runtimes.images.prompt import PromptUnfit, prompt_of, read_prompt
from services.inference.runtimes.images.spec import ImagesSpec
from services.inference.runtimes.pictures import written_anew
from services.inference.tensors import Result, Row
from services.manifests.manifest import ImageInput, ImagesInput, Manifest
from services.values.kept_files import contents_in


class ImagesRuntime:
    """With pictures among the inputs it edits them, else it generates. The API keeps no jobs: a run that is tried again
    is another one there, and the customer pays once."""

    def __init__(self, manifest: Manifest, _folder: Path) -> None:
        spec = manifest.runtime
        assert isinstance(spec, ImagesSpec)
        try:
            headers = spec.sent_headers()
            self._parts = read_prompt(spec.prompt, manifest.inputs)
        except KeyError as error:
            fix = "Set it where the shop runs"
            raise ModelBroken(problem=f"the variable {error.args[0]} is not set", fix=fix) from None
        except PromptUnfit as error:
            raise ModelBroken(problem=f"runtime.prompt: {error.problem}", fix=error.fix) from None
        self._spec = spec
        self._inputs = {field.name: field for field in manifest.inputs}
        self._pictures = [field for field in manifest.inputs if isinstance(field, ImageInput | ImagesInput)]
        self._output = manifest.outputs[0].name
        self._client = ImagesClient(spec.url, headers)

    async def check(self) -> None:
        known = await self._client.models()
        if self._spec.model is not None and known and self._spec.model not in known:
            fix = f"Name one of: {', '.join(known[:20])}"
            raise ModelBroken(problem=f'the server has no model "{self._spec.model}"', fix=fix)

    async def run(self, rows: Sequence[Row]) -> Sequence[Result | ShopError]:
        return [await self._run(row) for row in rows]

    async def cancel(self, prediction_id: UUID) -> None:
        """Whoever does not wait any more closes the connection."""

    async def close(self) -> None:
        await self._client.close()

    async def _run(self, row: Row) -> Result:
        given = {"prompt": prompt_of(self._parts, row, self._inputs), **self._spec.options}
        given |= {"model": self._spec.model} if self._spec.model is not None else {}
        if self._pictures:
            answer = await self._client.edited(given, [each for field in self._pictures for each in _sent(field, row)])
        else:
            answer = await self._client.generated(given)
        picture = await asyncio.to_thread(written_anew, answer)
        return Result(outputs={self._output: None}, advice=None, images={self._output: picture})


def _sent(field: ImageInput | ImagesInput, row: Row) -> list[bytes]:
    """Raises BadInput where one is missing."""
    several = isinstance(field, ImagesInput)
    try:
        return contents_in(field.name, row.values[field.name], row.files) if several else [row.files[field.name]]
    except KeyError:
        raise BadInput(name=field.label) from None
