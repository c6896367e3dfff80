"""ONNX files in this process, by onnxruntime."""

import functools
import io
import os
from collections.abc import Collection, Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when the library is loaded; spares a thread

import onnxruntime as ort

from services.inference.check_batch import batch_line
from services.inference.check_line import CheckLine
from services.inference.errors import ModelBroken, RunFailed, RunTimeout
from services.inference.heap import freed_at_once
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx_chain import ChainedSession
from services.inference.runtimes.onnx_file import checked, descriptor_path, held, one_line
from services.inference.runtimes.onnx_graph import read_graph
from services.inference.runtimes.onnx_judge import judge
from services.inference.runtimes.onnx_refusals import refusal
from services.inference.runtimes.tensor_runtime import TensorRuntime
from services.inference.tensors import GraphTensor
from services.manifests.digests import digest
from services.manifests.errors import ManifestError
from services.manifests.manifest import MANIFEST, ClassesOutput, Manifest, ProbabilityOutput
from services.manifests.runtime import OnnxSpec
from services.values.samples import example_row

_DTYPES = {"float": "float32", "double": "float64"}


class OnnxRuntime(TensorRuntime):
    """One thread a run and no spinning: the engine's threads are the parallelism. All models share one arena."""

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        super().__init__(manifest, folder)
        assert isinstance(manifest.runtime, OnnxSpec)
        self._spec = manifest.runtime
        self._file = manifest.runtime.path(folder)

    def open(self) -> tuple[Sequence[GraphTensor], Collection[str]]:
        with held(self._file) as file:
            require(file, self._spec.sha256, self._folder)
            self._session = open_file(file)
        if (before := self._spec.before_file) is not None:
            with held(self._spec.path(self._folder, before)) as file:
                require(file, str(self._spec.before_sha256), self._folder, "before_sha256")
                self._session = ChainedSession(open_file(file), self._session)
        known = {tensor.name for tensor in self._session.get_outputs()}
        return graph_tensors(self._session.get_inputs()), known

    def warm_up(self, limit: Limit) -> None:
        with freed_at_once():
            super().warm_up(limit)
            if wrong := next((line for line in self.judge(limit) if not line.ok), None):
                raise ModelBroken(problem=wrong.detail, fix=wrong.fix)

    def judge(self, limit: Limit) -> Iterator[CheckLine]:
        """What is seen of rows in a batch, and of many made-up rows, in bounded time. Raises ModelBroken, OSError."""
        example = example_row(self._manifest, self._folder)
        if (line := batch_line(self.run, self._manifest, example, limit)) is not None:
            yield line
        if any(isinstance(output, ClassesOutput | ProbabilityOutput) for output in self._manifest.outputs):
            with held(self._file) as file:
                graph = read_graph(file)
            yield from judge(self._manifest, graph, example, self.outputs)

    def compute(self, feeds: dict[str, Any], names: Sequence[str], limit: Limit) -> dict[str, Any]:
        return run_session(self._session, names, feeds, limit)

    def close(self) -> None:
        del self._session


def require(file: BufferedReader, sha256: str, folder: Path, key: str = "sha256") -> None:
    """Raises ManifestError where the open file is another one than the manifest names."""
    if (actual := digest(file)) != sha256:
        problem, fix = f"{Path(file.name).name} has {actual}", "Write that, if the file is the one you mean"
        raise ManifestError(file=str(folder / MANIFEST), key=f"runtime.{key}", problem=problem, fix=fix)


def open_file(file: BinaryIO, *, shared: bool = True) -> Any:  # Any: onnxruntime ships no types
    """A session of an open file, which onnxruntime reads by itself: bytes that it was given it would keep for ever.
    What shares no memory with
    others gives it back after each run (`run_session`). Raises ModelBroken with one line of why not."""
    checked(file)
    with freed_at_once():
        return _session(descriptor_path(file), shared=shared)


def open_session(data: bytes) -> Any:  # Any: as above
    """A session of a small model in memory. Raises ModelBroken."""
    checked(io.BytesIO(data))
    return _session(data)


def _session(source: str | bytes, *, shared: bool = True) -> Any:  # Any: as above
    _share_memory()
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.inter_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1" if shared else "0")
    options.enable_mem_pattern = shared  # a plan for each shape takes twice the memory where shapes are many
    options.log_severity_level = 4  # what matters comes as an exception
    try:
        return ort.InferenceSession(source, options, providers=["CPUExecutionProvider"], enable_fallback=0)
    except Exception as error:  # noqa: BLE001 — onnxruntime's errors have no base of their own, and any of them means this
        raise refusal(one_line(error)) from None


def run_session(
    session: Any, outputs: Sequence[str], feeds: dict[str, Any], limit: Limit, *, shared: bool = True
) -> dict[str, Any]:
    """The outputs by name. Raises RunTimeout, RunFailed."""
    options = ort.RunOptions()
    if not shared:
        options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
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
