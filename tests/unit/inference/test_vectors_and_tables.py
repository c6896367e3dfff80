"""Vectors and tables of a batch: a row for each customer."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.errors import ShopError
from services.inference.errors import BadOutput
from services.inference.runtimes.tensor_results import Reader
from services.inference.tensors import Result, Row
from tests.unit.inference.models import NUMBER_X, identity, make_model

COLUMNS = 'columns = [{ name = "a", label = "A" }, { name = "b", label = "B" }]\n'


def reads(root: Path, tensor: Any, kind: str, rows: int = 1, keys: str = "") -> list[Result | ShopError]:
    output = f'[[outputs]]\nname = "y"\ntype = "{kind}"\nlabel = "Y"\ntensor = "Y"\n{keys}'
    manifest, _ = make_model(root, identity(), NUMBER_X + output)
    return Reader(manifest).results({"Y": np.array(tensor)}, [Row(values={})] * rows)


def outputs(found: list[Result | ShopError]) -> list[Any]:
    return [each.outputs["y"] if isinstance(each, Result) else type(each) for each in found]


def test_a_vector_for_each(tmp_path: Path) -> None:
    found = reads(tmp_path, [[0.5, 1.0], [math.nan, 2.0]], "embedding", rows=2)
    assert outputs(found) == [[0.5, 1.0], BadOutput]


def test_one_vector_of_a_text(tmp_path: Path) -> None:
    found = reads(tmp_path, [[[3.0, 0.0], [3.0, 8.0]]], "embedding", keys='pooling = "mean"\nnormalise = true\n')
    assert outputs(found) == [[0.6, 0.8]]


@pytest.mark.parametrize(
    ("tensor", "rows"),
    [
        ([[[1, 2], [3, 4]]], [[1, 2], [3, 4]]),
        ([[1.5, 2]], [[1.5, 2.0]]),
        ([[["=A1", "no"]]], [["=A1", "no"]]),
        (np.empty((1, 0, 2)), []),
    ],
    ids=["whole numbers", "one line", "texts", "nothing"],
)
def test_a_table(tmp_path: Path, tensor: Any, rows: Any) -> None:
    assert outputs(reads(tmp_path, tensor, "table", keys=COLUMNS)) == [{"columns": ["a", "b"], "rows": rows}]


def test_a_table_that_is_not_finite_is_paid_back_alone(tmp_path: Path) -> None:
    found = reads(tmp_path, [[[1.0, 2.0]], [[math.inf, 2.0]]], "table", rows=2, keys=COLUMNS)
    assert outputs(found) == [{"columns": ["a", "b"], "rows": [[1.0, 2.0]]}, BadOutput]


@pytest.mark.parametrize(
    ("tensor", "said"),
    [(np.zeros((1, 4, 3)), "has other columns than the 2"), (np.zeros((1, 60_000, 2)), "has 120000 cells")],
)
def test_what_is_no_such_table_is_paid_back(tmp_path: Path, tensor: Any, said: str) -> None:
    with pytest.raises(BadOutput) as refused:
        reads(tmp_path, tensor, "table", keys=COLUMNS)
    assert said in str(refused.value)
