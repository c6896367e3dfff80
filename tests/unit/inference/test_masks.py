"""Masks laid over the customer's photo, point by point."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from services.inference.errors import BadOutput
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from tests.unit.inference.models import FLOAT, INT64, graph, make_model, node, weight
from tests.unit.inference.test_preparation import png

MANIFEST = """
[[inputs]]
name = "photo"
type = "image"
label = "Photo"
prepare = {{ size = [8, 8]{prepare} }}
tensor = {{ name = "X" }}

[[outputs]]
name = "seen"
type = "mask"
label = "Seen"
tensor = "Y"
{keys}
"""
CLASSES = (
    'classes = [{ value = "sky", label = "sky" }, { value = "cat", label = "cat" }, { value = "dog", label = "dog" }]\n'
)
LEFT = np.repeat([[1.0] * 4 + [0.0] * 4], 8, axis=0)  # the left half of the sheet
THIRDS = np.repeat([[0, 0, 0, 0, 1, 1, 1, 2]], 8, axis=0)
RED, BLUE, WHITE = (238, 150, 161), (170, 213, 246), (255, 255, 255)  # half of a white photo


def serving(root: Path, mask: Any, keys: str = "", *, prepare: str = "", dtype: int = FLOAT) -> OnnxRuntime:
    values = np.asarray(mask)[np.newaxis]
    weights = [weight("found", values, np.float32 if dtype == FLOAT else np.int64)]
    data = graph(
        [node("Identity", ["found"], ["Y"])], [("X", FLOAT, [1, 3, 8, 8])], [("Y", dtype, values.shape)], weights
    )
    runtime = OnnxRuntime(*make_model(root, data, MANIFEST.format(prepare=prepare, keys=keys)))
    runtime.load()
    return runtime


def asked(runtime: OnnxRuntime, size: tuple[int, int] = (80, 40)) -> Result | BadOutput:
    photo = png(Image.new("RGB", size, "white"))
    try:
        (answer,) = runtime.run([Row(values={}, files={"photo": photo})], Limit(10))
    except BadOutput as error:
        return error
    assert isinstance(answer, Result | BadOutput)
    return answer


def points(answer: Result | BadOutput) -> Any:
    assert isinstance(answer, Result)
    return np.asarray(Image.open(io.BytesIO(answer.images["seen"])))


@pytest.mark.parametrize("mask", [LEFT, LEFT[np.newaxis]])
def test_what_is_seen_is_painted(tmp_path: Path, mask: Any) -> None:
    answer = asked(serving(tmp_path, mask))
    assert isinstance(answer, Result)
    assert answer.outputs == {"seen": {"share": 0.5}}
    painted = points(answer)
    assert painted.shape == (40, 80, 3)
    assert (tuple(painted[20, 5]), tuple(painted[20, 75])) == (RED, WHITE)


def test_the_bars_are_no_part_of_the_photo(tmp_path: Path) -> None:
    """The upper half of the sheet is the upper half of what lies between the bars."""
    painted = points(asked(serving(tmp_path, LEFT.T, prepare=', fit = "letterbox"')))
    assert (tuple(painted[5, 40]), tuple(painted[35, 40])) == (RED, WHITE)


def test_what_the_model_has_not_seen_is_not_painted(tmp_path: Path) -> None:
    painted = points(asked(serving(tmp_path, np.ones((8, 8)), prepare=', fit = "cover"')))
    assert [tuple(painted[20, x]) for x in (10, 40, 70)] == [WHITE, RED, WHITE]


@pytest.mark.parametrize(
    ("mask", "holds", "dtype"),
    [
        (THIRDS, "index", INT64),
        (THIRDS[np.newaxis], "index", FLOAT),
        (np.stack([kind == THIRDS for kind in range(3)]) * 9.0 - 4, "scores", FLOAT),
    ],
)
def test_classes_have_colours_by_how_much_there_is(tmp_path: Path, mask: Any, holds: str, dtype: int) -> None:
    keys = f'holds = "{holds}"\nbackground = "sky"\n{CLASSES}'
    answer = asked(serving(tmp_path, mask, keys, dtype=dtype))
    assert isinstance(answer, Result)
    assert answer.outputs == {"seen": {"shares": {"sky": 0.5, "cat": 0.375, "dog": 0.125}}}
    painted = points(answer)
    assert [tuple(painted[20, x]) for x in (10, 50, 78)] == [WHITE, RED, BLUE]


@pytest.mark.parametrize(
    ("mask", "keys", "dtype"),
    [(LEFT, "", FLOAT), (1 - LEFT, f'holds = "index"\nbackground = "cat"\n{CLASSES}', INT64)],
)
def test_what_is_seen_is_cut_out(tmp_path: Path, mask: Any, keys: str, dtype: int) -> None:
    cut = points(asked(serving(tmp_path, mask, "cutout = true\n" + keys, dtype=dtype)))
    assert cut.shape == (40, 80, 4)
    assert (cut[20, 5, 3], cut[20, 75, 3]) == (255, 0)


def test_raw_scores_become_shares(tmp_path: Path) -> None:
    answer = asked(serving(tmp_path, LEFT * 8 - 4, "logits = true\n"))
    assert isinstance(answer, Result)
    assert answer.outputs == {"seen": {"share": 0.5}}


def test_nothing_seen_is_an_answer(tmp_path: Path) -> None:
    answer = asked(serving(tmp_path, LEFT * 0))
    assert isinstance(answer, Result)
    assert (answer.outputs, answer.images) == ({"seen": {"share": 0.0}}, {})


@pytest.mark.parametrize(
    ("mask", "keys", "said"),
    [
        (LEFT * 5, "", "numbers from 0 to 5"),
        (LEFT * np.nan, "", "not finite"),
        (np.stack([LEFT, LEFT]), "", "2 channels of seen"),
        (LEFT * 3, f'holds = "index"\n{CLASSES}', "has 3 for one of 3 classes"),
        (np.stack([LEFT, LEFT]), f'holds = "scores"\n{CLASSES}', "2 channels for 3 classes"),
    ],
)
def test_what_cannot_be_right_is_paid_back(tmp_path: Path, mask: Any, keys: str, said: str) -> None:
    answer = asked(serving(tmp_path, mask, keys))
    assert isinstance(answer, BadOutput)
    assert said in str(answer)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (CLASSES, "is of one thing"),
        ('holds = "index"\n', "has no labels"),
        (f'holds = "index"\nbackground = "cow"\n{CLASSES}', 'there is no class "cow"'),
        (f'holds = "index"\ncutout = true\n{CLASSES}', "what is cut out is not said"),
    ],
)
def test_what_a_manifest_cannot_mean(tmp_path: Path, keys: str, said: str) -> None:
    with pytest.raises((ManifestError, ValidationError), match=said):
        serving(tmp_path, LEFT, keys)
