"""Pictures → arrays of points."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from services.inference.tensors import Row, Shape
from services.manifests.manifest import ImageInput, ImagesInput, Prepare
from services.manifests.schema import ImageTensor
from services.values.images import Pixels, prepare
from services.values.kept_files import contents_in

BuildPictures = Callable[[Sequence[Row]], NDArray[Any]]  # Any: element types differ between tensors


def picture_shape(spec: Prepare, layout: Literal["NCHW", "NHWC", "flat"]) -> Shape:
    width, height = (None if side == "free" else side for side in spec.size)
    if layout == "flat" and width and height:
        return (spec.channels * height * width,)
    return (height, width, spec.channels) if layout == "NHWC" else (spec.channels, height, width)


def image_builder(field: ImageInput) -> BuildPictures:
    assert field.tensor is not None
    tensor = field.tensor

    def build(rows: Sequence[Row]) -> NDArray[Any]:
        return _arranged(_stacked([prepare(row.files[field.name], field.prepare) for row in rows]), tensor)

    return build


def images_builder(field: ImagesInput) -> BuildPictures:
    """Of rows with as many pictures each: `[rows, pictures, …]`. Raises KeyError for one whose picture is missing."""
    assert field.tensor is not None
    tensor = field.tensor

    def build(rows: Sequence[Row]) -> NDArray[Any]:
        contents = [contents_in(field.name, row.values[field.name], row.files) for row in rows]
        points = _arranged(_stacked([prepare(each, field.prepare) for row in contents for each in row]), tensor)
        return points.reshape(len(rows), -1, *points.shape[1:])

    return build


def _stacked(each: list[Pixels]) -> Pixels:
    return each[0][np.newaxis] if len(each) == 1 else np.stack(each)  # a large photo's array takes 20 MB


def _arranged(pictures: Pixels, tensor: ImageTensor) -> NDArray[Any]:
    arranged = pictures.transpose(0, 2, 3, 1) if tensor.layout == "NHWC" else pictures
    if tensor.whole:
        arranged = np.rint(arranged)
    return np.ascontiguousarray(arranged, dtype=tensor.dtype)
