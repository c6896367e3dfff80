"""What a stranger's picture may take, and that honest ones still pass."""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from services.manifests.preparation import Prepare
from services.values import errors
from services.values.decoding import read_picture
from services.values.images import prepare
from tests.support.hostile import PICTURES, encoded, noise, png

PEAK = """
import sys
from services.values.images import check_image
check_image(sys.stdin.buffer)
print(*(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def read(data: bytes) -> Image.Image:
    return read_picture(io.BytesIO(data))


def _of_two() -> bytes:
    return encoded(noise(4_000, 3_000), "MPO", save_all=True, append_images=[noise(800, 600)])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process held at most")
@pytest.mark.parametrize("kind", ["RGBA, just allowed", "CMYK JPEG"])
def test_what_is_allowed_fits(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(PICTURES[kind]())
    with path.open("rb") as file:
        told = subprocess.run([sys.executable, "-c", PEAK], stdin=file, capture_output=True, check=True)
    assert int(told.stdout) < 130_000, "kilobytes"


@pytest.mark.parametrize(
    ("data", "megapixels"),
    [
        pytest.param(lambda: png(4_100, 4_100), 16, id="RGB"),
        pytest.param(lambda: png(4_100, 4_100, colour=6), 16, id="RGBA"),
        pytest.param(lambda: png(4_100, 4_100, colour=4), 16, id="grey and alpha"),
        pytest.param(lambda: png(4_100, 4_100, depth=16), 16, id="RGB of 16 bits"),
        pytest.param(lambda: png(5_700, 5_700, depth=16, colour=0), 32, id="grey of 16 bits"),
        pytest.param(lambda: encoded(Image.new("RGB", (4_700, 4_700)), "JPEG", progressive=True), 21, id="progressive"),
        pytest.param(PICTURES["lossless WebP"], 3, id="WebP"),
    ],
)
def test_what_is_too_much_is_refused_by_its_header(data: Callable[[], bytes], megapixels: int) -> None:
    with pytest.raises(errors.ImageTooLarge) as caught:
        read(data())
    assert caught.value.params == {"megapixels": megapixels}


def test_a_picture_that_was_kept_is_read_within_the_same_bounds() -> None:
    with pytest.raises(errors.ImageTooLarge):
        prepare(png(4_100, 4_100), Prepare.model_validate({"size": [8, 8]}))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(PICTURES["JPEG"], id="a phone's photo of 60 million points"),
        pytest.param(lambda: png(3_840, 2_160, colour=6), id="a screenshot of a large screen"),
        pytest.param(lambda: png(5_120, 2_880), id="of a very large screen"),
        pytest.param(lambda: encoded(noise(4_000, 3_000), "JPEG", progressive=True), id="a progressive JPEG"),
        pytest.param(lambda: encoded(noise(1_920, 1_080), "WEBP", method=0), id="a WebP"),
        pytest.param(_of_two, id="a JPEG with a second picture in it"),
    ],
)
def test_honest_pictures(data: Callable[[], bytes]) -> None:
    assert max(read(data()).size) == 1024


@pytest.mark.parametrize("turn", range(1, 9))
def test_every_turn(turn: int) -> None:
    """As a phone was held: the bright corner is where it was seen."""
    seen = np.zeros((40, 60), np.uint8)
    seen[:20, :30] = 255
    stored = {
        1: seen, 2: seen[:, ::-1], 3: seen[::-1, ::-1], 4: seen[::-1], 5: seen.T, 6: np.rot90(seen),
        7: seen[::-1, ::-1].T, 8: np.rot90(seen, -1),
    }[turn]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = turn
    upright = read(encoded(Image.fromarray(np.ascontiguousarray(stored)), "PNG", exif=exif))
    assert np.array_equal(np.asarray(upright), seen)


def test_pieces_leave_no_seams() -> None:
    """Reduced in squares as in one go."""
    across = np.linspace(0, 255, 5_003).astype(np.uint8)
    whole = Image.fromarray(np.broadcast_to(across, (1_501, 5_003)).copy())
    reduced = np.asarray(read(encoded(whole, "PNG")), np.float32)
    assert reduced.shape == (308, 1024)
    assert np.abs(reduced - np.linspace(0, 255, 1024)).max() < 2


def test_sixteen_bits_in_pieces_are_scaled_alike() -> None:
    deep = np.zeros((1_100, 1_100), np.uint16)
    deep[:600] = 30_000
    deep[-1, -1] = 60_000
    small = np.asarray(read(encoded(Image.fromarray(deep), "PNG")))
    assert abs(int(small[0, 0]) - 127) <= 1
    assert small[-300, 0] < 2
