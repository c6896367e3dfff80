"""A recurrent model's state is a constant: zeros of each customer's own, wherever the graph counts its rows."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from pydantic import ValidationError

from services.inference.errors import ModelBroken
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.manifest import Constant
from tests.unit.authoring.test_meanings import recurrent
from tests.unit.inference.models import FLOAT, graph, make_model, node, weight

STATES = (
    '[[constants]]\ntensor = "h0"\nshape = [1, 1, 4]\n{more}\n[[constants]]\ntensor = "c0"\nshape = [1, 1, 4]\n{more}\n'
)
TABLE = """
[[inputs]]
name = "days"
type = "table"
label = {{ ru = "Дни", en = "Days" }}
columns = [{{ name = "a", label = "A" }}, {{ name = "b", label = "B" }}, {{ name = "c", label = "C" }}]
{rows}
tensor = {{ name = "X" }}

[[outputs]]
name = "y"
type = "number"
label = {{ ru = "Итог", en = "Result" }}
tensor = "Y"
decimals = 4
"""


def tables(*, rows: str = "", more: str = "") -> str:
    return STATES.format(more=more) + TABLE.format(rows=rows)


def days(*lines: list[float]) -> Row:
    return Row(values={"days": {"columns": ["a", "b", "c"], "rows": [*lines]}})


def told(runtime: OnnxRuntime, *rows: Row) -> list[Any]:
    answers = runtime.run(rows, Limit(10))
    return [answer.outputs["y"] if isinstance(answer, Result) else answer for answer in answers]


def alone(lines: list[list[float]]) -> float:
    """As onnxruntime gives it for one row and zeros."""
    zeros = np.zeros((1, 1, 4), np.float32)
    feeds = {"X": np.array([lines], np.float32), "h0": zeros, "c0": zeros}
    return float(ort.InferenceSession(recurrent()).run(["Y"], feeds)[0][0])


@pytest.mark.parametrize("more", ["", "batch = 1"], ids=["found", "told"])
def test_rows_of_several_customers_go_together(tmp_path: Path, more: str) -> None:
    """The state's rows are its second side; the last table is longer and goes by itself."""
    runtime = OnnxRuntime(*make_model(tmp_path, recurrent(), tables(more=more)))
    runtime.load()
    runtime.warm_up(Limit(10))
    sent: list[list[list[float]]] = [[[1.0, 2, 3], [0, 1, 0]], [[-1.0, 0, 2], [3, 3, 3]], [[1.0, 1, 1]] * 3]
    assert runtime.most_rows > 1
    assert told(runtime, *(days(*lines) for lines in sent)) == pytest.approx([alone(lines) for lines in sent], abs=1e-5)


def test_the_side_that_is_told_counts(tmp_path: Path) -> None:
    """Where layers are free as well nothing but the manifest tells them from rows."""
    shape = ["L", "N", 4]
    nodes = [
        node("ReduceSum", ["h0", "axes"], ["s"], keepdims=0),
        node("Mul", ["s", "X"], ["Y"]),
    ]
    data = graph(
        nodes,
        [("X", FLOAT, ["N"]), ("h0", FLOAT, shape)],
        [("Y", FLOAT, ["N"])],
        [weight("axes", [0, 2], np.int64)],
    )
    number = '[[inputs]]\nname = "x"\ntype = "number"\nlabel = "X"\ntensor = { name = "X" }\n'
    number += '[[outputs]]\nname = "y"\ntype = "number"\nlabel = "Y"\ntensor = "Y"\n'
    state = '[[constants]]\ntensor = "h0"\nshape = [1, 1, 4]\nvalue = 1\n'
    rows = [Row(values={"x": float(x)}) for x in (1, 2, 3)]
    right = OnnxRuntime(*make_model(tmp_path, data, state + "batch = 1\n" + number, slug="right"))
    right.load()
    right.warm_up(Limit(10))
    assert told(right, *rows) == [4, 8, 12]
    wrong = OnnxRuntime(*make_model(tmp_path, data, state + number, slug="wrong"))
    wrong.load()
    with pytest.raises(ModelBroken, match="several rows at once"):
        wrong.warm_up(Limit(10))


def test_a_constant_of_several_numbers_is_whole(tmp_path: Path) -> None:
    """A free side that it fills is no batch."""
    data = graph(
        [node("ReduceSum", ["c"], ["s"], keepdims=0), node("Mul", ["X", "s"], ["Y"])],
        [("X", FLOAT, ["N", 1]), ("c", FLOAT, ["K"])],
        [("Y", FLOAT, ["N", 1])],
    )
    constant = '[[constants]]\ntensor = "c"\nshape = [3]\nvalue = [1, 2, 3]\n'
    number = '[[inputs]]\nname = "x"\ntype = "number"\nlabel = "X"\ntensor = { name = "X" }\n'
    number += '[[outputs]]\nname = "y"\ntype = "number"\nlabel = "Y"\ntensor = "Y"\n'
    runtime = OnnxRuntime(*make_model(tmp_path, data, constant + number))
    runtime.load()
    assert told(runtime, *[Row(values={"x": 1.0})] * 2) == [6, 6]


@pytest.mark.parametrize("batch", [0, 3, -1])
def test_a_side_that_is_none(batch: int) -> None:
    with pytest.raises(ValidationError, match=r"no side of 1|greater than or equal"):
        Constant.model_validate({"tensor": "h", "shape": [2, 1, 4], "batch": batch})
