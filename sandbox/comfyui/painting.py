"""What the nodes do to pictures. An IMAGE is a batch: a tuple of RGB pictures of one size."""

import io
import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps
from PIL.PngImagePlugin import PngInfo

Batch = tuple[Image.Image, ...]
METHODS: Final = {
    "nearest-exact": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "area": Image.Resampling.BOX,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
BLENDS: Final = {
    "normal": lambda _one, other: other,
    "multiply": ImageChops.multiply,
    "screen": ImageChops.screen,
    "overlay": ImageChops.overlay,
    "soft_light": ImageChops.soft_light,
    "difference": ImageChops.difference,
}
STROKES: Final = 260
"""Of one step at its finest."""


def load(content: bytes) -> tuple[Batch, Image.Image]:
    """The picture the right way up, and its mask: what was transparent is white. Raises UnidentifiedImageError."""
    with Image.open(io.BytesIO(content)) as opened:
        turned = ImageOps.exif_transpose(opened)
        if turned.mode.startswith("I"):
            turned = turned.point(lambda value: value / 256).convert("L")
        alpha = turned.convert("RGBA").getchannel("A")
        return (turned.convert("RGB"),), ImageOps.invert(alpha)


def scaled(image: Batch, method: str, width: int, height: int, crop: str = "disabled") -> Batch:
    """A side of 0 follows the other one; both 0: as it is."""
    across, down = image[0].size
    if not width and not height:
        return image
    width = width or max(1, round(across * height / down))
    height = height or max(1, round(down * width / across))
    if crop == "center":
        return tuple(ImageOps.fit(each, (width, height), METHODS[method]) for each in image)
    return tuple(each.resize((width, height), METHODS[method]) for each in image)


def inverted(image: Batch) -> Batch:
    return tuple(ImageOps.invert(each) for each in image)


def blurred(image: Batch, sigma: float) -> Batch:
    return tuple(each.filter(ImageFilter.GaussianBlur(sigma)) for each in image)


def blended(one: Batch, other: Batch, factor: float, mode: str) -> Batch:
    fitting = [each.resize(one[0].size, Image.Resampling.BICUBIC) for each in other]
    pairs = zip(one, fitting * len(one), strict=False)
    return tuple(Image.blend(left, BLENDS[mode](left, right), factor) for left, right in pairs)


def painted(image: Batch, steps: int, seed: int) -> Iterator[Batch]:
    """The picture in strokes that grow finer, as it looks after each step; another seed puts them elsewhere."""
    chance = Random(seed)  # noqa: S311 - paints, protects nothing
    photo = image[0]
    canvas = photo.filter(ImageFilter.GaussianBlur(max(photo.size) / 24))
    for step in range(1, steps + 1):
        _strokes(canvas, photo, chance, step / steps)
        yield (canvas.copy(),)


def _strokes(canvas: Image.Image, photo: Image.Image, chance: Random, done: float) -> None:
    """In place."""
    draw = ImageDraw.Draw(canvas)
    size = max(2.0, max(photo.size) * (0.035 - 0.028 * done))
    for _ in range(int(STROKES * (0.3 + done))):
        x, y = chance.randrange(photo.width), chance.randrange(photo.height)
        across, down = size * chance.uniform(0.6, 1.6), size * chance.uniform(0.4, 0.9)
        colour = photo.getpixel((x, y))
        draw.ellipse((x - across, y - down, x + across, y + down), fill=colour)


def png(image: Image.Image, texts: Mapping[str, object]) -> bytes:
    """With what ComfyUI writes into its files: the prompt, and the workflow where it was given."""
    info = PngInfo()
    for key, content in texts.items():
        info.add_text(key, json.dumps(content))
    stream = io.BytesIO()
    image.save(stream, "PNG", pnginfo=info, compress_level=4)
    return stream.getvalue()
