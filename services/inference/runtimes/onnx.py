"""ONNX files in this process, by onnxruntime."""

import functools
import io
import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when the library is loaded; spares a thread

import onnxruntime as ort

from services.errors import ShopError
from services.inference.check_batch import batch_line
from services.inference.check_line import CheckLine
from services.inference.errors import BadInput, BadOutput, ModelBroken, RunFailed, RunTimeout
from services.inference.heap import freed_at_once
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx_file import checked, descriptor_path, held, one_line
from services.inference.runtimes.onnx_graph import read_graph
from services.inference.runtimes.onnx_judge import judge
from services.inference.runtimes.onnx_refusals import refusal
from services.inference.runtimes.tensor_feeds import Feeder, load_sources
from services.inference.runtimes.tensor_results import Frames, Reader
from services.inference.tensors import GraphTensor, Result, Row
from services.manifests.digests import digest
from services.manifests.errors import ManifestError
from services.manifests.manifest import MANIFEST, ClassesOutput, ImageInput, Manifest, ProbabilityOutput
from services.manifests.runtime import OnnxSpec
from services.values.errors import InvalidValue
from services.values.framing import Size
from services.values.samples import drawing, example_row, gives_examples, photo_sizes

_DTYPES = {"float": "float32", "double": "float64"}


class OnnxRuntime:
    """One thread a run and no spinning: the engine's threads are the parallelism. All models share one arena."""

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        assert isinstance(manifest.runtime, OnnxSpec)
        self._manifest, self._folder, self._spec = manifest, folder, manifest.runtime

    def load(self) -> None:
        with held(self._folder / self._spec.file) as file:
            if (actual := digest(file)) != self._spec.sha256:
                problem = f"{self._spec.file} has {actual}"
                fix = "Write that, if the file is the one you mean"
                raise ManifestError(file=str(self._folder / MANIFEST), key="runtime.sha256", problem=problem, fix=fix)
            self._session = open_file(file)
        self._feeder = Feeder(
            self._manifest,
            graph_tensors(self._session.get_inputs()),
            load_sources(self._manifest, self._folder),
        )
        self._reader = Reader(self._manifest)
        known = {tensor.name for tensor in self._session.get_outputs()}
        if missing := [name for name in self._reader.tensors if name not in known]:
            problem, fix = f'the graph has no output "{missing[0]}"', f"Name one of: {', '.join(sorted(known))}"
            raise ModelBroken(problem=problem, fix=fix)

    def warm_up(self, limit: Limit) -> None:
        with freed_at_once():
            self.answer_example(limit)
            if wrong := next((line for line in self.judge(limit) if not line.ok), None):
                raise ModelBroken(problem=wrong.detail, fix=wrong.fix)

    def judge(self, limit: Limit) -> Iterator[CheckLine]:
        """What is seen of rows in a batch, and of many made-up rows, in bounded time. Raises ModelBroken, OSError."""
        example = example_row(self._manifest, self._folder)
        if (line := batch_line(self, self._manifest, example, limit)) is not None:
            yield line
        if any(isinstance(output, ClassesOutput | ProbabilityOutput) for output in self._manifest.outputs):
            with held(self._folder / self._spec.file) as file:
                graph = read_graph(file)
            yield from judge(self._manifest, graph, example, self.outputs)

    def answer_example(self, limit: Limit) -> None:
        """And photos of several sizes, where the graph takes them. Raises ModelBroken, RunTimeout."""
        row = example_row(self._manifest, self._folder)
        try:
            self._answer(row, limit)
        except InvalidValue as error:
            problem = f"the example does not fit: {error.message.format(**error.params)}"
            raise ModelBroken(problem=problem, fix="Correct the example") from error
        except (RunFailed, BadOutput, BadInput) as error:
            problem = f"the example gives no answer: {error.params.get('problem', error)}"
            usual = "Correct the example" if gives_examples(self._manifest) else "Write an example beside each input"
            fix = (isinstance(error, BadOutput) and error.fix) or usual
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
        """What the graph itself gives for these. Raises RunTimeout, RunFailed, BadInput, InvalidValue."""
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

    def _run(self, rows: Sequence[Row], limit: Limit, frames: Sequence[Frames]) -> list[Result | ShopError]:
        feeds = self._feeder.feeds(rows)
        return self._reader.results(run_session(self._session, self._reader.tensors, feeds, limit), len(rows), frames)


def open_file(file: BinaryIO) -> Any:  # Any: onnxruntime ships no types
    """A session of an open file, which onnxruntime reads by itself: bytes that it was given it would keep for ever.
    Raises ModelBroken with one line of why not."""
    checked(file)
    with freed_at_once():
        return _session(descriptor_path(file))


def open_session(data: bytes) -> Any:  # Any: as above
    """A session of a small model in memory. Raises ModelBroken."""
    checked(io.BytesIO(data))
    return _session(data)


def _session(source: str | bytes) -> Any:  # Any: as above
    _share_memory()
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.log_severity_level = 4  # what matters comes as an exception
    try:
        return ort.InferenceSession(source, options, providers=["CPUExecutionProvider"], enable_fallback=0)
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


@functools.cache
def _share_memory() -> None:
    """One arena for all sessions: ten style networks keep 113 MB so, and 740 MB with an arena each."""
    memory = ort.OrtMemoryInfo("Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT)
    ort.create_and_register_allocator(memory, None)
