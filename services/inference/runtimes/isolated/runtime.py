"""ONNX files of strangers: each model has a process of its own, which may crash, hang or fill its memory without
harm to the shop or to other models."""

import threading
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import structlog

from services.inference.errors import ModelBroken, RunFailed, RunTimeout
from services.inference.runtimes.base import Limit
from services.inference.runtimes.isolated.child import ModelFile, ModelProcess, ProcessEnded
from services.inference.runtimes.tensor_runtime import TensorRuntime
from services.inference.tensors import GraphTensor
from services.manifests.manifest import Manifest
from services.manifests.runtime import OnnxSpec

log = structlog.get_logger()
IDLE: Final = 300.0


class IsolatedOnnxRuntime(TensorRuntime):
    """Rows become arrays here, and answers of arrays; what is between them happens in the process. One run at a time. A
    process that has ended is started anew by the next run: after a crash once more with the same rows."""

    def __init__(self, manifest: Manifest, folder: Path, *, idle: float = IDLE) -> None:
        super().__init__(manifest, folder)
        spec = manifest.runtime
        assert isinstance(spec, OnnxSpec)
        self._model = ModelFile(path=spec.path(folder), sha256=spec.sha256, megabytes=spec.memory_mb, idle=idle)
        self._lock = threading.Lock()
        self._process: ModelProcess | None = None
        self._closed = False

    @property
    def process_id(self) -> int | None:
        """None where none runs."""
        process = self._process
        return process.process_id if process is not None and process.lives else None

    def open(self) -> tuple[Sequence[GraphTensor], Collection[str]]:
        try:
            with self._lock:
                told = self._running().told
        except ProcessEnded as error:
            problem = f"its process ended while the model was opened: {error}"
            raise ModelBroken(problem=problem, fix="Take another model, or raise runtime.memory_mb") from None
        if told["network"] or told["files"]:
            log.warning("model_less_confined", model=self._manifest.slug, network=told["network"], files=told["files"])
        inputs = [
            GraphTensor(name=name, dtype=dtype, shape=None if shape is None else tuple(shape))
            for name, dtype, shape in told["inputs"]
        ]
        return inputs, told["outputs"]

    def compute(self, feeds: dict[str, Any], names: Sequence[str], limit: Limit) -> dict[str, Any]:
        with self._lock:
            try:
                return self._compute(feeds, names, limit)
            except ProcessEnded as error:
                log.warning("model_process_ended", model=self._manifest.slug, how=str(error))
            try:
                return self._compute(feeds, names, limit)
            except ProcessEnded as error:
                log.warning("model_process_ended", model=self._manifest.slug, how=str(error), again=True)
                raise RunFailed(problem=f"its process ended: {error}") from None

    def close(self) -> None:
        """A run under way ends with its process."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()
        with self._lock:
            self._drop()

    def _compute(self, feeds: dict[str, Any], names: Sequence[str], limit: Limit) -> dict[str, Any]:
        """Raises RunTimeout, RunFailed, ProcessEnded, ModelBroken."""
        process, late = self._running(), threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        limit.begin(stop)
        try:
            told, outputs = process.run(names, feeds, limit.seconds)
        except ProcessEnded:
            self._drop()
            if late.is_set():
                raise RunTimeout(seconds=limit.seconds) from None
            raise
        if "error" in told:
            raise RunFailed(problem=str(told.get("problem"))[:300])
        if missing := [name for name in names if name not in outputs]:
            self._drop()
            raise ProcessEnded(f"it gave no {missing[0]!r}")
        return dict(outputs)

    def _running(self) -> ModelProcess:
        """Raises ModelBroken, ProcessEnded."""
        if self._closed:
            raise ProcessEnded("closed")
        if self._process is None or not self._process.lives:
            self._drop()
            process = ModelProcess(self._model)
            if "error" in process.told:
                process.close()
                raise ModelBroken(problem=str(process.told["problem"]), fix=str(process.told["fix"]))
            self._process = process
        return self._process

    def _drop(self) -> None:
        if self._process is not None:
            self._process.close()
            self._process = None
