"""What the shop refuses to sell although it answers: another class than the graph's own, and numbers for shares."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.authoring.check import check_folder
from services.inference.errors import ModelBroken, RunFailed, RunTimeout
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.runtimes.onnx_trials import SECONDS, try_rows
from services.inference.tensors import Row
from services.manifests.manifest import load_manifest
from tests.unit.inference.models import FLOAT, INT64, NUMBER_X, STRING, graph, node, weight, write_model

X, P = ("X", FLOAT, ["N", 1]), ("P", FLOAT, ["N", 2])
SCORES = [node("MatMul", ["X", "W"], ["Z"]), node("Softmax", ["Z"], ["P"])]
W = weight("W", [[0.5, -0.5]])


def classifier(labels: Sequence[str], *, swapped: bool = False, shares: str = "Softmax") -> bytes:
    """Names a class and gives scores for both; `swapped`: the scores speak for the other one."""
    told: dict[str, Any] = {"classlabels_strings": labels, "coefficients": [1.0, -1.0], "intercepts": [0.01, 0.0]}
    made = node("LinearClassifier", ["X"], ["label", "S"], domain="ai.onnx.ml", post_transform="NONE", **told)
    last = [node("Neg", ["S"], ["T"])] if swapped else [node("Identity", ["S"], ["T"])]
    return graph([made, *last, node(shares, ["T"], ["P"])], [X], [("label", STRING, ["N"]), P])


def placing(kind: str) -> bytes:
    """Names the position of a class."""
    named = node(kind, ["Z"], ["which"], axis=1, keepdims=0)
    return graph([*SCORES, named], [X], [("which", INT64, ["N"]), P], [W])


def picking(labels: Sequence[int]) -> bytes:
    nodes = [*SCORES, node("ArgMax", ["P"], ["A"], axis=1, keepdims=0), node("Gather", ["L", "A"], ["label"])]
    return graph(nodes, [X], [("label", INT64, ["N"]), P], [W, weight("L", labels, np.int64)])


def raw() -> bytes:
    return graph([node("MatMul", ["X", "W"], ["P"])], [X], [P], [weight("W", [[5.0, -0.5]])])


def classes(*values: str, more: str = "") -> str:
    listed = ", ".join(f'{{ value = "{value}", label = "The {value}" }}' for value in values)
    head = '[[outputs]]\nname = "y"\ntype = "classes"\nlabel = "Y"\ntensor = "P"\n'
    return f"{NUMBER_X}{head}classes = [{listed}]\n{more}"


PROBABILITY = NUMBER_X + '[[outputs]]\nname = "y"\ntype = "probability"\nlabel = "Y"\ntensor = "P"\n'
LABEL = 'label_tensor = "label"\n'
WRONG = {
    "the author's words, swapped": (
        classifier(["n", "y"], swapped=True),
        classes("bad", "good"),
        '"label" says n where',
    ),
    "the graph's words, swapped": (classifier(["n", "y"], swapped=True), classes("n", "y"), "says n where y shows y"),
    "the graph's words in another order": (classifier(["n", "y"]), classes("y", "n"), "says n where y shows y"),
    "in another order, named by the graph": (classifier(["n", "y"]), classes("y", "n", more=LABEL), "greatest share"),
    "the least score": (placing("ArgMin"), classes("bad", "good"), '"which" says'),
    "words picked in another order": (picking([20, 10]), classes("10", "20"), '"label" says'),
    "no such class": (classifier(["n", "y"]), classes("bad", "good", more=LABEL), "is none of the classes of y"),
    "scores": (raw(), classes("bad", "good"), "the numbers of y are no probabilities: 5, -0.5"),
    "one score": (raw(), PROBABILITY, "the numbers of y are no probabilities: 5"),
    "scores beside a label": (
        classifier(["n", "y"], shares="Identity"),
        classes("n", "y", more=LABEL),
        "are no probabilities",
    ),
}
RIGHT = {
    "the author's words": (classifier(["n", "y"]), classes("bad", "good")),
    "the graph's words": (classifier(["n", "y"]), classes("n", "y", more=LABEL)),
    "the greatest score": (placing("ArgMax"), classes("bad", "good")),
    "words that are picked": (picking([20, 10]), classes("20", "10")),
    "a share": (classifier(["n", "y"]), PROBABILITY),
}


@pytest.mark.parametrize(("data", "tables", "words"), WRONG.values(), ids=WRONG)
def test_what_is_not_sold(tmp_path: Path, data: bytes, tables: str, words: str) -> None:
    """By `check`, and by the shop when it starts, for the same reason."""
    folder = write_model(tmp_path, data, tables)
    failed = [line for line in check_folder(folder) if not line.ok]
    assert len(failed) >= 1
    assert words in failed[0].detail
    assert failed[0].fix
    with pytest.raises(ModelBroken) as caught:
        warmed_up(folder)
    assert words in caught.value.problem
    assert caught.value.fix == failed[0].fix


@pytest.mark.parametrize(("data", "tables"), RIGHT.values(), ids=RIGHT)
def test_what_is_sold(tmp_path: Path, data: bytes, tables: str) -> None:
    folder = write_model(tmp_path, data, tables)
    assert [line.detail for line in check_folder(folder) if line.state != "ok"] == []
    warmed_up(folder)


def test_rows_that_mix_are_not_sold_together(tmp_path: Path) -> None:
    data = graph([node("Softmax", ["X"], ["P"], axis=0)], [X], [("P", FLOAT, ["N", 1])])
    with pytest.raises(ModelBroken, match=r"several rows at once get other answers.*Set runtime.max_batch = 1"):
        warmed_up(write_model(tmp_path, data, PROBABILITY))
    warmed_up(write_model(tmp_path, data, PROBABILITY, runtime="max_batch = 1\n"))


def warmed_up(folder: Path) -> None:
    runtime = OnnxRuntime(load_manifest(folder), folder)
    runtime.load()
    with watched(Limit(10)) as limit:
        runtime.warm_up(limit)


class Slow:
    """A graph that takes `seconds` for each run, on a clock of its own, and refuses rows of -1."""

    def __init__(self, seconds: float) -> None:
        self.now, self.seconds, self.runs = 0.0, seconds, 0

    def __call__(self, rows: Sequence[Row], limit: Limit) -> Mapping[str, Any]:
        self.runs += 1
        self.now += min(self.seconds, limit.seconds)
        if self.seconds > limit.seconds:
            raise RunTimeout(seconds=limit.seconds)
        if any(row.values["x"] == -1 for row in rows):
            raise RunFailed(problem="no")
        return {"P": np.array([[row.values["x"]] for row in rows])}


def rows(count: int) -> list[Row]:
    return [Row(values={"x": float(number)}, files={}) for number in range(count)]


@pytest.mark.parametrize(
    ("seconds", "several", "runs", "told"),
    [
        (0.0, True, 5, "on 101 rows"),
        (0.0, False, 101, "on 101 rows"),
        (1.0, True, 4, "on 51 rows, as many as ran within 3 s"),
        (10.0, True, 1, "on 0 rows, as many as ran within 3 s"),
    ],
)
def test_the_time_that_is_taken(seconds: float, several: bool, runs: int, told: str) -> None:
    slow = Slow(seconds)
    tried = try_rows(slow, rows(101), several=several, clock=lambda: slow.now)
    assert (str(tried), slow.now <= SECONDS) == (told, True)
    assert slow.runs <= runs


def test_a_row_that_is_refused_takes_no_other_with_it() -> None:
    slow = Slow(0.0)
    tried = try_rows(slow, [*rows(10), Row(values={"x": -1.0}, files={}), *rows(10)], several=True)
    assert str(tried) == "on 20 rows"
