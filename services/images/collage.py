"""Several pictures in one: samples of a gallery's page, a photo beside what became of it."""

import io
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageDraw, ImageFont, ImageOps

TILE: Final = (300, 225)  # width and height of a sample, in points
COLUMNS: Final = 3
GAP: Final = 8
PAPER: Final = (244, 241, 234)
MAX_SIDE: Final = 1600  # of a comparison, in points


def contact_sheet(samples: Sequence[bytes | None]) -> bytes:
    """JPEG of numbered samples, three in a row, in their order; where one is missing its number stands alone."""
    columns = min(COLUMNS, max(1, len(samples)))
    rows = -(-len(samples) // columns)
    width, height = TILE
    sheet = Image.new("RGB", (columns * (width + GAP) + GAP, rows * (height + GAP) + GAP), PAPER)
    for number, sample in enumerate(samples):
        row, column = divmod(number, columns)
        corner = GAP + column * (width + GAP), GAP + row * (height + GAP)
        if sample is not None:
            sheet.paste(ImageOps.fit(_opened(sample), TILE), corner)
        _number(sheet, corner, number + 1)
    return _jpeg(sheet)


def side_by_side(before: bytes, after: bytes) -> bytes:
    """JPEG of both at one height, the first on the left."""
    left, right = _opened(before), _opened(after)
    height = min(right.height, MAX_SIDE)
    pictures = [_at_height(each, height) for each in (left, right)]
    width = sum(each.width for each in pictures) + GAP
    sheet = Image.new("RGB", (width, height), PAPER)
    sheet.paste(pictures[0], (0, 0))
    sheet.paste(pictures[1], (pictures[0].width + GAP, 0))
    sheet.thumbnail((MAX_SIDE, MAX_SIDE))
    return _jpeg(sheet)


def _opened(content: bytes) -> Image.Image:
    picture: Image.Image = Image.open(io.BytesIO(content))
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, (*PAPER, 255))
        picture = Image.alpha_composite(paper, picture)
    return picture.convert("RGB")


def _at_height(picture: Image.Image, height: int) -> Image.Image:
    return picture.resize((max(1, round(picture.width * height / picture.height)), height))


def _number(sheet: Image.Image, corner: tuple[int, int], number: int) -> None:
    """White on dark, so that it is seen on any picture."""
    draw = ImageDraw.Draw(sheet)
    x, y = corner
    draw.rounded_rectangle((x + 6, y + 6, x + 42, y + 42), radius=9, fill=(20, 20, 28))
    draw.text((x + 24, y + 24), str(number), fill="white", font=ImageFont.load_default(24), anchor="mm")


def _jpeg(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=88)
    return stream.getvalue()
