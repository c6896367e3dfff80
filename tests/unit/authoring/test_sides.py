"""Graphs that leave the sides of a picture open: what runs is tried and written."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from services.authoring.check import check_folder
from services.authoring.hints import AuthorHints
from services.authoring.scaffold import draft_manifest
from services.authoring.sides import find_sides
from services.manifests.manifest import ImageInput, ImageOutput, Manifest, MaskOutput, load_manifest
from tests.unit.inference.models import FLOAT, INT64, graph, identity, node, weight
from tests.unit.inference.test_free_sides import FREE, enlarged, three_strides

KERNEL = weight("W", np.full((3, 3, 3, 3), 0.1))
SAME: dict[str, Any] = {"pads": [1, 1, 1, 1]}


def served(tmp_path: Path, data: bytes) -> tuple[Manifest, str]:
    """What `init` writes, once `check` is content with it."""
    folder = tmp_path / "fresh"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(data)
    draft = draft_manifest(folder / "model.onnx", AuthorHints())
    (folder / "manifest.toml").write_text(draft.toml, encoding="utf-8")
    assert [line for line in check_folder(folder) if not line.ok] == []
    return load_manifest(folder), draft.toml


def photo(manifest: Manifest) -> ImageInput:
    field = manifest.inputs[0]
    assert isinstance(field, ImageInput)
    return field


def styled() -> bytes:
    """A photo and a picture whose style it gets, each as large as it comes."""
    nodes = [
        node("Conv", ["X", "W"], ["C"], **SAME),
        node("Conv", ["S", "W"], ["D"], **SAME),
        node("GlobalAveragePool", ["D"], ["P"]),
        node("Mul", ["C", "P"], ["Z"]),
        node("Sigmoid", ["Z"], ["Y"]),
    ]
    return graph(nodes, [("X", FLOAT, FREE), ("S", FLOAT, ["N", 3, "H2", "W2"])], [("Y", FLOAT, FREE)], [KERNEL])


def line_reader() -> bytes:
    """Columns of four points become steps, each with scores for 11 characters: `[T, N, 11]`."""
    nodes = [
        node("Conv", ["X", "K"], ["C"], strides=[32, 4]),
        node("Squeeze", ["C", "two"], ["Q"]),
        node("Transpose", ["Q"], ["Y"], perm=[2, 0, 1]),
    ]
    weights = [weight("K", np.linspace(-1, 1, 11 * 32 * 4).reshape(11, 1, 32, 4)), weight("two", [2], np.int64)]
    return graph(nodes, [("X", FLOAT, ["N", 1, 32, "W"])], [("Y", FLOAT, ["T", "N", 11])], weights)


@pytest.mark.parametrize(("data", "multiple"), [(three_strides(), 8), (enlarged(2), 1), (styled(), 1)])
def test_the_multiples_that_run(tmp_path: Path, data: bytes, multiple: int) -> None:
    manifest, text = served(tmp_path, data)
    spec = photo(manifest).prepare
    assert (spec.size, spec.step, spec.most) == (("free", "free"), multiple, 1024)
    (drawn,) = manifest.outputs
    assert isinstance(drawn, ImageOutput)
    assert drawn.shape_of == manifest.inputs[0].name
    assert "the file does not tell range, mean, std" in text
    assert f"tried: {f'multiples of {multiple} run' if multiple > 1 else 'any size runs'}, up to 1024" in text


def test_two_photos_that_must_be_alike(tmp_path: Path) -> None:
    """Customers' are not: both get one size."""
    nodes = [node("Conv", ["X", "W"], ["C"], **SAME), node("Conv", ["S", "W"], ["D"], **SAME),
             node("Add", ["C", "D"], ["Y"])]  # fmt: skip
    data = graph(nodes, [("X", FLOAT, FREE), ("S", FLOAT, FREE)], [("Y", FLOAT, FREE)], [KERNEL])
    manifest, _ = served(tmp_path, data)
    assert [field.prepare.size for field in manifest.inputs if isinstance(field, ImageInput)] == [(224, 224)] * 2


def test_a_line_of_text_has_a_free_width(tmp_path: Path) -> None:
    spec = photo(served(tmp_path, line_reader())[0]).prepare
    assert (spec.mode, spec.size, spec.multiple, spec.longest) == ("grayscale", ("free", 32), 4, 1024)


def test_a_graph_that_takes_one_size_in_truth(tmp_path: Path) -> None:
    nodes = [node("Conv", ["X", "W"], ["C"], **SAME), node("Flatten", ["C"], ["F"]), node("MatMul", ["F", "M"], ["Z"]),
             node("Softmax", ["Z"], ["Y"])]  # fmt: skip
    weights = [KERNEL, weight("M", np.linspace(-1, 1, 3 * 96 * 96 * 2).reshape(-1, 2))]
    manifest, text = served(tmp_path, graph(nodes, [("X", FLOAT, FREE)], [("Y", FLOAT, ["N", 2])], weights))
    assert photo(manifest).prepare.size == (96, 96)
    assert "guessed: 96 × 96 ran, other shapes did not" in text


def test_an_answer_that_is_as_large_for_each_size(tmp_path: Path) -> None:
    """A classifier was trained on one size, though it takes any."""
    nodes = [node("Conv", ["X", "W"], ["C"], **SAME), node("GlobalAveragePool", ["C"], ["P"]),
             node("Flatten", ["P"], ["F"]), node("Softmax", ["F"], ["Y"])]  # fmt: skip
    manifest, text = served(tmp_path, graph(nodes, [("X", FLOAT, FREE)], [("Y", FLOAT, ["N", 3])], [KERNEL]))
    assert photo(manifest).prepare.size == (224, 224)
    assert "guessed: many sizes run, and the answer is as large for each" in text


@pytest.mark.parametrize(("channels", "mode"), [(2, "la"), (4, "rgba")])
def test_channels_beside_the_colours(tmp_path: Path, channels: int, mode: str) -> None:
    shape: list[Any] = ["N", channels, 32, 32]
    kernel = weight("W", np.full((channels, channels, 3, 3), 0.02))
    nodes = [node("Conv", ["X", "W"], ["Z"], **SAME), node("Sigmoid", ["Z"], ["Y"])]
    manifest, text = served(tmp_path, graph(nodes, [("X", FLOAT, shape)], [("Y", FLOAT, shape)], [kernel]))
    assert photo(manifest).prepare.mode == mode
    assert f"guessed: by its {channels} channels" in text


@pytest.mark.parametrize(
    ("inside", "outside", "kept"), [((64, 64), (256, 256), True), ((64, 64), (800, 32), False)], ids=["larger", "other"]
)
def test_the_shape_of_an_answer_of_fixed_sides(tmp_path: Path, inside: Any, outside: Any, kept: bool) -> None:
    sizes = weight("S", [1, 3, outside[1], outside[0]], np.int64)
    nodes = [node("Resize", ["X", "", "", "S"], ["Y"], mode="nearest")]
    shapes: list[list[Any]] = [["N", 3, *inside[::-1]], ["N", 3, *outside[::-1]]]
    manifest, text = served(tmp_path, graph(nodes, [("X", FLOAT, shapes[0])], [("Y", FLOAT, shapes[1])], [sizes]))
    (drawn,) = manifest.outputs
    assert isinstance(drawn, ImageOutput)
    assert drawn.shape_of == (manifest.inputs[0].name if kept else None)
    assert ("guessed: its sides are 4 of x's" in text) is kept


def test_sides_are_found_where_small_pictures_fail() -> None:
    """A stack of five strides that needs three points at its end."""
    found = find_sides(lambda size: {"y": (1, 3, *size[::-1])} if min(size) >= 96 and not max(size) % 32 else None)
    assert (found.multiple, found.longest) == (128, 1024)


def test_identity_is_a_picture_of_any_size(tmp_path: Path) -> None:
    assert photo(served(tmp_path, identity(FREE))[0]).prepare.size == ("free", "free")


@pytest.mark.parametrize("sides", [[64, 48], ["H", "W"]])
def test_a_mask_without_a_channel(tmp_path: Path, sides: list[Any]) -> None:
    """`[N, H, W]`, the number of a class for each point; two at once as well. Where sides are free it is a picture."""
    nodes = [node("Conv", ["X", "W"], ["C"], **SAME), node("ArgMax", ["C"], ["Y"], axis=1, keepdims=0)]
    kernel = weight("W", np.linspace(-1, 1, 5 * 27).reshape(5, 3, 3, 3))
    data = graph(nodes, [("X", FLOAT, ["N", 3, *sides])], [("Y", INT64, ["N", *sides])], [kernel])
    manifest, _ = served(tmp_path, data)
    (mask,) = manifest.outputs
    assert manifest.runtime.max_batch == 32
    if isinstance(mask, MaskOutput):
        assert (mask.holds, len(mask.classes), sides) == ("index", 5, [64, 48])
        return
    assert isinstance(mask, ImageOutput)
    assert mask.shape_of == manifest.inputs[0].name
