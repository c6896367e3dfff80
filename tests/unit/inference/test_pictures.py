"""Results of a server, which may be anything."""

import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from services.inference.errors import BadOutput
from services.inference.runtimes.pictures import suffix_of, written_anew


def saved(picture: Image.Image, form: str = "PNG", **more: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, form, **more)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_modes(mode: str) -> None:
    with Image.open(io.BytesIO(written_anew(saved(Image.new(mode, (5, 4)))))) as picture:
        assert (picture.size, picture.format) == ((5, 4), "PNG")
        assert picture.mode in ("L", "LA", "RGB", "RGBA")


def test_nothing_but_the_picture_is_left() -> None:
    info = PngInfo()
    info.add_text("prompt", '{"1": {"inputs": {"text": "the secret prompt"}}}')
    info.add_itxt("workflow", "{}")
    exif = Image.Exif()
    exif[0x010E] = "the secret prompt"
    anew = written_anew(saved(Image.new("RGB", (3, 3), "red"), pnginfo=info, exif=exif))
    assert b"secret" not in anew
    with Image.open(io.BytesIO(anew)) as picture:
        assert picture.info == {}
        assert picture.getpixel((1, 1)) == (255, 0, 0)


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89PNG\r\n\x1a\n", saved(Image.new("L", (9, 9)))[:-30]])
def test_what_is_no_picture(content: bytes) -> None:
    with pytest.raises(BadOutput):
        written_anew(content)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_profiles_and_notes_go_too(form: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "the secret prompt"
    given = saved(Image.new("RGB", (3, 3)), form, exif=exif, icc_profile=b"the secret prompt", xmp=b"the secret prompt")
    assert b"secret" in given
    assert b"secret" not in written_anew(given)


def test_a_picture_beyond_all_bounds() -> None:
    with pytest.raises(BadOutput):
        written_anew(saved(Image.new("1", (9000, 3000))))


def test_names_by_content() -> None:
    picture = Image.new("RGB", (4, 4))
    assert [suffix_of(saved(picture, form)) for form in ("JPEG", "PNG", "WEBP")] == ["jpg", "png", "webp"]
