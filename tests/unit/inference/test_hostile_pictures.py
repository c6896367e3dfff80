"""Whatever is sent as a picture, the shop goes on: it is taken without a trace of what it said beside its points, or
refused with a sentence, in bounded memory."""

import asyncio
import io
import json
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from PIL import Image

from services.children import environment_of_child
from services.manifests.preparation import Prepare
from services.values.errors import InvalidValue, MovingPicture, NotAnImage, TooMuch
from services.values.intake import PROGRAM, SECONDS, Intake
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


def _most_held(content: bytes) -> int:
    """MB that the process which looks at a picture has held, by its own account: what the kernel tells of a child that
    has ended is never less than what its parent held when it was begun."""
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.seek(0)
        program = [sys.executable, "-m", PROGRAM, str(file.fileno()), str(SECONDS)]
        child = subprocess.Popen(
            program,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(file.fileno(),),
            env=environment_of_child(),
        )
        assert child.stdin is not None
        with child.stdin as told:
            told.write(json.dumps({"longest": LONGEST}).encode())
        most = 0
        while child.poll() is None:
            found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{child.pid}/status").read_text())
            most = max(most, int(found[1]) if found else 0)
            time.sleep(0.002)
        assert child.returncode in {0, -signal.SIGPROF}
        return most // 1024


async def check(make: Make) -> None:
    content = make()
    found = await looked_at(content)
    assert await asyncio.to_thread(_most_held, content) < MOST
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
