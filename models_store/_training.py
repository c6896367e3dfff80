"""What the training scripts share: building a graph by hand, and writing one beside its manifest."""

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper, numpy_helper

MAX_BYTES = 3_000_000
OPSET, ML_OPSET, IR_VERSION = 18, 3, 9
_SHA256 = re.compile(r'^sha256 = "[^"]*"$', re.MULTILINE)

Shape = tuple[int | str, ...]


class Graph:
    """A graph of tensors of one float type, written as calls: `g("Add", x, 1.0)` gives the name of the sum."""

    def __init__(self, dtype: npt.DTypeLike = np.float64, **inputs: Shape) -> None:
        self._dtype = np.dtype(dtype)
        self._inputs = [self._value_info(name, shape) for name, shape in inputs.items()]
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def __call__(self, op: str, *args: Any, **attributes: Any) -> str:  # Any: names or numbers; what ONNX takes
        result = f"{op.lower()}_{len(self._nodes)}"
        names = [arg if isinstance(arg, str) else self.constant(arg) for arg in args]
        self._nodes.append(helper.make_node(op, names, [result], **attributes))
        return result

    def constant(self, value: npt.ArrayLike) -> str:
        """Whole numbers (axes, indices) become int64; the rest is of the graph's type."""
        array = np.asarray(value)
        array = array.astype(np.int64 if array.dtype.kind == "i" else self._dtype)
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def _value_info(self, name: str, shape: Shape) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(self._dtype), shape)

    def model(self, name: str, **outputs: tuple[str, Shape]) -> onnx.ModelProto:
        """`outputs`: the result's name -> (an inner name, its shape)."""
        renamed = [helper.make_node("Identity", [inner], [outer]) for outer, (inner, _) in outputs.items()]
        results = [self._value_info(outer, shape) for outer, (_, shape) in outputs.items()]
        graph = helper.make_graph([*self._nodes, *renamed], name, self._inputs, results, self._constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def publish(folder: Path, model: onnx.ModelProto) -> None:
    """Writes `model.onnx` and its sha256 into `manifest.toml`; raises ValueError when either would be wrong."""
    model.producer_version = ""  # the file depends on the numbers in it, not on who wrote them
    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString(deterministic=True)
    if len(content) > MAX_BYTES:
        raise ValueError(f"the graph takes {len(content):,} bytes, at most {MAX_BYTES:,} are allowed")
    digest = hashlib.sha256(content).hexdigest()
    manifest = folder / "manifest.toml"
    text, found = _SHA256.subn(f'sha256 = "{digest}"', manifest.read_text(encoding="utf-8"))
    if found != 1:
        raise ValueError(f"{manifest} has {found} lines of sha256 instead of one")
    (folder / "model.onnx").write_bytes(content)
    manifest.write_text(text, encoding="utf-8")
    print(f"{folder.name}/model.onnx: {len(content):,} bytes, sha256 {digest}")
