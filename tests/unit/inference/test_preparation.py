"""What a graph sees of a picture, held against Pillow and NumPy done by hand."""

import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto
from PIL import Image
from pydantic import ValidationError

from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from services.manifests.preparation import Prepare
from services.values.images import prepare
from tests.unit.inference.models import field, identity, make_model


def spec(**keys: Any) -> Prepare:  # Any: TOML
    return Prepare.model_validate(keys)


def png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()


def waves(width: int, height: int) -> Image.Image:
    """Smooth, and different everywhere and in every channel."""
    y, x = np.mgrid[0:height, 0:width]
    channels = [127 + 120 * np.sin(x / 23 + shift) * np.cos(y / 31 - shift) for shift in (0, 1, 2)]
    return Image.fromarray(np.rint(np.dstack(channels)).astype(np.uint8))


def by_hand(picture: Image.Image) -> Any:  # Any: an array
    return np.asarray(picture, np.float32).transpose(2, 0, 1) / 255


def test_bgr_with_its_means() -> None:
    seen = prepare(png(Image.new("RGB", (9, 9), (10, 20, 30))), spec(
        size=[4, 4], order="bgr", range=[0, 255], mean=[104, 117, 123]
    ))  # fmt: skip
    assert seen[:, 0, 0].tolist() == [30 - 104, 20 - 117, 10 - 123]


def test_a_letterbox_shows_all_of_it_between_bars() -> None:
    picture = waves(200, 100)
    seen = prepare(png(picture), spec(size=[64, 64], fit="letterbox", fill=[114, 114, 114]))
    assert np.allclose(seen[:, :16], 114 / 255)
    assert np.allclose(seen[:, 48:], 114 / 255)
    assert np.allclose(seen[:, 16:48], by_hand(picture.resize((64, 32), Image.Resampling.BILINEAR)))
    assert not prepare(png(Image.new("L", (8, 80), 255)), spec(size=[8, 8], mode="grayscale", fit="letterbox"))[
        :, :, 0
    ].any()


@pytest.mark.parametrize("size", [(500, 300), (300, 500), (333, 334)])
def test_the_middle_of_the_shorter_side(size: tuple[int, int]) -> None:
    picture = waves(*size)
    scaled = tuple(side * 256 // min(size) for side in size)
    left, top = (round((side - 224) / 2) for side in scaled)
    whole = picture.resize((scaled[0], scaled[1]), Image.Resampling.BICUBIC)
    expected = by_hand(whole.crop((left, top, left + 224, top + 224)))
    seen = prepare(png(picture), spec(size=[224, 224], fit="cover", shorter=256, filter="bicubic"))
    assert np.abs(seen - expected).max() < 2.01 / 255
    assert np.abs(seen - expected).mean() < 0.1 / 255


def test_just_enough_to_cover() -> None:
    picture = Image.new("RGB", (400, 100), "white")
    picture.paste("black", (150, 0, 250, 100))
    assert not prepare(png(picture), spec(size=[32, 32], fit="cover"))[:, :, 2:-2].any()
    assert prepare(png(picture), spec(size=[32, 32])).max() == 1


def test_bicubic() -> None:
    picture = waves(50, 40)
    expected = by_hand(picture.resize((128, 96), Image.Resampling.BICUBIC))
    assert np.allclose(prepare(png(picture), spec(size=[128, 96], filter="bicubic")), expected)


@pytest.mark.parametrize("fit", ["stretch", "letterbox", "cover"])
@pytest.mark.parametrize("size", [(1024, 1), (1, 1024), (1, 1)])
def test_narrow_pictures_take_little(size: tuple[int, int], fit: str) -> None:
    begun = time.process_time()
    more = {"shorter": 2048} if fit == "cover" else {}
    assert prepare(png(Image.new("RGB", size, "white")), spec(size=[300, 224], fit=fit, **more)).shape == (3, 224, 300)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"fill": [0, 0, 0]}, "letterbox"),
        ({"fit": "letterbox", "fill": [0, 0]}, "no colour"),
        ({"fit": "letterbox", "fill": [0, 0, 256]}, "no colour"),
        ({"shorter": 256}, "middle"),
        ({"fit": "cover", "shorter": 200}, "under the size"),
        ({"mode": "grayscale", "order": "bgr"}, "no order"),
        ({"mode": "rgba", "mean": [0, 0, 0]}, "3 values"),
    ],
)
def test_what_cannot_be_meant_is_refused(keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        spec(size=[224, 224], **keys)


@pytest.mark.parametrize(
    "keys",
    [{}, {"range": [0, 1]}, {"range": [-1, 1]}, {"range": [0, 255], "std": [58, 57, 57]}, {"range": [255, 250]}],
)
@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_a_picture_that_would_be_black_is_refused(dtype: str, keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        field("image", prepare={"size": [8, 8], **keys}, tensor={"name": "X", "dtype": dtype})
    fix = caught.value.errors()[0]["ctx"]["fix"]
    assert fix in {"Write range = [0, 255]", "Write a range inside, or no mean and std"}


def test_a_picture_that_leaves_its_type_is_refused() -> None:
    with pytest.raises(ValidationError, match="from 0 to 255 leaves the whole numbers from -128 to 127"):
        field("image", prepare={"size": [8, 8], "range": [0, 255]}, tensor={"name": "X", "dtype": "int8"})


TABLES = """
[[inputs]]
name = "photo"
type = "image"
label = "Photo"
prepare = {{ {prepare} }}
tensor = {{ name = "X", dtype = "{dtype}" }}

[[outputs]]
name = "points"
type = "series"
label = "Points"
tensor = "Y"
"""


def test_the_manifest_tells_the_fix(tmp_path: Path) -> None:
    data = identity(["N", 3, 8, 8], TensorProto.UINT8)
    with pytest.raises(ManifestError) as caught:
        make_model(tmp_path, data, TABLES.format(prepare="size = [8, 8]", dtype="uint8"))
    assert (caught.value.key, caught.value.fix) == ("inputs.photo.prepare.range", "Write range = [0, 255]")


@pytest.mark.parametrize(("mode", "channels"), [("grayscale", 1), ("rgb", 3), ("rgba", 4)])
def test_whole_numbers_reach_the_graph_as_they_are(tmp_path: Path, mode: str, channels: int) -> None:
    keys = f'size = [8, 8], range = [0, 255], mode = "{mode}"'
    data = identity(["N", channels, 8, 8], TensorProto.UINT8)
    runtime = OnnxRuntime(*make_model(tmp_path, data, TABLES.format(prepare=keys, dtype="uint8")))
    runtime.load()
    row = Row(values={"photo": {"file": "0" * 32}}, files={"photo": png(Image.new("RGB", (8, 8), (200, 200, 200)))})
    (answer,) = runtime.run([row], Limit(10))
    assert isinstance(answer, Result)
    assert answer.outputs == {"points": ([200.0] * 64 * min(channels, 3)) + [255.0] * 64 * (channels == 4)}
