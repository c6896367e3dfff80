"""Whatever is sent as a picture, the shop goes on: it is taken without a trace of what it said beside its points, or
refused with a sentence, in bounded memory."""

import io
import resource

import pytest
from PIL import Image

from services.manifests.preparation import Prepare
from services.values.errors import InvalidValue, MovingPicture, NotAnImage, TooMuch
from services.values.intake import Intake
from tests.unit.inference.hostile_pictures import Make, all_kinds

KINDS = all_kinds()
MOST = 400  # megabytes
LONGEST = 1280
STUDIO = Prepare.model_validate({"size": ["free", "free"], "longest": LONGEST})
SAMPLE = (
    "HEIF RGB",
    "AVIF RGBA",
    "PNG I;16",
    "JPEG CMYK",
    "JPEG turned 6",
    "PNG 1 × 1",
    "PNG 20000 × 20000, 8 bits of type 2",
    "GIF of 2 frames",
    "ZIP",
    "SVG",
    "PNG with wrong bytes, 3",
)


async def looked_at(content: bytes) -> bytes | InvalidValue:
    """What the shop keeps, or says."""
    async with Intake().upload(1) as upload:
        upload.file.write(content)
        try:
            return await upload.picture(STUDIO)
        except InvalidValue as problem:
            return problem


def _largest_child() -> int:
    """The most that any process begun by this one has held, in MB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024


async def check(make: Make) -> None:
    content, before = make(), _largest_child()
    found = await looked_at(content)
    assert _largest_child() < max(before + 1, MOST)  # another test's child of this process may have been larger
    if isinstance(found, InvalidValue):
        assert found.message
        return
    with Image.open(io.BytesIO(found)) as kept:
        kept.load()
        assert kept.format in {"JPEG", "PNG"}
        assert max(kept.size) <= LONGEST
        assert not kept.getexif()
        assert kept.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_there_are_two_hundred() -> None:
    assert len(KINDS) >= 200


@pytest.mark.parametrize("name", SAMPLE)
async def test_some_of_them(name: str) -> None:
    await check(KINDS[name])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(KINDS.keys() - set(SAMPLE)))
async def test_the_others(name: str) -> None:
    await check(KINDS[name])


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("GIF of 2 frames", MovingPicture),
        ("WEBP of 2 frames", MovingPicture),
        ("PNG of 2 frames", MovingPicture),
        ("AVIF of 2 frames", MovingPicture),
        ("ZIP", NotAnImage),
        ("SVG", NotAnImage),
        ("video", NotAnImage),
        ("animated sticker", NotAnImage),
    ],
)
def test_each_refusal_has_its_sentence(name: str, refusal: type[InvalidValue]) -> None:
    from services.values.images import check_image

    with pytest.raises(refusal):
        check_image(io.BytesIO(KINDS[name]()))


@pytest.mark.parametrize("kind", ["HEIF", "AVIF", "WEBP", "JPEG", "PNG"])
async def test_photos_of_telephones_are_taken(kind: str) -> None:
    kept = await looked_at(KINDS[f"{kind} RGB"]())
    assert isinstance(kept, bytes)
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.size == (90, 60)


async def test_a_photo_is_turned_and_tells_no_place() -> None:
    kept = await looked_at(KINDS["JPEG turned 6"]())
    assert isinstance(kept, bytes)
    assert b"secret" not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.size == (60, 90)


async def test_a_photo_is_kept_as_large_as_the_model_wants() -> None:
    stream = io.BytesIO()
    Image.effect_noise((1600, 800), 40).convert("RGB").save(stream, "JPEG")
    kept = await looked_at(stream.getvalue())
    assert isinstance(kept, bytes)
    assert Image.open(io.BytesIO(kept)).size == (1280, 640)
    assert not isinstance(await looked_at(KINDS["PNG 1 × 1"]()), TooMuch)
