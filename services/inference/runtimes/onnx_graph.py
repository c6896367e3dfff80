"""An ONNX graph to walk through: who makes a tensor, who reads it, what is constant."""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from services.inference.runtimes.onnx_file import checked
from services.inference.runtimes.onnx_messages import array_of, value_of
from services.inference.runtimes.onnx_skeleton import is_left_out

PASSES: Final = frozenset({"Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Transpose", "Imputer"})
"""They change the form of a tensor, not what it tells."""

Node = Any  # protobuf's, without types
MAX_CONSTANT_BYTES: Final = 8_000_000  # larger ones are weights: nobody looks into them


class Graph:
    def __init__(self, model: Any) -> None:  # Any: protobuf
        self.inputs = list(model.graph.input)
        self.outputs = list(model.graph.output)
        self.nodes: list[Node] = list(model.graph.node)
        self.metadata = {item.key: item.value for item in model.metadata_props}
        self._weights = {weight.name: weight for weight in model.graph.initializer}
        self._makers = {name: node for node in self.nodes for name in node.output if name}
        self._readers: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in node.input:
                self._readers.setdefault(name, []).append(node)

    def maker(self, name: str, through: Iterable[str] = PASSES) -> Node | None:
        """The node that makes this tensor, behind nodes of these kinds."""
        node = self._makers.get(name)
        while node is not None and node.op_type in through and node.input:
            node = self._makers.get(node.input[0])
        return node

    def readers(self, name: str, through: Iterable[str] = PASSES) -> Iterator[Node]:
        """Nodes that take this tensor, also behind nodes of these kinds; these too."""
        waiting, seen = [name], set()
        while waiting:
            for node in self._readers.get(waiting.pop(), ()):
                if id(node) in seen:
                    continue
                seen.add(id(node))
                yield node
                if node.op_type in through:
                    waiting.extend(node.output)

    def constant(self, name: str) -> NDArray[Any] | None:
        """The value of a tensor that is always the same and not left out."""
        if (weight := self._weights.get(name)) is not None:
            return None if is_left_out(weight) else array_of(weight)
        node = self._makers.get(name)
        if node is None:
            return None
        if node.op_type == "Constant":
            return _constant_of(node)
        return self.constant(node.input[0]) if node.op_type in PASSES and node.input else None

    def shape_of(self, name: str) -> tuple[int, ...] | None:
        """Of a weight."""
        weight = self._weights.get(name)
        return None if weight is None else tuple(weight.dims)

    def matrices(self, width: int) -> Iterator[NDArray[Any]]:
        """Constants of some rows and so many columns: training rows, support vectors, centres."""
        for weight in self._weights.values():
            if len(weight.dims) == 2 and weight.dims[1] == width and weight.dims[0] > 1:
                found = self.constant(weight.name)
                if found is not None and found.dtype.kind == "f":
                    yield found


def read_graph(file: BinaryIO) -> Graph:
    """Of an open ONNX file, without its weights. Raises ModelBroken."""
    return Graph(checked(file, keep=MAX_CONSTANT_BYTES).model)


def attributes(node: Node) -> dict[str, Any]:  # Any: attributes are of many types
    return {attribute.name: value_of(attribute) for attribute in node.attribute}


def dimensions(tensor: Any) -> list[str | int]:
    """Sides of an input or output: numbers, or names of those that vary (may be empty)."""
    sides = tensor.type.tensor_type.shape.dim
    return [side.dim_value if side.HasField("dim_value") and side.dim_value > 0 else side.dim_param for side in sides]


def _constant_of(node: Node) -> NDArray[Any] | None:
    told = attributes(node)
    for key, value in told.items():
        if key == "value":
            return None if is_left_out(value) else array_of(value)
        if key.startswith("value_"):
            return np.array(value)
    return None
