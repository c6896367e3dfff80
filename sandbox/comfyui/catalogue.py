"""The nodes that the server has, run with Pillow."""

from collections.abc import Iterator, Mapping
from typing import Final

from PIL import Image

from sandbox.comfyui import painting
from sandbox.comfyui.files import Folders
from sandbox.comfyui.nodes import InputConfig, Node, Saved, Values
from sandbox.comfyui.painting import Batch

_MOST: Final = 16384  # pixels of a side
_IMAGE: Final[InputConfig] = ["IMAGE", {}]
_METHOD: Final[InputConfig] = [list(painting.METHODS), {}]
_HIDDEN: Final = {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}


def _whole(default: int, least: int, most: int) -> InputConfig:
    return ["INT", {"default": default, "min": least, "max": most, "step": 1}]


def _number(default: float, least: float, most: float, step: float) -> InputConfig:
    return ["FLOAT", {"default": default, "min": least, "max": most, "step": step}]


def _empty_image(given: Values) -> tuple[Batch]:
    colour = f"#{given['color']:06x}"
    return (tuple(Image.new("RGB", (given["width"], given["height"]), colour) for _ in range(given["batch_size"])),)


def _scale(given: Values) -> tuple[Batch]:
    method, width, height = given["upscale_method"], given["width"], given["height"]
    return (painting.scaled(given["image"], method, width, height, given["crop"]),)


def _scale_by(given: Values) -> tuple[Batch]:
    width, height = (max(1, round(side * given["scale_by"])) for side in given["image"][0].size)
    return (painting.scaled(given["image"], given["upscale_method"], width, height),)


def _blend(given: Values) -> tuple[Batch]:
    return (painting.blended(given["image1"], given["image2"], given["blend_factor"], given["blend_mode"]),)


def _paint(given: Values) -> Iterator[tuple[Batch]]:
    return ((each,) for each in painting.painted(given["image"], given["steps"], given["seed"]))


def _nothing(_given: Values) -> tuple[None, None, None]:
    """A checkpoint without weights: nothing here samples with it."""
    return None, None, None


_CHANGES: Final = (
    Node(
        name="ImageScale",
        title="Upscale Image",
        inputs={
            "image": _IMAGE,
            "upscale_method": _METHOD,
            "width": _whole(512, 0, _MOST),
            "height": _whole(512, 0, _MOST),
            "crop": [["disabled", "center"], {}],
        },
        outputs=("IMAGE",),
        run=_scale,
        category="image/upscaling",
    ),
    Node(
        name="ImageScaleBy",
        title="Upscale Image By",
        inputs={"image": _IMAGE, "upscale_method": _METHOD, "scale_by": _number(1.0, 0.01, 8.0, 0.01)},
        outputs=("IMAGE",),
        run=_scale_by,
        category="image/upscaling",
    ),
    Node(
        name="ImageInvert",
        title="Invert Image",
        inputs={"image": _IMAGE},
        outputs=("IMAGE",),
        run=lambda given: (painting.inverted(given["image"]),),
    ),
    Node(
        name="ImageBlur",
        title="Blur Image",
        inputs={"image": _IMAGE, "blur_radius": _whole(1, 1, 31), "sigma": _number(1.0, 0.1, 10.0, 0.1)},
        outputs=("IMAGE",),
        run=lambda given: (painting.blurred(given["image"], given["sigma"]),),
        category="image/postprocessing",
    ),
    Node(
        name="ImageBlend",
        title="Image Blend",
        inputs={
            "image1": _IMAGE,
            "image2": _IMAGE,
            "blend_factor": _number(0.5, 0.0, 1.0, 0.01),
            "blend_mode": [list(painting.BLENDS), {}],
        },
        outputs=("IMAGE",),
        run=_blend,
        category="image/postprocessing",
    ),
    Node(
        name="EmptyImage",
        title="EmptyImage",
        inputs={
            "width": _whole(512, 1, _MOST),
            "height": _whole(512, 1, _MOST),
            "batch_size": _whole(1, 1, 4096),
            "color": ["INT", {"default": 0, "min": 0, "max": 0xFFFFFF, "step": 1, "display": "color"}],
        },
        outputs=("IMAGE",),
        run=_empty_image,
    ),
    Node(
        name="SandboxPainter",
        title="Paint in strokes",
        inputs={"image": _IMAGE, "steps": _whole(20, 1, 200), "seed": _whole(0, 0, 0xFFFFFFFFFFFFFFFF)},
        outputs=("IMAGE",),
        run=lambda given: tuple(_paint(given))[-1],
        steps=_paint,
        category="sandbox",
    ),
)
_ENDS: Final = (
    Node(
        name="SaveImage",
        title="Save Image",
        inputs={
            "images": ["IMAGE", {"tooltip": "The images to save."}],
            "filename_prefix": ["STRING", {"default": "ComfyUI", "tooltip": "The prefix for the file to save."}],
        },
        run=lambda given: Saved(images=given["images"], prefix=given["filename_prefix"]),
        hidden=_HIDDEN,
        is_output=True,
    ),
    Node(
        name="PreviewImage",
        title="Preview Image",
        inputs={"images": _IMAGE},
        run=lambda given: Saved(images=given["images"], prefix="ComfyUI_temp", folder="temp"),
        hidden=_HIDDEN,
        is_output=True,
    ),
)


def catalogue(folders: Folders, models: Mapping[str, list[str]]) -> dict[str, Node]:
    """By class; choices of files are those that there are now."""
    nodes = (_load_image(folders), *_CHANGES, _load_checkpoint(list(models.get("checkpoints", []))), *_ENDS)
    return {node.name: node for node in nodes}


def _load_image(folders: Folders) -> Node:
    listed = [name for name in folders.input.names() if "/" not in name]
    return Node(
        name="LoadImage",
        title="Load Image",
        inputs={"image": [listed, {"image_upload": True}]},
        outputs=("IMAGE", "MASK"),
        run=lambda given: painting.load(folders.input.files[given["image"]]),
        finds=lambda name: name in folders.input.files,
    )


def _load_checkpoint(checkpoints: list[str]) -> Node:
    tip = {"tooltip": "The name of the checkpoint (model) to load."}
    return Node(
        name="CheckpointLoaderSimple",
        title="Load Checkpoint",
        inputs={"ckpt_name": [checkpoints, tip]},
        outputs=("MODEL", "CLIP", "VAE"),
        run=_nothing,
        category="loaders",
    )
