"""What a model takes beside its file: one copy once it is loaded, two while it is read."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from services.authoring.check import check_folder
from services.inference.memory import about, in_words
from tests.unit.inference.models import FLOAT, NUMBER_X, NUMBER_Y, graph, identity, node, weight, write_model

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")
WIDE = 1024


def numbers(*shape: int, seed: int = 0) -> Any:  # Any: an array
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32) / 100


def chain(kind: str, shape: list[Any], weights: list[Any], **attributes: Any) -> bytes:
    """One layer after the other."""
    names = ["X", *(f"h{n}" for n in range(1, len(weights))), "Y"]
    nodes = [node(kind, [names[n], f"W{n}"], [names[n + 1]], **attributes) for n in range(len(weights))]
    held = [weight(f"W{n}", values) for n, values in enumerate(weights)]
    return graph(nodes, [("X", FLOAT, shape)], [("Y", FLOAT, shape)], held)


def layers() -> bytes:
    return chain("MatMul", ["N", WIDE], [numbers(WIDE, WIDE, seed=seed) for seed in range(15)])


def convolutions() -> bytes:
    weights = [numbers(384, 384, 3, 3, seed=seed) for seed in range(12)]
    return chain("Conv", ["N", 384, 8, 8], weights, pads=[1, 1, 1, 1])


def words() -> bytes:
    shapes = [("X", TensorProto.INT64, ["N"])], [("Y", FLOAT, ["N", WIDE])]
    return graph([node("Gather", ["E", "X"], ["Y"])], *shapes, [weight("E", numbers(15 * WIDE, WIDE))])


def trees() -> bytes:
    """500 trees of 1,023 nodes, as scikit-learn's are written: no tensor, lists of numbers."""
    within, trees = np.arange(1023), 500
    inner = within < 511
    lists = {
        "nodes_treeids": np.repeat(np.arange(trees), 1023),
        "nodes_nodeids": np.tile(within, trees),
        "nodes_featureids": np.zeros(1023 * trees, np.int64),
        "nodes_truenodeids": np.tile(np.where(inner, 2 * within + 1, 0), trees),
        "nodes_falsenodeids": np.tile(np.where(inner, 2 * within + 2, 0), trees),
        "nodes_values": np.random.default_rng(0).random(1023 * trees),
        "target_treeids": np.repeat(np.arange(trees), 512),
        "target_nodeids": np.tile(within[~inner], trees),
        "target_ids": np.zeros(512 * trees, np.int64),
        "target_weights": np.random.default_rng(1).random(512 * trees),
    }
    modes = ["BRANCH_LEQ" if branch else "LEAF" for branch in inner] * trees
    told = {name: values.tolist() for name, values in lists.items()}
    forest = node("TreeEnsembleRegressor", ["X"], ["Y"], domain="ai.onnx.ml", n_targets=1, nodes_modes=modes, **told)
    return graph([forest], [("X", FLOAT, ["N", 1])], [("Y", FLOAT, ["N", 1])])


@linux
@pytest.mark.parametrize(
    ("make", "kept", "most"),
    [
        pytest.param(layers, 1.2, 1.5, marks=pytest.mark.slow),
        (convolutions, 1.2, 2.3),
        pytest.param(words, 1.2, 2.3, marks=pytest.mark.slow),
        pytest.param(trees, 6.0, 16.0, marks=pytest.mark.slow),
    ],
)
def test_what_loading_takes(tmp_path: Path, make: Callable[[], bytes], kept: float, most: float) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(make())
    program = [sys.executable, "-m", "tests.unit.inference.loading", str(file)]
    taken = json.loads(subprocess.run(program, check=True, capture_output=True, timeout=120).stdout)
    assert 0.9 < taken["kept"] < kept
    assert taken["most"] is None or taken["kept"] <= taken["most"] < most
    with file.open("rb") as stream:
        assert about(stream) / file.stat().st_size == pytest.approx(taken["kept"], rel=0.2)


def test_check_says_what_a_model_takes(tmp_path: Path) -> None:
    example = NUMBER_X.replace('label = "X"', 'label = "X"\nexample = 2.5')
    lines = {line.what: line.detail for line in check_folder(write_model(tmp_path, identity(), example + NUMBER_Y))}
    assert "MB" in lines["memory"]


def test_megabytes() -> None:
    assert [in_words(size) for size in (0, 1_400_000, 2_345_678_901)] == ["1 MB", "1 MB", "2,346 MB"]
