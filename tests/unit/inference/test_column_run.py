"""Rows of a table beside rows of others: how many in a step, and when it gives way."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from services.inference.columns import ColumnBatch
from services.inference.runtimes.base import AsideTurn, Limit
from services.inference.runtimes.column_pace import STEP_SECONDS, StepPace
from services.inference.runtimes.column_run import BLOCK, ColumnRun
from services.inference.runtimes.onnx import OnnxRuntime
from services.manifests.manifest import load_manifest
from tests.support.tables import doubling, fragile
from tests.unit.inference.models import NUMBER_X, NUMBER_Y, write_model

X_Y = NUMBER_X.replace("label", "example = 1\nlabel") + NUMBER_Y


def _run(folder: Path, model: bytes, numbers: NDArray[np.float64], *, seconds: float = 99) -> ColumnRun:
    runtime = OnnxRuntime(load_manifest(write_model(folder, model, X_Y)), folder / "tiny")
    runtime.load()
    return runtime.column_run(ColumnBatch(rows=len(numbers), arrays={"x": numbers}), seconds=seconds)


def _counting(rows: int) -> NDArray[np.float64]:
    return np.arange(rows, dtype=np.float64)


def _turn(*, wanted: bool = False, only: bool = False) -> AsideTurn:
    return AsideTurn(limit=Limit(5), wanted=lambda: wanted, only=only)


def test_rows_of_several_blocks(tmp_path: Path) -> None:
    run = _run(tmp_path, doubling(), _counting(2 * BLOCK + 7))
    while not run.done:
        run.go(_turn())
    assert not run.answers.failed.any()
    np.testing.assert_array_equal(run.answers.columns["y"], 2 * np.arange(2 * BLOCK + 7))


def test_rows_that_fail_in_several_blocks_fail_alone(tmp_path: Path) -> None:
    numbers = _counting(BLOCK + 200) % 10
    bad = [0, 5, BLOCK - 1, BLOCK, BLOCK + 199]
    numbers[bad] = 99
    run = _run(tmp_path, fragile(), numbers)
    while not run.done:
        run.go(_turn())
    assert np.flatnonzero(run.answers.failed).tolist() == bad
    good = ~run.answers.failed
    np.testing.assert_array_equal(np.asarray(run.answers.columns["y"])[good], numbers[good])


def test_it_ends_when_its_time_is_over_with_what_it_has(tmp_path: Path) -> None:
    run = _run(tmp_path, doubling(), _counting(BLOCK), seconds=0)
    run.go(_turn())
    assert run.done
    assert 0 < run.answers.rows < BLOCK
    assert run.answers.columns["y"].tolist() == [2.0 * x for x in range(run.answers.rows)]  # type: ignore[union-attr]


def test_one_step_is_done_where_others_wait(tmp_path: Path) -> None:
    run = _run(tmp_path, doubling(), _counting(BLOCK))
    run.go(_turn(wanted=True))
    assert not run.done
    assert run._at == run._runtime.most_rows


def test_where_they_wait_for_its_end_a_step_begins_with_one_row(tmp_path: Path) -> None:
    run = _run(tmp_path, doubling(), _counting(BLOCK))
    run.go(_turn(wanted=True, only=True))
    assert run._at == 1


@pytest.mark.parametrize(
    ("lone", "each", "rows"),
    [
        (STEP_SECONDS / 100, 0, 256),
        (STEP_SECONDS / 10, STEP_SECONDS / 10, 10),
        (STEP_SECONDS * 50, STEP_SECONDS * 10, 10),
        (STEP_SECONDS * 50, STEP_SECONDS * 50, 2),
    ],
    ids=["cheap", "by the clock", "batches pay", "dear"],
)
def test_steps_are_bounded_by_time(lone: float, each: float, rows: int) -> None:
    """Seconds of one row alone, and of each in a batch."""
    pace = StepPace(256)
    assert (pace.rows(bounded=True), pace.rows(bounded=False)) == (1, 256)
    pace.note(1, lone)
    for _ in range(20):
        step = pace.rows(bounded=True)
        pace.note(step, max(lone, each * step))
    assert pace.rows(bounded=True) == pytest.approx(rows, abs=1)
