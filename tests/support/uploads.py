"""Files of models as owners send them, honest ones and others."""

from collections.abc import Callable
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto

from tests.unit.inference.models import FLOAT, endless, graph, node, weight

NODES: Final = 200_000


def linear(bias: float = 1.0, asked: str = "metres") -> bytes:
    """roubles = 2 × metres + bias, or of whatever is asked."""
    return graph(
        [node("Mul", [asked, "two"], ["doubled"]), node("Add", ["doubled", "bias"], ["roubles"])],
        [(asked, FLOAT, ["N", 1])],
        [("roubles", FLOAT, ["N", 1])],
        [weight("two", [2.0]), weight("bias", [bias])],
    )


def sorts(shift: float = 0.0) -> bytes:
    """The probabilities of three classes of two numbers."""
    weights = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, shift]], np.float32)
    return graph(
        [node("MatMul", ["flower", "weights"], ["scores"]), node("Softmax", ["scores"], ["kind"], axis=1)],
        [("flower", FLOAT, ["N", 2])],
        [("kind", FLOAT, ["N", 3])],
        [weight("weights", weights)],
    )


def bomb() -> bytes:
    """Eight billion bytes at once."""
    shape = onnx.numpy_helper.from_array(np.array([2_000_000_000], np.int64), "shape")
    one = onnx.helper.make_tensor("value", TensorProto.FLOAT, [1], [1.0])
    return graph(
        [
            node("ConstantOfShape", ["shape"], ["much"], value=one),
            node("ReduceMax", ["much"], ["most"], keepdims=0),
            node("Add", ["x", "most"], ["y"]),
        ],
        [("x", FLOAT, ["N", 1])],
        [("y", FLOAT, ["N", 1])],
        [shape],
    )


def chain(count: int = NODES) -> bytes:
    names = ["x", *(f"t{number}" for number in range(count - 1)), "y"]
    nodes = [node("Identity", [names[number]], [names[number + 1]]) for number in range(count)]
    return graph(nodes, [("x", FLOAT, ["N", 1])], [("y", FLOAT, ["N", 1])])


def outside() -> bytes:
    model = onnx.load_from_string(linear())
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    data: bytes = model.SerializeToString()
    return data


def promised() -> bytes:
    """A constant of a billion numbers, of which none is there."""
    model = onnx.load_from_string(linear())
    model.graph.initializer[0].dims[:] = [1_000_000_000]
    data: bytes = model.SerializeToString()
    return data


def nested(depth: int = 500) -> bytes:
    """Graphs in nodes in graphs, as the wire has them: protobuf makes none so deep."""
    inner = b""
    for _ in range(depth):
        attribute = _field(6, inner)
        inner = _field(1, _field(5, attribute))
    return _field(7, inner)


def crowd(size: int = 8_000_000) -> bytes:
    """Millions of nodes of two bytes each: they take long to be counted."""
    return b"\x08\x09" + _field(7, b"\x0a\x00" * (size // 2))


def own_operator() -> bytes:
    model = onnx.load_from_string(linear())
    model.graph.node[0].domain = "com.example"
    model.opset_import.append(onnx.helper.make_opsetid("com.example", 1))
    data: bytes = model.SerializeToString()
    return data


def divides() -> bytes:
    """The least of integers by −1: the processor itself ends whoever does that."""
    least = onnx.numpy_helper.from_array(np.array([-(2**31)], np.int32), "least")
    minus = onnx.numpy_helper.from_array(np.array([-1], np.int32), "minus")
    nothing = onnx.numpy_helper.from_array(np.array([0], np.int32), "nothing")
    return graph(
        [
            node("Cast", ["x"], ["whole"], to=TensorProto.INT32),
            node("Mul", ["whole", "nothing"], ["zero"]),
            node("Add", ["zero", "least"], ["divided"]),
            node("Div", ["divided", "minus"], ["result"]),
            node("Cast", ["result"], ["y"], to=TensorProto.FLOAT),
        ],
        [("x", FLOAT, ["N", 1])],
        [("y", FLOAT, ["N", 1])],
        [least, minus, nothing],
    )


def _field(number: int, content: bytes) -> bytes:
    length, size = b"", len(content)
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


HOSTILE: Final[dict[str, tuple[Callable[[], bytes], str]]] = {
    "a ZIP": (lambda: b"PK\x03\x04" + bytes(1_000), "it is a ZIP archive"),
    "a pickle": (lambda: b"\x80\x04\x95" + bytes(1_000), "it is a Python pickle"),
    "nothing": (lambda: b"", "it is empty"),
    "noise": (lambda: bytes(range(256)) * 50, "not an ONNX file"),
    "weights elsewhere": (outside, "its weights are kept in another file"),
    "an operator of its own": (own_operator, 'the graph uses "com.example:Mul"'),
    "200,000 nodes": (chain, "the graph has 200000 nodes"),
    "graphs in graphs": (nested, "not an ONNX file"),
    "a promised constant": (promised, ""),
    "a memory bomb": (bomb, ""),
    "a crash": (divides, "crashed"),
    "an endless loop": (endless, "over"),
    "a crowd": (crowd, "over"),
}
"""What is sent, and a part of the sentence that says why it is not sold; of some the libraries' own words are told."""
