"""Small ONNX graphs, made when they are first asked for: nothing is fetched, nothing lies about."""

from collections.abc import Sequence
from typing import Any, Final

OPSET: Final = 20
IR: Final = 10

SPECIES: Final = ("setosa", "versicolor", "virginica")
# Logistic regression over Fisher's iris (sepal length and width, petal length and width in cm); it is right for 98 %.
WEIGHTS: Final = ((-0.42, 2.08, -4.306, -1.959), (1.047, -0.056, -0.444, -2.346), (-0.628, -2.024, 4.75, 4.304))
BIASES: Final = (14.3, 3.085, -17.386)


def iris() -> bytes:
    """`measurements` float[N, 4] → `probabilities` float[N, 3], `species` string[N]."""
    import numpy as np
    import onnx

    nodes = [
        _node("Gemm", ["measurements", "weights", "biases"], ["scores"], transB=1),
        _node("Softmax", ["scores"], ["probabilities"], axis=1),
        _node("ArgMax", ["scores"], ["place"], axis=1, keepdims=0),
        _node("Gather", ["names", "place"], ["species"]),
    ]
    weights = [
        onnx.numpy_helper.from_array(np.array(WEIGHTS, np.float32), "weights"),
        onnx.numpy_helper.from_array(np.array(BIASES, np.float32), "biases"),
        _texts("names", SPECIES),
    ]
    inputs = [_value("measurements", "FLOAT", ["N", 4])]
    return _model(
        nodes, inputs, [_value("probabilities", "FLOAT", ["N", 3]), _value("species", "STRING", ["N"])], weights
    )


def sketch() -> bytes:
    """`photo` float[N, 3, H, W] of 0 to 1 → `sketch` float[N, 1, H, W]: dark lines where the light changes."""
    import numpy as np
    import onnx

    grey = np.array([0.299, 0.587, 0.114], np.float32).reshape(1, 3, 1, 1)
    across = np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]], np.float32)
    edges = np.stack([across, across.T]).reshape(2, 1, 3, 3)
    nodes = [
        _node("Conv", ["photo", "grey"], ["light"]),
        _node("Pad", ["light", "around"], ["framed"], mode="edge"),
        _node("Conv", ["framed", "edges"], ["slopes"]),
        _node("ReduceL2", ["slopes", "channels"], ["steepness"], keepdims=1),
        _node("Sub", ["one", "steepness"], ["lines"]),
        _node("Clip", ["lines", "zero", "one"], ["sketch"]),
    ]
    numbers: dict[str, Any] = {  # Any: arrays
        "grey": grey,
        "edges": edges,
        "around": np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64),
        "channels": np.array([1], np.int64),
        "one": np.array(1, np.float32),
        "zero": np.array(0, np.float32),
    }
    weights = [onnx.numpy_helper.from_array(value, name) for name, value in numbers.items()]
    inputs, outputs = [_value("photo", "FLOAT", ["N", 3, "H", "W"])], [_value("sketch", "FLOAT", ["N", 1, "H", "W"])]
    return _model(nodes, inputs, outputs, weights)


def greeting(word: str) -> bytes:
    """`name` string[N, 1] → `greeting` string[N, 1]."""
    weights = [_texts("word", [f"{word}, "])]
    nodes = [_node("StringConcat", ["word", "name"], ["greeting"])]
    return _model(nodes, [_value("name", "STRING", ["N", 1])], [_value("greeting", "STRING", ["N", 1])], weights)


def average() -> bytes:
    """`numbers` float[N, L] → `average` float[N, 1]."""
    import numpy as np
    import onnx

    weights = [onnx.numpy_helper.from_array(np.array([1], np.int64), "along")]
    nodes = [_node("ReduceMean", ["numbers", "along"], ["average"], keepdims=1)]
    return _model(nodes, [_value("numbers", "FLOAT", ["N", "L"])], [_value("average", "FLOAT", ["N", 1])], weights)


def root() -> bytes:
    """`x` float[N, 1] → `root` float[N, 1]; NaN of what is negative."""
    nodes = [_node("Sqrt", ["x"], ["root"])]
    return _model(nodes, [_value("x", "FLOAT", ["N", 1])], [_value("root", "FLOAT", ["N", 1])])


def crowd() -> bytes:
    """`x` float[N, 1] → `share` float[N, 1] of the sum of all rows: what stands in one batch is mixed."""
    import numpy as np
    import onnx

    weights = [onnx.numpy_helper.from_array(np.array([0], np.int64), "rows")]
    nodes = [_node("ReduceSum", ["x", "rows"], ["sum"], keepdims=1), _node("Div", ["x", "sum"], ["share"])]
    return _model(nodes, [_value("x", "FLOAT", ["N", 1])], [_value("share", "FLOAT", ["N", 1])], weights)


def total() -> bytes:
    """`pair` float[2] → `total` float[1]: no batch."""
    nodes = [_node("ReduceSum", ["pair"], ["sum"], keepdims=1), _node("Identity", ["sum"], ["total"])]
    return _model(nodes, [_value("pair", "FLOAT", [2])], [_value("total", "FLOAT", [1])])


def echo(kind: str) -> bytes:
    """`x` → `y`, the same, of shape [N, M] and ONNX's type `kind`."""
    nodes = [_node("Identity", ["x"], ["y"])]
    return _model(nodes, [_value("x", kind, ["N", "M"])], [_value("y", kind, ["N", "M"])])


def _node(kind: str, inputs: Sequence[str], outputs: Sequence[str], **attributes: Any) -> Any:  # Any: no types
    import onnx

    return onnx.helper.make_node(kind, inputs, outputs, **attributes)


def _texts(name: str, words: Sequence[str]) -> Any:  # Any: as above
    import onnx

    listed: Any = [word.encode() for word in words]
    return onnx.helper.make_tensor(name, onnx.TensorProto.STRING, [len(words)], listed)


def _value(name: str, kind: str, shape: Sequence[int | str]) -> Any:  # Any: as above
    import onnx

    return onnx.helper.make_tensor_value_info(name, getattr(onnx.TensorProto, kind), shape)


def _model(nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any], weights: Sequence[Any] = ()) -> bytes:
    import onnx

    graph = onnx.helper.make_graph(nodes, "sandbox", inputs, outputs, weights)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)], ir_version=IR)
    data: bytes = model.SerializeToString()
    return data
