"""What the process of a stranger's model does with it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from services.inference.errors import ModelBroken, RunFailed
from services.inference.runtimes.base import Limit
from services.inference.runtimes.isolated.wire import Json, Tensors
from services.inference.runtimes.onnx import graph_tensors, open_file, require, run_session
from services.inference.runtimes.onnx_file import held
from services.manifests.errors import ManifestError


def open_model(file: Path, sha256: str) -> Any:  # Any: a session, or the error
    try:
        with held(file) as stream:
            require(stream, sha256, file.parent)
            return open_file(stream, shared=False)
    except ModelBroken as error:
        short = "allocat" in error.problem
        return ModelBroken(problem=error.problem, fix="Raise runtime.memory_mb") if short else error
    except ManifestError as error:
        return ModelBroken(problem=error.problem, fix=error.fix)
    except MemoryError:
        return ModelBroken(problem="it takes more memory than it may", fix="Raise runtime.memory_mb")
    except OSError as error:
        return ModelBroken(problem=error.strerror or str(error), fix="Look at the file")


def describe(session: Any) -> Json:  # Any: as above
    if isinstance(session, ModelBroken):
        return {"error": "broken", "problem": session.problem, "fix": session.fix}
    inputs = [[each.name, each.dtype, each.shape] for each in graph_tensors(session.get_inputs())]
    return {"inputs": inputs, "outputs": [each.name for each in session.get_outputs()]}


def answer(session: Any, outputs: Sequence[str], feeds: Tensors) -> tuple[Json, Tensors]:  # Any: as above
    """Whether this row fails or all do, the shop finds out."""
    try:
        return {}, run_session(session, outputs, dict(feeds), Limit(0), shared=False)
    except RunFailed as error:
        return {"error": "failed", "problem": error.problem}, {}
    except MemoryError:
        return {"error": "failed", "problem": "it takes more memory than it may"}, {}
