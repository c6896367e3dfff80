"""Make `model.onnx`: what is coarse in a picture, light against dark, as a vector. Nothing is trained.

.venv/bin/python models_more/same-picture/build.py
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

SIDE = 64
WAVES = 8  # along each side: what is finer is noise of cameras and compression
LUMA = (0.299, 0.587, 0.114)


def cosines() -> Any:  # an array
    """The first rows of the discrete cosine transform: `[WAVES, SIDE]`."""
    places = (np.arange(SIDE) + 0.5) * math.pi / SIDE
    return np.cos(np.outer(np.arange(WAVES), places)).astype(np.float32) * np.float32(math.sqrt(2 / SIDE))


def main() -> None:
    rows = cosines()
    weights = {
        "luma": np.array(LUMA, np.float32).reshape(1, 3, 1, 1),
        "rows": rows,
        "columns": np.ascontiguousarray(rows.T),
        "flat": np.array([0, WAVES * WAVES], np.int64),
        "from": np.array([1], np.int64),  # without the mean: a picture that is lighter is the same
        "to": np.array([WAVES * WAVES], np.int64),
        "axis": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Conv", ["pictures", "luma"], ["grey"]),
        helper.make_node("MatMul", ["rows", "grey"], ["down"]),
        helper.make_node("MatMul", ["down", "columns"], ["waves"]),
        helper.make_node("Reshape", ["waves", "flat"], ["listed"]),
        helper.make_node("Slice", ["listed", "from", "to", "axis"], ["vector"]),
    ]
    pictures = helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])
    vector = helper.make_tensor_value_info("vector", TensorProto.FLOAT, ["N", WAVES * WAVES - 1])
    listed = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "same-picture", [pictures], [vector], listed)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(model)
    save(model, Path(__file__).parent / "model.onnx")


if __name__ == "__main__":
    main()
