"""A model at a server of the Open Inference Protocol."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from services.errors import ShopError
from services.inference.errors import BadOutput, ModelBroken
from services.inference.runtimes.open_inference.client import OpenInferenceClient
from services.inference.runtimes.open_inference.codec import Body, decode
from services.inference.runtimes.open_inference.exchange import Exchange
from services.inference.runtimes.open_inference.metadata import ModelMetadata
from services.inference.runtimes.open_inference.spec import OpenInferenceSpec
from services.inference.runtimes.tensor_feeds import Array, Feeder, load_sources
from services.inference.runtimes.tensor_results import Frames, Reader
from services.inference.runtimes.text_feeds import load_encoders
from services.inference.tensors import Result, Row
from services.manifests.manifest import FileInput, ImageOutput, Manifest, Overlay, SeriesInput


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlan:
    """How rows become requests and answers results, made of what the server says of the model."""

    metadata: ModelMetadata
    feeder: Feeder
    reader: Reader
    datatypes: Mapping[str, str]


class OpenInferenceRuntime:
    """What the server says of the model is asked for when it is checked, and made into a plan that is kept."""

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        spec = manifest.runtime
        assert isinstance(spec, OpenInferenceSpec)
        try:
            headers = spec.sent_headers()
        except KeyError as error:
            fix = "Set it where the shop runs"
            raise ModelBroken(problem=f"the variable {error.args[0]} is not set", fix=fix) from None
        self._manifest, self._folder = manifest, folder
        self._client = OpenInferenceClient(spec.url, spec.model, spec.version, headers)
        self._plan: CallPlan | None = None
        shown = (FileInput, ImageOutput, Overlay, SeriesInput)
        heavy = any(isinstance(each, shown) for each in (*manifest.inputs, *manifest.outputs))
        self._exchange = Exchange(self._client, heavy=heavy)

    async def check(self) -> None:
        await self._client.ready()
        await self._learn()

    async def run(self, rows: Sequence[Row]) -> Sequence[Result | ShopError]:
        plan = self._plan or await self._learn()
        frames = await self._exchange.off_loop(plan.feeder.frames, rows)
        answers: dict[int, Result | ShopError] = {}
        for group in plan.feeder.groups(rows, frames):
            part, framed = [rows[place] for place in group], [frames[place] for place in group if frames]
            answers.update(zip(group, await self._run(plan, part, framed), strict=True))
        return [answers[place] for place in range(len(rows))]

    async def cancel(self, prediction_id: UUID) -> None:
        """The protocol has no jobs: whoever does not wait any more closes the connection."""

    async def close(self) -> None:
        await self._client.close()

    async def _run(self, plan: CallPlan, rows: Sequence[Row], frames: Sequence[Frames]) -> list[Result | ShopError]:
        feeds = await self._exchange.off_loop(plan.feeder.feeds, rows)
        body = await self._exchange.infer(feeds, plan.datatypes, plan.reader.tensors)
        return await self._exchange.off_loop(_read, plan, body, feeds, rows, frames)

    async def _learn(self) -> CallPlan:
        """Raises ServerAway, ModelBroken."""
        metadata = await self._client.metadata()
        if self._plan is None or self._plan.metadata != metadata:
            await self._exchange.learn()
            self._plan = await asyncio.to_thread(make_plan, self._manifest, self._folder, metadata)
        return self._plan


def make_plan(manifest: Manifest, folder: Path, metadata: ModelMetadata) -> CallPlan:
    """Raises ModelBroken where manifest and server do not meet."""
    tensors, reader = metadata.inputs_of(manifest), Reader(manifest)
    feeder = Feeder(manifest, tensors, load_sources(manifest, folder), load_encoders(manifest, folder))
    if feeder.windows is not None:
        problem = "a sound goes to a server whole, not window by window"
        raise ModelBroken(problem=problem, fix="Serve a graph that takes all of it, or run the file here")
    known = {output.name for output in metadata.outputs}
    if known and (missing := [name for name in reader.tensors if name not in known]):
        problem, fix = f'the model has no output "{missing[0]}"', f"Name one of: {', '.join(sorted(known))}"
        raise ModelBroken(problem=problem, fix=fix)
    return CallPlan(metadata=metadata, feeder=feeder, reader=reader, datatypes=metadata.datatypes(tensors))


def _read(
    plan: CallPlan, body: Body, fed: Mapping[str, Array], rows: Sequence[Row], frames: Sequence[Frames]
) -> list[Result | ShopError]:
    arrays = decode(body)
    if missing := [name for name in plan.reader.tensors if name not in arrays]:
        known = ", ".join(sorted(arrays))
        raise BadOutput(problem=f'the answer has no output "{missing[0]}"', fix=f"Name one of: {known}")
    told = {each.name: each.datatype == "BYTES" for each in plan.metadata.outputs}
    for name in plan.reader.tensors:
        if told.get(name, arrays[name].dtype == object) != (arrays[name].dtype == object):
            raise BadOutput(problem=f'the output "{name}" is not of the type that the server told')
    return plan.reader.results(arrays, rows, frames, fed=fed)
