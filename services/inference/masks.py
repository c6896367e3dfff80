"""What a segmenter answered, as arrays → how much of each class every point of the photo is."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from services.inference.drawing import pictures_of
from services.inference.errors import BadOutput
from services.manifests.overlays import MaskOutput
from services.values.framing import Frame

Shares = NDArray[np.float32]
Indexes = NDArray[np.int32]


def planes_of(output: MaskOutput, tensor: Any, rows: int) -> NDArray[Any]:  # Any: arrays of all types
    """`[N, H, W, C]`. Raises BadOutput."""
    pictures = np.asarray(tensor)
    if rows == 1 and pictures.ndim == 3 and output.holds == "scores":
        pictures = pictures[np.newaxis]
    pictures = pictures_of(pictures, rows, output.layout)
    return pictures.transpose(0, 2, 3, 1) if output.layout == "NCHW" else pictures


def share_mask(output: MaskOutput, plane: NDArray[Any], frame: Frame) -> Shares:
    """`[H, W]` of the photo, 0 to 1: how surely each point belongs to it. Raises BadOutput."""
    if plane.shape[2] != 1:
        raise BadOutput(problem=f"{plane.shape[2]} channels of {output.name}", fix='Write holds = "scores"')
    shares = plane[:, :, 0].astype(np.float32)
    if not np.isfinite(shares).all():
        raise BadOutput(problem="the mask has points that are not finite numbers")
    if output.logits:
        shares = np.asarray(0.5 * (1 + np.tanh(shares / 2)), np.float32)
    elif shares.size and (shares.min() < -0.01 or shares.max() > 1.01):
        problem = f"the mask {output.name} has numbers from {shares.min():.3g} to {shares.max():.3g}"
        raise BadOutput(problem=problem, fix="Set logits = true where they are raw scores")
    return _on_photo(np.clip(shares, 0, 1), frame, Image.Resampling.BILINEAR, fill=0.0)


def index_mask(output: MaskOutput, plane: NDArray[Any], frame: Frame) -> Indexes:
    """`[H, W]` of the photo: positions of classes, -1 where the graph has not looked. Raises BadOutput."""
    several = plane.shape[2]
    if output.holds == "scores":
        if several != len(output.classes):
            raise BadOutput(problem=f"{several} channels for {len(output.classes)} classes of {output.name}")
        indexes = plane.argmax(axis=2).astype(np.float32)
    elif several != 1:
        raise BadOutput(problem=f"{several} channels of {output.name}", fix='Write holds = "scores"')
    else:
        indexes = np.rint(plane[:, :, 0].astype(np.float32))
    if indexes.size and not (indexes.min() >= 0 and indexes.max() < len(output.classes)):
        problem = f"the mask {output.name} has {indexes.max():.6g} for one of {len(output.classes)} classes"
        raise BadOutput(problem=problem, fix="Name as many classes as it tells apart")
    return _on_photo(indexes, frame, Image.Resampling.NEAREST, fill=-1.0).astype(np.int32)


def _on_photo(plane: Shares, frame: Frame, resample: Image.Resampling, *, fill: float) -> Shares:
    """Without the bars round the photo, as large as the photo; `fill` where it was cut off before the graph."""
    height, width = plane.shape
    across, down = width / frame.sheet[0], height / frame.sheet[1]
    left, top, right, bottom = frame.box
    ends = [round(end) for end in frame.part]
    size = (max(1, ends[2] - ends[0]), max(1, ends[3] - ends[1]))
    box = (left * across, top * down, right * across, bottom * down)
    part = np.asarray(Image.fromarray(plane, "F").resize(size, resample, box), np.float32)
    if size == frame.picture:
        return part
    whole = np.full(frame.picture[::-1], fill, np.float32)
    room = whole[ends[1] : ends[1] + size[1], ends[0] : ends[0] + size[0]]
    room[:] = part[: room.shape[0], : room.shape[1]]
    return whole
