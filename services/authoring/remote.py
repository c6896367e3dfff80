"""A first manifest from what a server of the Open Inference Protocol says of its model."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import onnx
from pydantic import ValidationError

from services.authoring.drafting import Draft, DraftSubject, draft, head_of
from services.authoring.hints import NO_HINTS, AuthorHints
from services.authoring.notes import Entry
from services.errors import ShopError
from services.inference.errors import ModelBroken, RunFailed, RunTimeout, ServerAway
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx_file import one_line
from services.inference.runtimes.onnx_graph import Graph
from services.inference.runtimes.open_inference.client import OpenInferenceClient
from services.inference.runtimes.open_inference.codec import Array, decode
from services.inference.runtimes.open_inference.exchange import Exchange
from services.inference.runtimes.open_inference.metadata import ModelMetadata
from services.inference.runtimes.open_inference.spec import OpenInferenceSpec
from services.inference.tensors import GraphTensor
from services.manifests.complaints import explain

SPECS: Final = {"open-inference": OpenInferenceSpec}
ASKING_SECONDS: Final = 10.0
MOST_TOGETHER: Final = 32
_ELEMENTS: Final = {"float32": "FLOAT", "float64": "DOUBLE", "float16": "FLOAT16", "string": "STRING"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedAt:
    """Where a model is. `headers` as a manifest has them: names of variables."""

    url: str
    model: str
    version: str | None = None
    headers: Mapping[str, str]

    @property
    def runtime(self) -> Entry:
        told: Entry = {"kind": "open-inference", "url": self.url.rstrip("/"), "model": self.model}
        told |= {"version": self.version} if self.version is not None else {}
        return told | ({"headers": dict(self.headers)} if self.headers else {})


def draft_remote(place: ServedAt, folder: Path, hints: AuthorHints = NO_HINTS) -> Draft:
    """Owns an event loop while it runs. Raises ModelBroken with what stands in the way, ServerAway."""
    try:
        spec = OpenInferenceSpec.model_validate(place.runtime)
    except ValidationError as error:
        key, problem, fix = explain(error, place.runtime)
        raise ModelBroken(problem=f"{key}: {problem}", fix=fix) from None
    try:
        headers = spec.sent_headers()
    except KeyError as error:
        raise ModelBroken(problem=f"the variable {error.args[0]} is not set", fix="Set it here as well") from None
    with asyncio.Runner() as runner:
        client = OpenInferenceClient(spec.url, spec.model, spec.version, headers)
        try:
            return _draft(runner, client, place, folder, hints)
        except RunTimeout as error:
            raise ModelBroken(problem=error.problem, fix="Write its manifest by hand, with a longer timeout") from None
        except ShopError:
            raise
        except Exception as error:
            problem = f"no manifest can be made of it: {one_line(error)}"
            raise ModelBroken(problem=problem, fix="Write it by hand") from error
        finally:
            runner.run(client.close())


def _draft(
    runner: asyncio.Runner, client: OpenInferenceClient, place: ServedAt, folder: Path, hints: AuthorHints
) -> Draft:
    exchange = Exchange(client, heavy=False)
    metadata, most = runner.run(_ask(client, exchange))
    if not metadata.inputs or not metadata.outputs:
        problem = f"the server does not tell what {place.model} takes and gives"
        raise ModelBroken(
            problem=problem, fix="Describe it there (model-settings.json at MLServer), or write it by hand"
        )
    datatypes = {each.name: each.datatype for each in metadata.inputs}
    inputs, outputs = [each.tensor for each in metadata.inputs], [each.tensor for each in metadata.outputs]

    def run(names: Sequence[str], feeds: dict[str, Array], limit: Limit) -> dict[str, Any]:
        arrays = runner.run(_run(exchange, feeds, datatypes, names, limit.seconds))
        if missing := [name for name in names if name not in arrays]:
            raise RunFailed(problem=f'the answer has no output "{missing[0]}"')
        return {name: arrays[name] for name in names}

    subject = DraftSubject(
        graph=_graph(inputs, outputs),
        inputs=inputs,
        outputs=outputs,
        run=run,
        folder=folder,
        head=head_of(folder, place.model, place.runtime),
        specs=SPECS,
        alone=None,
        together=min(most or MOST_TOGETHER, MOST_TOGETHER),
    )
    return draft(subject, hints)


async def _ask(client: OpenInferenceClient, exchange: Exchange) -> tuple[ModelMetadata, int | None]:
    """What the server says of the model, and how many rows it takes at once where it tells."""
    try:
        async with asyncio.timeout(ASKING_SECONDS):
            metadata = await client.metadata()
            await exchange.learn()
            return metadata, await client.max_batch()
    except TimeoutError:
        raise ServerAway(problem=f"no answer in {ASKING_SECONDS:g} s") from None


async def _run(
    exchange: Exchange, feeds: dict[str, Array], datatypes: Mapping[str, str], names: Sequence[str], seconds: float
) -> dict[str, Array]:
    try:
        async with asyncio.timeout(seconds):
            return decode(await exchange.infer(feeds, datatypes, names))
    except TimeoutError:
        raise RunTimeout(seconds=seconds) from None


def _graph(inputs: Sequence[GraphTensor], outputs: Sequence[GraphTensor]) -> Graph:
    """Nothing but what goes in and comes out: what lies between is the server's."""
    made = onnx.helper.make_graph([], "remote", list(map(_value, inputs)), list(map(_value, outputs)))
    return Graph(onnx.helper.make_model(made))


def _value(tensor: GraphTensor) -> Any:  # Any: protobuf
    name = _ELEMENTS.get(tensor.dtype, tensor.dtype.upper())
    element = getattr(onnx.TensorProto, name, onnx.TensorProto.UNDEFINED)
    return onnx.helper.make_tensor_value_info(tensor.name, element, tensor.shape)
