"""What a detector finds, drawn over the customer's photo: places held against those that were put there."""

import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from services.inference.boxes import suppress
from services.inference.errors import BadOutput
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from tests.unit.inference.models import FLOAT, graph, make_model, node, weight
from tests.unit.inference.test_preparation import png

MANIFEST = """
[[inputs]]
name = "photo"
type = "image"
label = "Photo"
prepare = {{ size = [64, 64]{prepare} }}
tensor = {{ name = "X" }}

[[outputs]]
name = "animals"
type = "boxes"
label = "Animals"
tensor = "Y"
{keys}
"""
KINDS = 'classes = [{ value = "cat", label = { ru = "кот", en = "cat" } }, { value = "dog", label = "dog" }]\n'
CAT, DOG = [16, 16, 32, 48, 0.9, 0], [32, 24, 64, 40, 0.6, 1]  # left, top, right, bottom on the sheet of 64 × 64


def detector(**tensors: Any) -> bytes:
    """Finds the same in every photo: each tensor as it is given."""
    shapes = {name: [1, *np.shape(values)] for name, values in tensors.items()}
    nodes = [node("Identity", [f"{name}_found"], [name]) for name in tensors]
    weights = [weight(f"{name}_found", [values]) for name, values in tensors.items()]
    outputs = [(name, FLOAT, shape) for name, shape in shapes.items()]
    return graph(nodes, [("X", FLOAT, [1, 3, 64, 64])], outputs, weights)


def serving(root: Path, data: bytes, keys: str = "", *, prepare: str = "", classes: str = KINDS) -> OnnxRuntime:
    runtime = OnnxRuntime(*make_model(root, data, MANIFEST.format(prepare=prepare, keys=keys + classes)))
    runtime.load()
    return runtime


def asked(runtime: OnnxRuntime, size: tuple[int, int] = (640, 320), language: str = "ru") -> Result:
    photo = png(Image.new("RGB", size, "white"))
    (answer,) = runtime.run([Row(values={}, files={"photo": photo}, language=language)], Limit(10))
    assert isinstance(answer, Result), answer
    return answer


def places(answer: Result) -> list[tuple[str, float, list[float]]]:
    found: Any = answer.outputs["animals"]
    return [(each.get("class", ""), each["score"], each["box"]) for each in found["boxes"]]


def drawn(answer: Result) -> Image.Image:
    return Image.open(io.BytesIO(answer.images["animals"])).convert("RGB")


def test_places_are_parts_of_the_photo(tmp_path: Path) -> None:
    """A photo twice as wide as high was stretched to a square."""
    answer = asked(serving(tmp_path, detector(Y=[DOG, CAT])))
    assert places(answer) == [("cat", 0.9, [0.25, 0.25, 0.5, 0.75]), ("dog", 0.6, [0.5, 0.375, 1.0, 0.625])]


@pytest.mark.parametrize(
    ("fit", "expected"),
    [  # the photo lay between y = 16 and 48 of the sheet; its middle half filled the sheet
        ('fit = "letterbox"', [0.25, 0.0, 0.5, 1.0]),
        ('fit = "cover"', [0.375, 0.25, 0.5, 0.75]),
    ],
)
def test_the_way_back_through_bars_and_cuts(tmp_path: Path, fit: str, expected: list[float]) -> None:
    answer = asked(serving(tmp_path, detector(Y=[CAT]), prepare=f", {fit}"))
    assert places(answer) == [("cat", 0.9, expected)]


def _columns(*rows: list[float]) -> Any:
    return np.transpose(rows)


@pytest.mark.parametrize(
    ("tensors", "keys"),
    [
        ({"Y": [[16, 16, 16, 32, 0.9, 0]]}, 'format = "xywh"\n'),
        ({"Y": [[24, 32, 16, 32, 0.9, 0]]}, 'format = "cxcywh"\n'),
        ({"Y": [[0.25, 0.25, 0.5, 0.75, 0.9, 0]]}, "normalised = true\n"),
        (
            {"Y": [[0, 0.25, 0.25, 0.75, 0.5, 0.9]]},
            'normalised = true\nformat = "yxyx"\ncolumns = ["class", "box", "score"]\n',
        ),
        (
            {"Y": _columns([24, 32, 16, 32, 0.9, 0.2])},
            'layout = "columns"\nformat = "cxcywh"\ncolumns = ["box", "scores"]\n',
        ),
        ({"Y": [[24, 32, 16, 32, 0.9, 1.0, 0.3]]}, 'format = "cxcywh"\ncolumns = ["box", "objectness", "scores"]\n'),
        ({"Y": [CAT[:4]], "S": [0.9], "C": [0.0]}, 'score_tensor = "S"\nclass_tensor = "C"\n'),
        ({"Y": [CAT[:4]], "S": [[2.1972246, -9.0]]}, 'score_tensor = "S"\nlogits = true\n'),
        ({"Y": [[CAT[:4]]], "S": [[[0.9, 0.1]]]}, 'score_tensor = "S"\n'),
    ],
)
def test_as_detectors_tell_it(tmp_path: Path, tensors: dict[str, Any], keys: str) -> None:
    """One cat, however boxes, scores and classes are laid out."""
    ((kind, score, box),) = places(asked(serving(tmp_path, detector(**tensors), keys)))
    assert kind == "cat"
    assert score == pytest.approx(0.9, abs=1e-5)
    assert box == pytest.approx([0.25, 0.25, 0.5, 0.75])


def test_what_lies_over_a_surer_one_of_its_kind_is_left_out(tmp_path: Path) -> None:
    near, under = [17, 16, 33, 48, 0.8, 0], [16, 16, 32, 48, 0.7, 1]
    runtime = serving(tmp_path, detector(Y=[under, near, CAT]), "nms = 0.5\n")
    assert [(kind, score) for kind, score, _ in places(asked(runtime))] == [("cat", 0.9), ("dog", 0.7)]


def test_the_label_is_in_the_customers_language_and_the_colour_of_its_kind(tmp_path: Path) -> None:
    runtime = serving(tmp_path, detector(Y=[CAT, DOG]))
    russian, english = asked(runtime), asked(runtime, language="en")
    assert russian.images != english.images
    assert drawn(russian).size == (640, 320)
    colours = {colour for _, colour in drawn(russian).getcolors(1 << 20) or ()}
    assert {(221, 46, 68), (85, 172, 238)} <= colours


@pytest.mark.parametrize("size", [(8, 6), (1, 1), (1024, 30), (30, 1024)])
def test_photos_of_every_size_can_be_drawn_over(tmp_path: Path, size: tuple[int, int]) -> None:
    picture = drawn(asked(serving(tmp_path, detector(Y=[CAT, DOG])), size))
    assert max(picture.size) == max(640, *size)
    assert len(picture.getcolors(1 << 20) or ()) > 2


def test_nothing_found_is_an_answer(tmp_path: Path) -> None:
    answer = asked(serving(tmp_path, detector(Y=[[*CAT[:4], 0.2, 0]])))
    assert (answer.outputs, answer.images) == ({"animals": {"found": 0, "boxes": []}}, {})


@pytest.mark.parametrize(("found", "advice"), [([CAT, DOG], 0), ([CAT], None)])
def test_an_advice_looks_at_how_many_were_found(tmp_path: Path, found: Any, advice: int | None) -> None:
    rule = '[[advice]]\noutput = "animals"\nop = ">="\nthreshold = 2\ntext = "A crowd"\n'
    assert asked(serving(tmp_path, detector(Y=found), KINDS, classes=rule)).advice == advice


def test_one_kind_needs_no_name(tmp_path: Path) -> None:
    answer = asked(serving(tmp_path, detector(Y=[CAT[:5]]), 'columns = ["box", "score"]\n', classes=""))
    assert answer.outputs["animals"] == {"found": 1, "boxes": [{"box": [0.25, 0.25, 0.5, 0.75], "score": 0.9}]}


@pytest.mark.parametrize(
    ("found", "keys", "said"),
    [
        ([[*CAT[:4], 12.0, 0]], "", "a score of animals is 12"),
        ([[*CAT[:4], 0.9, 7]], "", "the class 7 is none of the 2"),
        ([[*CAT[:4], 0.9, -1]], "", "the class -1 is none of the 2"),
        ([[np.nan, 0, 1, 1, 0.9, 0]], "", "not a finite number"),
        ([[*CAT[:4], np.nan, 0]], "", "not a finite number"),
        ([CAT], 'columns = ["box", "score"]\n', "has 6 numbers for each box"),
        ([CAT[:3]], 'columns = ["box", "scores"]\n', "has 3 numbers for each box"),
    ],
)
def test_what_cannot_be_right_is_paid_back(tmp_path: Path, found: Any, keys: str, said: str) -> None:
    runtime = serving(tmp_path, detector(Y=found), keys)
    row = Row(values={}, files={"photo": png(Image.new("RGB", (64, 64)))})
    try:
        (answer,) = runtime.run([row], Limit(10))
    except BadOutput as error:
        answer = error
    assert isinstance(answer, BadOutput)
    assert said in str(answer)


@pytest.mark.parametrize(
    ("keys", "prepare", "said"),
    [
        ('columns = ["score", "class"]\n', "", 'has "box" 0 times'),
        ('columns = ["box", "class"]\n', "", "nothing tells how sure"),
        ('columns = ["box", "scores", "class"]\n', "", "the class is told twice"),
        ('photo = "other"\n', "", "does not name one image input"),
        ("", ', crop = "ink"', "is cropped"),
    ],
)
def test_what_a_manifest_cannot_mean(tmp_path: Path, keys: str, prepare: str, said: str) -> None:
    with pytest.raises((ManifestError, ValidationError), match=said):
        serving(tmp_path, detector(Y=[CAT]), keys, prepare=prepare)


def test_thousands_of_candidates_take_no_time() -> None:
    """As many as YOLO gives for 640 × 640, all of them sure."""
    random = np.random.default_rng(7)
    corners = random.uniform(0, 1, (25_200, 2))
    boxes = np.hstack([corners, corners + random.uniform(0.01, 0.2, (25_200, 2))]).astype(np.float32)
    kinds = random.integers(0, 80, 25_200)
    begun = time.process_time()
    kept = suppress(boxes, kinds, 0.45, 300)
    assert time.process_time() - begun < 1
    assert len(kept) == 300
