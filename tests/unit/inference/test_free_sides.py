"""Pictures whose sides follow the photo's, held against onnxruntime fed by Pillow and NumPy."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from PIL import Image
from pydantic import ValidationError

from services.inference.errors import ModelBroken
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from services.values.framing import Frame, framed
from tests.unit.inference.models import FLOAT, INT64, field, graph, identity, make_model, node, weight
from tests.unit.inference.test_preparation import by_hand, png, spec, waves

FREE: list[Any] = ["N", 3, "H", "W"]
PHOTO = """
[[inputs]]
name = "photo"
type = "image"
label = "Photo"
prepare = {{ {prepare} }}
tensor = {{ name = "X", layout = "{layout}" }}

[[outputs]]
name = "drawn"
type = "image"
label = "Drawn"
tensor = "Y"
{output}
"""
TWO: list[Any] = ["N", 2, "H", "W"]
LIKE_PHOTO = 'shape_of = "photo"'
BILINEAR = Image.Resampling.BILINEAR


def served(
    root: Path, data: bytes, prepare: str, *, output: str = LIKE_PHOTO, layout: str = "NCHW"
) -> tuple[OnnxRuntime, Any]:
    """The shop's runtime, and onnxruntime alone."""
    tables = PHOTO.format(prepare=prepare, output=output, layout=layout)
    runtime = OnnxRuntime(*make_model(root, data, tables))
    runtime.load()
    return runtime, ort.InferenceSession(data)


def row(picture: Image.Image) -> Row:
    return Row(values={"photo": {"file": "0" * 32}}, files={"photo": png(picture)})


def drawn(runtime: OnnxRuntime, *pictures: Image.Image) -> list[Any]:
    """Arrays of the pictures that come back."""
    found = []
    for answer in runtime.run([row(picture) for picture in pictures], Limit(10)):
        assert isinstance(answer, Result)
        found.append(np.asarray(Image.open(io.BytesIO(answer.images["drawn"]))))
    return found


def points(output: Any) -> Image.Image:
    """A graph's `[1, 3, H, W]` from 0 to 1 as a picture."""
    return Image.fromarray(np.clip(np.rint(output[0] * 255), 0, 255).astype(np.uint8).transpose(1, 2, 0))


def enlarged(times: int) -> bytes:
    sizes = weight("S", [1, 1, times, times])
    return graph(
        [node("Resize", ["X", "", "S"], ["Y"], mode="nearest")], [("X", FLOAT, FREE)], [("Y", FLOAT, FREE)], [sizes]
    )


def three_strides() -> bytes:
    """Halved three times, enlarged again and laid over what came in: it runs for multiples of 8 alone."""
    pool: dict[str, Any] = {"kernel_shape": [2, 2], "strides": [2, 2]}
    nodes = [
        node("AveragePool", ["X"], ["A"], **pool),
        node("AveragePool", ["A"], ["B"], **pool),
        node("AveragePool", ["B"], ["C"], **pool),
        node("Resize", ["C", "", "S"], ["D"], mode="nearest"),
        node("Mean", ["D", "X"], ["Y"]),
    ]
    return graph(nodes, [("X", FLOAT, FREE)], [("Y", FLOAT, FREE)], [weight("S", [1, 1, 8, 8])])


@pytest.mark.parametrize(
    ("keys", "photo", "sheet", "box"),
    [
        ({}, (101, 67), (101, 67), (0, 0, 101, 67)),
        ({}, (1024, 512), (1024, 512), (0, 0, 1024, 512)),
        ({"longest": 512}, (1024, 512), (512, 256), (0, 0, 512, 256)),
        ({"multiple": 8}, (101, 67), (104, 64), (0, 0, 104, 64)),
        ({"multiple": 8, "fit": "letterbox"}, (101, 67), (104, 72), (1, 2, 102, 69)),
        ({"multiple": 8, "fit": "cover"}, (101, 67), (96, 64), (0, 0, 96, 64)),
        ({"multiple": 48}, (1024, 1024), (1008, 1008), (0, 0, 1008, 1008)),
        ({"multiple": 8, "longest": 96, "fit": "letterbox"}, (1000, 999), (96, 96), (0, 0, 96, 96)),
        ({"multiple": 32}, (1024, 1), (1024, 32), (0, 0, 1024, 32)),
        ({"size": ["free", 32]}, (200, 50), (128, 32), (0, 0, 128, 32)),
        ({"size": ["free", 32], "multiple": 16}, (210, 50), (128, 32), (0, 0, 128, 32)),
        ({"size": ["free", 32], "longest": 320}, (1000, 20), (320, 32), (0, 0, 320, 32)),
        ({"size": ["free", 32], "longest": 320, "fit": "letterbox"}, (1000, 20), (320, 32), (0, 13, 320, 19)),
        ({"size": ["free", 32], "multiple": 4}, (1, 900), (4, 32), (0, 0, 4, 32)),
        ({"size": [64, "free"]}, (128, 200), (64, 100), (0, 0, 64, 100)),
        ({"size": [64, 64], "fit": "letterbox"}, (200, 100), (64, 64), (0, 16, 64, 48)),
    ],
)
def test_the_sheet_follows_the_photo(keys: dict[str, Any], photo: Any, sheet: Any, box: Any) -> None:
    frame = framed(spec(**{"size": ["free", "free"], **keys}), photo)
    assert isinstance(frame, Frame)
    assert (frame.sheet, frame.box) == (sheet, box)


def test_photos_of_several_shapes_at_once(tmp_path: Path) -> None:
    """Each is answered as if it had come alone, in the order they came."""
    runtime, alone = served(tmp_path, three_strides(), 'size = ["free", "free"], multiple = 8', output="")
    photos = [waves(101, 67), waves(67, 101), waves(104, 66), waves(99, 62), waves(64, 64)]
    sheets = [(104, 64), (64, 104), (104, 64), (96, 64), (64, 64)]
    for photo, sheet, seen in zip(photos, sheets, drawn(runtime, *photos), strict=True):
        (expected,) = alone.run(None, {"X": by_hand(photo.resize(sheet, BILINEAR))[np.newaxis]})
        wanted = np.asarray(points(expected))
        assert seen.shape == wanted.shape
        assert np.abs(seen.astype(int) - wanted).max() <= 1  # halves are rounded either way


def test_an_enlarged_photo_keeps_its_shape(tmp_path: Path) -> None:
    runtime, alone = served(tmp_path, enlarged(4), 'size = ["free", "free"], multiple = 8')
    photo = waves(101, 67)
    (output,) = alone.run(None, {"X": by_hand(photo.resize((104, 64), BILINEAR))[np.newaxis]})
    expected = np.asarray(points(output).resize((404, 268), Image.Resampling.BICUBIC))
    (seen,) = drawn(runtime, photo)
    assert seen.shape == (268, 404, 3)
    assert np.array_equal(seen, expected)


@pytest.mark.parametrize(
    ("prepare", "photo", "size"),
    [
        ('size = ["free", "free"], multiple = 32, fit = "letterbox"', (101, 67), (101, 67)),
        ('size = ["free", "free"]', (101, 67), (101, 67)),
        ('size = ["free", "free"], longest = 64', (100, 50), (64, 32)),
        ("size = [64, 64]", (128, 64), (64, 32)),
        ('size = [64, 64], fit = "letterbox"', (128, 64), (64, 32)),
        ('size = [64, 64], fit = "cover"', (128, 64), (64, 64)),
        ('size = ["free", 32]', (100, 50), (64, 32)),
    ],
)
def test_bars_are_cut_off_and_what_was_stretched_is_straight(
    tmp_path: Path, prepare: str, photo: tuple[int, int], size: tuple[int, int]
) -> None:
    runtime, _ = served(tmp_path, identity(FREE), prepare)
    (seen,) = drawn(runtime, waves(*photo))
    assert seen.shape == (size[1], size[0], 3)
    if photo == size:
        assert np.array_equal(seen, np.asarray(waves(*photo)))
    elif "cover" not in prepare:
        expected = np.asarray(waves(*photo).resize(size, BILINEAR), np.float32)
        assert np.abs(seen - expected).max() < 16


def test_a_mask_of_classes_gets_no_classes_between_two(tmp_path: Path) -> None:
    nodes = [node("Slice", ["X", "a", "b", "c"], ["G"]), node("Greater", ["G", "half"], ["M"]),
             node("Cast", ["M"], ["I"], to=INT64), node("Mul", ["I", "two"], ["Y"])]  # fmt: skip
    weights = [weight("a", [0], np.int64), weight("b", [1], np.int64), weight("c", [1], np.int64),
               weight("half", 0.5), weight("two", 2, np.int64)]  # fmt: skip
    data = graph(nodes, [("X", FLOAT, FREE)], [("Y", INT64, ["N", 1, "H", "W"])], weights)
    runtime, _ = served(
        tmp_path, data, 'size = ["free", "free"], multiple = 32', output=LIKE_PHOTO + "\nprepare = { range = [0, 2] }"
    )
    (seen,) = drawn(runtime, waves(101, 67))
    assert seen.shape == (67, 101)
    assert set(np.unique(seen)) == {0, 255}


@pytest.mark.parametrize(
    ("shape", "keys", "layout"),
    [
        (["N", "H", "W"], 'mode = "grayscale", ', "NCHW"),
        (["N", 1, "H", "W"], 'mode = "grayscale", ', "NCHW"),
        (["N", "H", "W", 1], 'mode = "grayscale", ', "NHWC"),
        (["H", "W", 3], "", "NHWC"),
        ([1, "H", "W", 3], "", "NHWC"),
    ],
)
def test_graphs_that_count_their_sides_otherwise(tmp_path: Path, shape: list[Any], keys: str, layout: str) -> None:
    tables = PHOTO.format(prepare=keys + 'size = ["free", "free"]', output="", layout=layout)
    tables = tables.replace('type = "image"\nlabel = "Drawn"', 'type = "series"\nlabel = "Drawn"')
    runtime = OnnxRuntime(*make_model(tmp_path, identity(shape), tables))
    runtime.load()
    photos = [waves(9, 5).convert("L" if keys else "RGB"), waves(5, 9).convert("L" if keys else "RGB")]
    for photo, answer in zip(photos, runtime.run([row(photo) for photo in photos], Limit(10)), strict=True):
        assert isinstance(answer, Result)
        values: Any = answer.outputs["drawn"]
        assert np.allclose(values, (np.asarray(photo, np.float32) / 255).ravel())


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_masks_of_several_photos(tmp_path: Path, rows: int, layout: str) -> None:
    nodes = [node("ReduceMean", ["X"], ["Y"], axes=[1 if layout == "NCHW" else 3], keepdims=0)]
    shape: list[Any] = FREE if layout == "NCHW" else ["N", "H", "W", 3]
    data = graph(nodes, [("X", FLOAT, shape)], [("Y", FLOAT, ["N", "H", "W"])])
    keys = f'prepare = {{ layout = "{layout}" }}'
    runtime, _ = served(tmp_path, data, 'size = ["free", "free"]', output=keys, layout=layout)
    photos = [waves(30 + number, 20) for number in range(rows)] + [waves(30, 20)]
    for photo, seen in zip(photos, drawn(runtime, *photos), strict=True):
        assert np.abs(seen - np.asarray(photo, np.float32).mean(axis=2)).max() <= 0.51


def test_a_line_of_text_is_as_wide_as_it_comes(tmp_path: Path) -> None:
    """What a reader of lines sees: 32 points high, the width a multiple of 4."""
    shape: list[Any] = ["N", 1, 32, "W"]
    runtime, alone = served(
        tmp_path, identity(shape), 'mode = "grayscale", size = ["free", 32], multiple = 4, longest = 320', output=""
    )
    line = waves(301, 40).convert("L")
    seen = np.asarray(line.resize((240, 32), BILINEAR), np.float32)[np.newaxis, np.newaxis] / 255
    (expected,) = alone.run(None, {"X": seen})
    assert np.array_equal(drawn(runtime, line)[0], np.rint(expected[0, 0] * 255))


def test_grey_beside_what_is_opaque(tmp_path: Path) -> None:
    runtime, alone = served(tmp_path, identity(TWO), 'mode = "la", size = ["free", "free"]', output="")
    photo = waves(20, 10).convert("L")
    seen = np.stack([np.asarray(photo, np.float32) / 255, np.ones((10, 20), np.float32)])
    (expected,) = alone.run(None, {"X": seen[np.newaxis]})
    assert np.array_equal(drawn(runtime, photo)[0], np.rint(expected[0] * 255).transpose(1, 2, 0))


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"multiple": 8}, "is of a free side"),
        ({"longest": 512}, "is of a free side"),
        ({"size": ["free", "free"], "multiple": 32, "longest": 1000}, "1000 is no multiple of 32"),
        ({"size": ["free", "free"], "fit": "cover", "shorter": 256}, "without free sides"),
        ({"size": ["any", 32]}, 'neither a number of points nor "free"'),
        ({"size": [32.5, 32]}, 'neither a number of points nor "free"'),
        ({"size": ["free", 0]}, "outside 1–2048"),
        ({"size": [32, 32], "mode": "la", "order": "bgr"}, "no order"),
        ({"size": [32, 32], "mode": "la", "fit": "letterbox", "fill": [0, 0]}, "no colour"),
    ],
)
def test_what_cannot_be_meant_is_refused(keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        spec(**{"size": [224, 224], **keys})


def test_a_flat_tensor_has_no_free_sides() -> None:
    with pytest.raises(ValidationError, match="a flat tensor has no free sides"):
        field("image", prepare={"size": ["free", 8]}, tensor={"name": "X", "layout": "flat"})


def test_the_shape_of_what_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        served(tmp_path, identity(FREE), 'size = ["free", "free"]', output='shape_of = "photos"')
    assert str(caught.value).endswith('outputs.drawn.shape_of: "photos" is not an image input. Name one')


def test_a_graph_whose_sides_are_fixed(tmp_path: Path) -> None:
    shape: list[Any] = ["N", 3, 48, "W"]
    with pytest.raises(ModelBroken) as caught:
        served(tmp_path, identity(shape), 'size = ["free", "free"]')
    assert caught.value.fix == 'Its sides are not free: write size = ["free", 48]'


def test_sides_that_do_not_run_are_not_sold(tmp_path: Path) -> None:
    runtime, _ = served(tmp_path, three_strides(), 'size = ["free", "free"], multiple = 4')
    with pytest.raises(ModelBroken, match="a photo of 111 × 74 gives no answer") as caught:
        runtime.warm_up(Limit(10))
    assert "multiple" in caught.value.fix
    runtime, _ = served(tmp_path, three_strides(), 'size = ["free", "free"], multiple = 8')
    runtime.warm_up(Limit(10))
