"""What a file from a stranger may be, beyond what onnx.checker says of it."""

from pathlib import Path
from typing import Any, Final

import onnx

from services.inference.errors import ModelBroken
from services.inference.runtimes.onnx_file import held, nodes, one_line, opened, outside_files

MAX_NODES: Final = 50_000  # some 200 a millisecond are loaded
_BUILT_IN: Final = frozenset({"", "ai.onnx", "ai.onnx.ml", "ai.onnx.preview.training", "com.microsoft"})


def check_upload(file: Path) -> list[str]:
    """What onnx.checker does not like and onnxruntime may take all the same. Raises ModelBroken, OSError."""
    with held(file) as stream:
        model = opened(stream).model
    if (outside := next(outside_files(model), None)) is not None:
        problem = f'its weights are kept in another file, "{outside}"'
        raise ModelBroken(problem=problem, fix="Save it with its weights inside: onnx.save(onnx.load(F), G)")
    if (count := sum(1 for _ in nodes(model))) > MAX_NODES:
        problem = f"the graph has {count} nodes, and {MAX_NODES} are the most"
        raise ModelBroken(problem=problem, fix="Take a smaller model")
    if (name := _of_own_domain(model)) is not None:
        problem = f'the graph uses "{name}", of an extension that is not loaded here'
        raise ModelBroken(problem=problem, fix="Export it with standard ONNX operators alone")
    try:
        onnx.checker.check_model(file)
    except (onnx.checker.ValidationError, ValueError) as error:
        return [f"onnx.checker: {one_line(error)}"]
    return []


def _of_own_domain(model: Any) -> str | None:  # Any: protobuf
    """The first operator that is neither built in nor defined in the file itself."""
    defined = {(function.domain, function.name) for function in model.functions}
    for node in nodes(model):
        if node.domain not in _BUILT_IN and (node.domain, node.op_type) not in defined:
            return f"{node.domain}:{node.op_type}"
    return None
