"""Models of the sandbox's ComfyUI: folders with a manifest and a workflow."""

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

Json = dict[str, Any]

MANIFEST = """slug = "{slug}"
version = "1"
title = {{ ru = "Живопись", en = "Painting" }}
price = "1.00"

[runtime]
kind = "comfyui"
url = "{url}"
{runtime}

[[inputs]]
name = "photo"
type = "image"
label = {{ ru = "Фото", en = "Photo" }}
node = {{ title = "Photo", input = "image" }}

[[inputs]]
name = "blur"
type = "integer"
label = {{ ru = "Размытие", en = "Blur" }}
default = 1
min = 1
max = 60
node = {{ id = "4", input = "blur_radius" }}

[[outputs]]
name = "painting"
type = "image"
label = {{ ru = "Картина", en = "Painting" }}
node = {{ title = "Result" }}
"""


def workflow(**changes: Json) -> Json:
    """Load, scale, paint, blur, save; `changes` are nodes by `n<id>`."""
    nodes: Json = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "none.png"}, "_meta": {"title": "Photo"}},
        "2": {
            "class_type": "ImageScale",
            "inputs": {"image": ["1", 0], "upscale_method": "area", "width": 64, "height": 0, "crop": "disabled"},
            "_meta": {"title": "Size"},
        },
        "3": {
            "class_type": "SandboxPainter",
            "inputs": {"image": ["2", 0], "steps": 4, "seed": 7},
            "_meta": {"title": "Painter"},
        },
        "4": {
            "class_type": "ImageBlur",
            "inputs": {"image": ["3", 0], "blur_radius": 1, "sigma": 0.5},
            "_meta": {"title": "Blur"},
        },
        "9": {
            "class_type": "SaveImage",
            "inputs": {"images": ["4", 0], "filename_prefix": "ComfyUI"},
            "_meta": {"title": "Result"},
        },
    }
    return nodes | {name.removeprefix("n"): node for name, node in changes.items()}


def write_painting(
    store: Path, url: str, *, slug: str = "painting", runtime: str = "", nodes: Json | None = None, text: str = MANIFEST
) -> Path:
    """The model's folder; `runtime`: more lines of that table."""
    folder = store / slug
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.toml").write_text(text.format(slug=slug, url=url, runtime=runtime), encoding="utf-8")
    (folder / "workflow.json").write_text(json.dumps(workflow() if nodes is None else nodes), encoding="utf-8")
    return folder


def photo(size: tuple[int, int] = (120, 90), colour: str = "olive", form: str = "PNG") -> bytes:
    """From that colour to white."""
    shade = Image.linear_gradient("L").resize(size)
    picture = Image.composite(Image.new("RGB", size, "white"), Image.new("RGB", size, colour), shade)
    stream = io.BytesIO()
    picture.save(stream, form)
    return stream.getvalue()
