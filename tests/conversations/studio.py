"""What a studio sells: styles of a photo, in three categories, and a style that the customer brings."""

import io
from pathlib import Path

from PIL import Image

from tests.unit.inference.models import FLOAT, graph, node, weight, write_model

TABLES = """
[[inputs]]
name = "photo"
type = "image"
label = { ru = "Фото", en = "Photo" }
prepare = { size = ["free", "free"], longest = 256 }
tensor = { name = "X" }
[[inputs]]
name = "strength"
type = "choice"
label = { ru = "Сила", en = "Strength" }
default = "50"
tensor = { name = "S" }
options = [
  { value = "0", label = "0 %", number = 0 },
  { value = "50", label = "50 %", number = 0.5 },
  { value = "100", label = "100 %", number = 1 },
]
[[outputs]]
name = "painted"
type = "image"
label = { ru = "Картина", en = "Painting" }
tensor = "Y"
shape_of = "photo"
"""
OWN_TABLES = """
[[inputs]]
name = "photo"
type = "image"
label = { ru = "Фото", en = "Photo" }
prepare = { size = ["free", "free"], longest = 256 }
tensor = { name = "X" }
[[inputs]]
name = "style_photo"
type = "image"
label = { ru = "Картина-образец", en = "Picture of the style" }
prepare = { size = [8, 8], fit = "cover" }
tensor = { name = "Z" }
[[outputs]]
name = "painted"
type = "image"
label = { ru = "Картина", en = "Painting" }
tensor = "Y"
shape_of = "photo"
"""
PRESET = """
[[presets]]
slug = "style-{number}"
name = {{ ru = "Стиль {number}", en = "Style {number}" }}
category = {{ ru = "{ru}", en = "{en}" }}
icon = "🖌"
order = {number}
sample = "sample.jpg"
"""
STRONG = """
[presets.inputs]
strength = "100"
"""


def dimmed() -> bytes:
    """The photo, darker by the strength."""
    free: list[int | str] = ["N", 3, "h", "w"]
    nodes = [
        node("Sub", ["one", "S"], ["left"]),
        node("Reshape", ["left", "point"], ["share"]),
        node("Mul", ["X", "share"], ["Y"]),
    ]
    weights = [weight("one", 1.0), weight("point", [-1, 1, 1, 1], "int64")]
    return graph(nodes, [("X", FLOAT, free), ("S", FLOAT, ["N", 1])], [("Y", FLOAT, free)], weights)


def like_another() -> bytes:
    """The photo, as dark as the brightest point of the style's picture."""
    free: list[int | str] = ["N", 3, "h", "w"]
    nodes = [node("ReduceMax", ["Z"], ["brightest"]), node("Mul", ["X", "brightest"], ["Y"])]
    return graph(nodes, [("X", FLOAT, free), ("Z", FLOAT, ["N", 3, 8, 8])], [("Y", FLOAT, free)])


def jpeg(colour: str, size: tuple[int, int] = (120, 90)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, colour).save(stream, "JPEG")
    return stream.getvalue()


def open_studio(store: Path) -> None:
    write_model(store, dimmed(), TABLES, slug="dimmer", runtime="max_batch = 1")
    presets = [PRESET.format(number=number, ru="Тёмные", en="Dark") for number in range(1, 9)]
    presets.append(PRESET.format(number=9, ru="Светлые", en="Light"))
    presets.append(PRESET.format(number=10, ru="Готовые", en="Ready") + STRONG)
    write_model(store, like_another(), OWN_TABLES, slug="own-style", runtime="max_batch = 1")
    (store / "dimmer" / "presets.toml").write_text("".join(presets))
    (store / "dimmer" / "sample.jpg").write_bytes(jpeg("teal"))
