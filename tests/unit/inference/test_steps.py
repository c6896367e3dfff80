"""What is said of each step, in one number or in times."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.inference.runtimes.steps import MOST_SPANS
from services.inference.runtimes.tensor_results import Reader, is_plain
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from services.manifests.manifest import Manifest, load_manifest
from tests.unit.inference.models import NUMBER_X, identity, write_model

STEPS = np.array([[0.1, 0.9, 0.8, 0.2, 0.7, 0.1, 0.1, 0.1, 0.6, 0.1], [0.1] * 10], np.float32)


def manifest(root: Path, kind: str, more: str) -> Manifest:
    output = f'[[outputs]]\nname = "y"\ntype = "{kind}"\nlabel = "Y"\ntensor = "Y"\n{more}\n'
    return load_manifest(write_model(root, identity(), NUMBER_X + output))


def read(told: Manifest, tensor: Any) -> list[Any]:
    given = Reader(told).results({"Y": tensor}, [Row(values={})] * len(tensor))
    return [answer.outputs["y"] if isinstance(answer, Result) else answer for answer in given]


@pytest.mark.parametrize(
    ("kind", "more", "wanted"),
    [
        ("probability", 'over = "share"', [0.4, 0]),
        ("probability", 'over = "share"\nthreshold = 0.75', [0.2, 0]),
        ("probability", 'over = "max"', [0.9, 0.1]),
        ("number", 'over = "mean"', [0.37, 0.1]),
        ("number", 'over = "min"', [0.1, 0.1]),
    ],
)
def test_one_number_of_all(tmp_path: Path, kind: str, more: str, wanted: list[float]) -> None:
    told = manifest(tmp_path, kind, more)
    assert read(told, STEPS) == pytest.approx(wanted, abs=1e-6)
    assert not is_plain(told.output("y"))


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ("step = 1", "0:01–0:03, 0:04–0:05, 0:08–0:09"),
        ("step = 1\ngap = 2", "0:01–0:05, 0:08–0:09"),
        ("step = 1\ngap = 2\nshortest = 3", "0:01–0:05"),
        ("step = 60\nthreshold = 0.75", "1:00–3:00"),
    ],
)
def test_times_of_what_is_over_the_threshold(tmp_path: Path, more: str, wanted: str) -> None:
    assert read(manifest(tmp_path, "text", f'decode = "spans"\n{more}'), STEPS) == [wanted, ""]


@pytest.mark.parametrize(
    ("more", "key"),
    [('decode = "spans"', "outputs.y.step"), ("step = 1", "outputs.y.step"), ("gap = 1", "outputs.y.gap")],
)
def test_what_does_not_fit_together_is_told(tmp_path: Path, more: str, key: str) -> None:
    with pytest.raises(ManifestError) as found:
        manifest(tmp_path, "text", more)
    assert found.value.key == key


def test_very_many_spans_are_told_in_time_that_grows_with_them(tmp_path: Path) -> None:
    told = manifest(tmp_path, "text", 'decode = "spans"\nstep = 1\nthreshold = 0.5')
    began = time.process_time()
    (text,) = read(told, np.tile(np.array([[0.9, 0.1]], np.float32), 100_000))
    assert time.process_time() - began < 2
    assert str(text).count("–") == MOST_SPANS
