import contextlib
import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from services.manifests.manifest import Prepare
from services.manifests.preparation import MAX_BYTES
from services.values import errors
from services.values.images import check_image, prepare

DIGIT = {"mode": "grayscale", "invert": "light-background", "crop": "ink", "centre": True, "size": [8, 8]}


def spec(**keys: Any) -> Prepare:
    return Prepare.model_validate(keys)


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def checked(data: bytes) -> bytes:
    return check_image(io.BytesIO(data))


def seven(
    paper: int = 235, ink: int = 40, size: tuple[int, int] = (400, 300), at: tuple[int, int] = (230, 120)
) -> Image.Image:
    """A 7 drawn on a sheet."""
    picture = Image.new("L", size, paper)
    x, y = at
    ImageDraw.Draw(picture).line([(x, y), (x + 60, y), (x + 20, y + 110)], fill=ink, width=12, joint="curve")
    return picture


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims to be large and holds nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_a_photo_is_reduced_and_turned_upright() -> None:
    photo = Image.new("RGB", (3000, 2000), "white")
    photo.paste("black", (0, 0, 1500, 2000))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter by the phone
    kept = Image.open(io.BytesIO(checked(encoded(photo, "JPEG", exif=exif))))
    assert kept.size == (683, 1024)
    assert kept.convert("L").getpixel((340, 100)) == 0
    assert kept.convert("L").getpixel((340, 900)) == 255


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P"])
def test_formats_and_modes(kind: str, mode: str) -> None:
    picture = seven().convert("L" if mode == "P" and kind == "JPEG" else mode)  # JPEG has no palettes
    kept = Image.open(io.BytesIO(checked(encoded(picture, kind))))
    assert kept.size == (400, 300)
    assert kept.format in {"PNG", "JPEG"}


def test_rich_pictures_stay_small() -> None:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (1500, 1500, 3), np.uint8))
    assert len(checked(encoded(noise))) < 1_000_000


def test_transparency_is_paper() -> None:
    layer = Image.new("RGBA", (50, 50), (0, 0, 0, 0))
    kept = Image.open(io.BytesIO(checked(encoded(layer)))).convert("L")
    assert kept.getextrema() == (255, 255)


def test_sixteen_bits_are_scaled() -> None:
    deep = Image.fromarray(np.array([[0, 65535], [32768, 65535]], np.uint16))
    assert np.asarray(Image.open(io.BytesIO(checked(encoded(deep))))).tolist() == [[0, 255], [127, 255]]


@pytest.mark.parametrize(
    "data", [b"", b"hello", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff\xe0", b"%PDF-1.4", b"<svg/>"]
)
def test_what_is_no_picture(data: bytes) -> None:
    with pytest.raises(errors.NotAnImage):
        checked(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_truncated(kind: str) -> None:
    data = encoded(Image.effect_noise((200, 200), 50), kind)
    with pytest.raises(errors.NotAnImage):
        checked(data[: len(data) // 2])


@pytest.mark.parametrize("side", [8_000, 12_000, 20_000, 60_000])
def test_bombs_are_refused_by_their_header(side: int) -> None:
    with pytest.raises(errors.ImageTooLarge):
        checked(png_header(side, side))


def test_a_file_too_large() -> None:
    with pytest.raises(errors.FileTooLarge):
        checked(b"\xff" * (MAX_BYTES + 1))


@settings(max_examples=50, deadline=None)  # the machine may be busy
@given(st.integers(0, 3000), st.binary(min_size=1, max_size=30))
def test_damaged_files_never_crash(at: int, damage: bytes) -> None:
    for kind in ("JPEG", "PNG"):
        data = bytearray(encoded(seven(), kind))
        data[at : at + len(damage)] = damage
        with contextlib.suppress(errors.NotAnImage, errors.ImageTooLarge):
            checked(bytes(data))


def test_size_range_mean_and_std() -> None:
    data = encoded(Image.new("RGB", (20, 10), (255, 0, 51)))
    plain = prepare(data, spec(size=[6, 4]))
    assert plain.shape == (3, 4, 6)
    assert plain.dtype == np.float32
    assert plain[:, 0, 0].tolist() == pytest.approx([1, 0, 0.2])
    scaled = prepare(data, spec(size=[6, 4], range=[-1, 1]))
    assert scaled[:, 0, 0].tolist() == pytest.approx([1, -1, -0.6])
    normal = prepare(data, spec(size=[6, 4], mean=[0.5, 0.5, 0.2], std=[0.5, 0.25, 1]))
    assert normal[:, 0, 0].tolist() == pytest.approx([1, -2, 0], abs=1e-6)


def test_square_takes_the_middle() -> None:
    picture = Image.new("L", (30, 10), 0)
    picture.paste(255, (10, 0, 20, 10))
    assert prepare(encoded(picture), spec(mode="grayscale", crop="square", size=[4, 4])).min() == 1


def test_invert() -> None:
    light, dark = encoded(Image.new("L", (9, 9), 230)), encoded(Image.new("L", (9, 9), 20))
    means = {
        rule: [
            round(float(prepare(data, spec(mode="grayscale", invert=rule, size=[3, 3])).mean() * 255))
            for data in (light, dark)
        ]
        for rule in ("never", "always", "light-background")
    }
    assert means == {"never": [230, 20], "always": [25, 235], "light-background": [25, 20]}


def clean() -> Any:
    return prepare(encoded(seven(255, 0)), spec(**DIGIT))


def likeness(one: Any, other: Any) -> float:
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


def test_ink_is_light_on_dark_and_in_the_middle() -> None:
    cells = clean()[0]
    assert cells.shape == (8, 8)
    assert cells.max() > 0.8
    assert cells[:, :1].max() < 0.35
    weights = cells.sum(axis=0)
    assert (weights * np.arange(8)).sum() / weights.sum() == pytest.approx(3.5, abs=0.6)


@pytest.mark.parametrize(
    "sheet",
    [
        seven(235, 40),
        seven(150, 90),
        seven(20, 230),
        seven(255, 0, size=(1600, 1200), at=(20, 30)),
        seven(255, 0, at=(330, 180)),
        seven(255, 0).convert("RGB").quantize(16),
    ],
    ids=["paper", "pencil", "chalk", "far", "corner", "palette"],
)
def test_the_same_digit_however_written(sheet: Image.Image) -> None:
    assert likeness(prepare(encoded(sheet), spec(**DIGIT)), clean()) > 0.93


def photographed(light: Any, *, noise: float = 4.0) -> bytes:
    """The sheet under this light (a factor for each point), with a phone's grain, as JPEG."""
    points = np.asarray(seven(), np.float32) * light + np.random.default_rng(1).normal(0, noise, (300, 400))
    return encoded(Image.fromarray(np.clip(points, 0, 255).astype(np.uint8)), "JPEG", quality=80)


ACROSS, DOWN = np.meshgrid(np.linspace(0, 1, 400), np.linspace(0, 1, 300))


@pytest.mark.parametrize(
    "light",
    [
        0.35 + 0.65 * ACROSS,
        1 - 0.6 * DOWN,
        1 - 0.7 * ((ACROSS - 0.5) ** 2 + (DOWN - 0.5) ** 2),
        1 - 0.5 / (1 + np.exp((ACROSS - 0.45) * 12)),
        np.where(ACROSS + DOWN < 0.5, 0.55, 1.0),
    ],
    ids=["from the right", "from above", "vignette", "soft shadow", "hard shadow"],
)
def test_uneven_light(light: Any) -> None:
    assert likeness(prepare(photographed(light), spec(**DIGIT)), clean()) > 0.9


def test_a_table_at_the_edge_and_dust_are_no_ink() -> None:
    sheet = seven()
    draw = ImageDraw.Draw(sheet)
    draw.rectangle((0, 0, 400, 25), fill=60)
    for point in ((50, 80), (380, 60), (90, 270)):
        draw.ellipse((*point, point[0] + 3, point[1] + 3), fill=50)
    assert likeness(prepare(encoded(sheet), spec(**DIGIT)), clean()) > 0.95


@pytest.mark.parametrize("paper", [0, 120, 255])
def test_nothing_drawn(paper: int) -> None:
    blank = np.clip(np.random.default_rng(2).normal(paper, 4, (300, 400)), 0, 255).astype(np.uint8)
    with pytest.raises(errors.BlankImage):
        prepare(encoded(Image.fromarray(blank)), spec(**DIGIT))


def test_an_empty_sheet_under_uneven_light() -> None:
    points = np.clip(235 * (0.4 + 0.6 * ACROSS) + np.random.default_rng(3).normal(0, 4, (300, 400)), 0, 255)
    with pytest.raises(errors.BlankImage):
        prepare(encoded(Image.fromarray(points.astype(np.uint8))), spec(**DIGIT))


def test_padding_and_colour() -> None:
    padded = prepare(encoded(seven(255, 0)), spec(**DIGIT | {"padding": 0.5, "size": [16, 16]}))[0]
    assert padded[:3].max() == padded[-3:].max() == 0
    coloured = prepare(encoded(seven(235, 40).convert("RGB")), spec(crop="ink", size=[8, 8]))
    assert coloured.shape == (3, 8, 8)
    assert coloured.max() > 0.8


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (3, 2), (8, 8), (5000, 3)])
def test_tiny_and_thin_pictures(size: tuple[int, int]) -> None:
    picture = Image.new("L", size, 255)
    picture.putpixel((0, 0), 0)
    for crop in ("none", "square", "ink"):
        try:
            assert prepare(encoded(picture), spec(**DIGIT | {"crop": crop})).shape == (1, 8, 8)
        except errors.BlankImage:
            assert crop == "ink"
