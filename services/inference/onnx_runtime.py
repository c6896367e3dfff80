"""ONNX files in this process, by onnxruntime."""

import functools
import hashlib
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when the library is loaded; spares a thread

import onnx
import onnxruntime as ort

from services.errors import ShopError
from services.inference.errors import (
    BadInput,
    BadOutput,
    InvalidValue,
    ManifestError,
    ModelBroken,
    RunFailed,
    RunTimeout,
)
from services.inference.feeds import Feeder
from services.inference.framing import Size
from services.inference.manifest import MANIFEST, ImageInput, Manifest, SeriesInput
from services.inference.refusals import no_onnx, refusal
from services.inference.results import Frames, Reader
from services.inference.runtime import Limit
from services.inference.samples import drawing, example_row, gives_examples, photo_sizes
from services.inference.series import load_source
from services.inference.tensors import GraphTensor, Result, Row

MAX_FILE_BYTES = 1_500_000_000
_NOISE = re.compile(r"\[ONNXRuntimeError\] : \d+ : \w+ : |/\S+\.(?:cc|h):\d+ .*?\) (?=[A-Z\[])")
_DTYPES = {"float": "float32", "double": "float64"}


class OnnxRuntime:
    """One thread a run and no spinning: the engine's threads are the parallelism. All models share one arena."""

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        self._manifest, self._folder = manifest, folder

    def load(self) -> None:
        data = (self._folder / self._manifest.runtime.file).read_bytes()
        actual = hashlib.sha256(data).hexdigest()
        if actual != self._manifest.runtime.sha256:
            problem, fix = f"{self._manifest.runtime.file} has {actual}", "Write that, if the file is the one you mean"
            raise ManifestError(file=str(self._folder / MANIFEST), key="runtime.sha256", problem=problem, fix=fix)
        self._session = open_session(data)
        sources = {
            (field.name, source.value): self._source(field, source.value)
            for field in self._manifest.inputs
            if isinstance(field, SeriesInput)
            for source in field.sources
        }
        self._feeder = Feeder(self._manifest, graph_tensors(self._session.get_inputs()), sources)
        self._reader = Reader(self._manifest)
        known = {tensor.name for tensor in self._session.get_outputs()}
        if missing := [name for name in self._reader.tensors if name not in known]:
            problem, fix = f'the graph has no output "{missing[0]}"', f"Name one of: {', '.join(sorted(known))}"
            raise ModelBroken(problem=problem, fix=fix)

    def warm_up(self, limit: Limit) -> None:
        row = example_row(self._manifest, self._folder)
        try:
            self._answer(row, limit)
        except InvalidValue as error:
            problem = f"the example does not fit: {error.message.format(**error.params)}"
            raise ModelBroken(problem=problem, fix="Correct the example") from error
        except (RunFailed, BadOutput, BadInput) as error:
            problem = f"the example gives no answer: {error.params.get('problem', error)}"
            fix = "Correct the example" if gives_examples(self._manifest) else "Write an example beside each input"
            raise ModelBroken(problem=problem, fix=fix) from error
        for size in photo_sizes(self._manifest):
            self._try_size(row, size, limit)

    def _try_size(self, row: Row, size: Size, limit: Limit) -> None:
        free = [f.name for f in self._manifest.inputs if isinstance(f, ImageInput) and f.prepare.free]
        turned = itertools.cycle([size, (size[1], size[0])])  # nobody sends two photos of one shape
        photos = {name: drawing(next(turned)) for name in free}
        try:
            self._answer(Row(values=row.values, files={**row.files, **photos}), limit)
        except (RunFailed, BadOutput, BadInput, InvalidValue) as error:
            problem = f"a photo of {size[0]} × {size[1]} gives no answer: {error.params.get('problem', error)}"
            fix = "Correct size, multiple or longest; kassandra models init tries which of them run"
            raise ModelBroken(problem=problem, fix=fix) from error

    def _answer(self, row: Row, limit: Limit) -> None:
        """Raises what a customer would get instead of an answer."""
        answer = self.run([row], limit)[0]
        if isinstance(answer, ShopError):
            raise answer

    def outputs(self, rows: Sequence[Row], names: Sequence[str], limit: Limit) -> dict[str, Any]:
        """What the graph itself gives for these outputs. Raises RunTimeout, RunFailed, BadInput, InvalidValue."""
        return run_session(self._session, names, self._feeder.feeds(rows), limit)

    def run(self, rows: Sequence[Row], limit: Limit) -> Sequence[Result | ShopError]:
        frames = self._feeder.frames(rows)
        groups = self._feeder.groups(rows, frames)
        if len(groups) == 1:
            return self._run(rows, limit, frames)
        answers: dict[int, Result | ShopError] = {}
        for group in groups:
            answers.update(
                zip(
                    group, self._run([rows[i] for i in group], limit, [frames[i] for i in group if frames]), strict=True
                )
            )
        return [answers[position] for position in range(len(rows))]

    def close(self) -> None:
        del self._session

    def _source(self, field: SeriesInput, value: str) -> list[float]:
        try:
            return load_source(self._folder, field, value)
        except InvalidValue as error:
            problem = error.message.format(**error.params)
            problem = f'source "{value}" of "{field.name}": {problem}'
            raise ModelBroken(problem=problem, fix="Correct the file or the bounds of the input") from error

    def _run(self, rows: Sequence[Row], limit: Limit, frames: Sequence[Frames]) -> list[Result | ShopError]:
        feeds = self._feeder.feeds(rows)
        return self._reader.results(run_session(self._session, self._reader.tensors, feeds, limit), len(rows), frames)


def open_session(data: bytes) -> Any:  # Any: onnxruntime ships no types
    """A session over the bytes of an ONNX file. Raises ModelBroken with one line of why not."""
    check_file(data)
    _share_memory()
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.log_severity_level = 4  # what matters comes as an exception
    try:
        return ort.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # noqa: BLE001 — onnxruntime's errors have no base of their own, and any of them means this
        raise refusal(one_line(error)) from None


def run_session(session: Any, outputs: Sequence[str], feeds: dict[str, Any], limit: Limit) -> dict[str, Any]:
    """The outputs by name. Raises RunTimeout, RunFailed."""
    options = ort.RunOptions()
    options.log_severity_level = 4
    limit.begin(lambda: setattr(options, "terminate", True))
    try:
        return dict(zip(outputs, session.run(outputs, feeds, options), strict=True))
    except Exception as error:  # noqa: BLE001 — as above
        if options.terminate:
            raise RunTimeout(seconds=limit.seconds) from None
        problem = one_line(error)
        short = isinstance(error, MemoryError) or "allocat" in problem
        raise RunFailed(problem=problem, retryable=short) from None


def graph_tensors(tensors: Sequence[Any]) -> list[GraphTensor]:
    """Inputs or outputs of a session: `tensor(float)` is float32, named and unknown dimensions are None."""
    found = []
    for tensor in tensors:
        kind = tensor.type
        if kind.startswith("tensor("):
            kind = _DTYPES.get(kind[7:-1], kind[7:-1])
        elif kind.startswith("seq(map("):
            kind = "seq(map)"
        shape = tuple(side if isinstance(side, int) and side >= 0 else None for side in tensor.shape or ())
        found.append(GraphTensor(name=tensor.name, dtype=kind, shape=shape))
    return found


def check_file(data: bytes) -> None:
    """Raise ModelBroken for what is no ONNX file, or keeps weights in other files, where nobody checked them."""
    if len(data) > MAX_FILE_BYTES:
        raise ModelBroken(problem=f"the file is over {MAX_FILE_BYTES // 1_000_000} MB", fix="Take a smaller model")
    try:
        model = onnx.load_model_from_string(data)
    except Exception:  # noqa: BLE001 — protobuf's error types depend on which of its engines is installed
        raise no_onnx(data) from None
    if not model.HasField("graph"):
        raise no_onnx(data)
    if outside := next(outside_files(model), None):
        problem = f'its weights are kept in another file, "{outside}"'
        fix = "Take them in: kassandra models init does, or onnx.save(onnx.load(F), G)"
        raise ModelBroken(problem=problem, fix=fix)


def outside_files(model: Any) -> Iterator[str]:
    """For each constant that is kept in another file, the name of that."""
    for tensor in _tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
            yield next((item.value for item in tensor.external_data if item.key == "location"), "")


def _tensors(model: Any) -> Iterator[Any]:
    """All constants of a model, those of subgraphs and functions too."""
    graphs = [model.graph, *(training.initialization for training in model.training_info)]
    nodes = [node for function in model.functions for node in function.node]
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            yield from graph.initializer
            for sparse in graph.sparse_initializer:
                yield from (sparse.values, sparse.indices)
            nodes.extend(graph.node)
        else:
            for attribute in nodes.pop().attribute:
                yield from (attribute.t, *attribute.tensors)
                for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                    yield from (sparse.values, sparse.indices)
                graphs.extend([attribute.g] if attribute.HasField("g") else [])
                graphs.extend(attribute.graphs)


def one_line(error: Exception) -> str:
    """The library's complaint without places in its own source and its error numbers."""
    text = _NOISE.sub("", " ".join(str(error).split())) or type(error).__name__
    return text.rstrip(".") if len(text) <= 300 else text[:299] + "…"


@functools.cache
def _share_memory() -> None:
    """One arena for all sessions: ten style networks keep 113 MB so, and 740 MB with an arena each."""
    memory = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(memory, None)
