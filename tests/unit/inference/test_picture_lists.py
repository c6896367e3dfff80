"""Several pictures that go into one tensor: as one row, or as the graph's batch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from services.inference.errors import BadInput, ModelBroken
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from services.manifests.manifest import load_manifest
from services.values.errors import InvalidValue, TooFewPictures, TooManyPictures
from services.values.json_values import from_json, to_json
from services.values.parse import check_value
from tests.unit.inference.models import FLOAT, field, graph, identity, make_model, node, weight, write_model
from tests.unit.inference.test_preparation import png

TABLES = """
[[inputs]]
name = "photos"
type = "images"
label = "Photos"
{counts}
prepare = {{ size = [8, 8] }}
tensor = {{ name = "X", {tensor} }}

[[outputs]]
name = "near"
type = "number"
label = "Near"
tensor = "Y"
{output}
"""
COSINE, DISTANCE = 'over = "cosine"', 'over = "distance"'
TWO = "min_count = 2\nmax_count = 2"
RED, GREEN, GREY, WHITE = (png(Image.new("RGB", (20, 14), each)) for each in ("red", "lime", "gray", "white"))


def colours(shape: list[int | str]) -> bytes:
    """The mean colour of each picture of `[…, 3, 8, 8]`."""
    last = len(shape) - 1
    nodes = [node("ReduceMean", ["X"], ["Y"], axes=[last - 1, last], keepdims=0)]
    return graph(nodes, [("X", FLOAT, shape)], [("Y", FLOAT, shape[:-2])])


def row(*pictures: bytes) -> Row:
    files = {f"photos.{position}": picture for position, picture in enumerate(pictures)}
    return Row(values={"photos": {"files": ["0" * 32] * len(pictures)}}, files=files)


def served(
    root: Path, data: bytes, *, counts: str = TWO, tensor: str = 'layout = "NCHW"', output: str = COSINE
) -> OnnxRuntime:
    tables = TABLES.format(counts=counts, tensor=tensor, output=output)
    runtime = OnnxRuntime(*make_model(root, data, tables))
    runtime.load()
    runtime.warm_up(Limit(10))
    return runtime


def told(runtime: OnnxRuntime, *rows: Row) -> list[Any]:
    answers = runtime.run(rows, Limit(10))
    return [answer.outputs["near"] if isinstance(answer, Result) else answer for answer in answers]


def test_one_row_has_all_pictures(tmp_path: Path) -> None:
    """Rows of several customers go together; each is told of its own pictures."""
    runtime = served(tmp_path, colours(["N", 2, 3, 8, 8]))
    assert runtime.most_rows > 1
    assert told(runtime, row(RED, RED), row(RED, GREEN), row(GREY, WHITE)) == pytest.approx([1, 0, 1])


def test_pictures_are_the_batch(tmp_path: Path) -> None:
    """A model of single pictures compares them, one prediction after another."""
    runtime = served(tmp_path, colours(["N", 3, 8, 8]), tensor='stack = "batch"', output=DISTANCE)
    assert runtime.most_rows == 1
    assert told(runtime, row(RED, GREEN), row(WHITE, WHITE)) == pytest.approx([np.sqrt(2), 0])


def test_as_many_as_are_sent(tmp_path: Path) -> None:
    """Rows of different counts do not go together; of more pictures every pair counts."""
    runtime = served(tmp_path, colours(["N", "n", 3, 8, 8]), counts="max_count = 3")
    assert told(runtime, row(RED, RED), row(RED, RED, GREEN), row(RED, GREEN)) == pytest.approx([1, 1 / 3, 0])


def test_channels_of_all_in_one_picture(tmp_path: Path) -> None:
    """A graph of before and after, six channels deep, takes two pictures."""
    data = graph(
        [node("ReduceMean", ["X"], ["Y"], axes=[2, 3], keepdims=0)],
        [("X", FLOAT, ["N", 6, 8, 8])],
        [("Y", FLOAT, ["N", 6])],
    )
    runtime = served(tmp_path, data, output="column = 3")
    assert told(runtime, row(RED, GREEN), row(GREEN, RED)) == pytest.approx([0, 1])


def test_last_channels(tmp_path: Path) -> None:
    data = graph(
        [node("ReduceMean", ["X"], ["Y"], axes=[2, 3], keepdims=0)],
        [("X", FLOAT, ["N", 2, 8, 8, 3])],
        [("Y", FLOAT, ["N", 2, 3])],
    )
    assert told(served(tmp_path, data, tensor='layout = "NHWC"'), row(RED, GREY)) == pytest.approx([1 / np.sqrt(3)])


def test_a_picture_that_is_gone_fails_its_row(tmp_path: Path) -> None:
    runtime = served(tmp_path, colours(["N", 2, 3, 8, 8]))
    with pytest.raises(BadInput):
        runtime.run([Row(values=row(RED, RED).values, files={"photos.0": RED})], Limit(10))


@pytest.mark.parametrize(
    ("shape", "keys", "fix"),
    [
        (["N", 3, 8, 8], {}, 'stack = "batch"'),
        (["N", 2, 3, 8, 8], {"tensor": 'stack = "batch"'}, "min_count and max_count"),
        (["N", 3, 3, 8, 8], {}, "min_count and max_count"),
        (["N", 2, 3, 8, 8], {"counts": "max_count = 3"}, "min_count and max_count"),
        ([2, 3, 8, 8], {"tensor": 'stack = "batch"', "counts": "max_count = 3"}, "min_count and max_count"),
    ],
)
def test_a_graph_that_takes_others(tmp_path: Path, shape: list[int | str], keys: dict[str, str], fix: str) -> None:
    with pytest.raises(ModelBroken) as caught:
        served(tmp_path, colours(shape), **keys)
    assert fix in caught.value.params["fix"]


def test_the_most_pictures_are_tried(tmp_path: Path) -> None:
    """A graph that takes any number by its shape, and fails at five."""
    nodes = [
        node("ReduceMean", ["X"], ["c"], axes=[3, 4], keepdims=0),
        node("Slice", ["c", "from", "to", "axis"], ["s"]),
        node("Reshape", ["s", "shape"], ["Y"]),
    ]
    weights = [weight(name, [value], np.int64) for name, value in (("from", 0), ("to", 4), ("axis", 1))]
    data = graph(
        nodes,
        [("X", FLOAT, ["N", "n", 3, 8, 8])],
        [("Y", FLOAT, ["N", 2, "d"])],
        [*weights, weight("shape", [0, 2, -1], np.int64)],
    )
    served(tmp_path, data, counts="max_count = 4")
    with pytest.raises(ModelBroken, match="a list of the most pictures gives no answer"):
        served(tmp_path, data, counts="max_count = 3")


def test_one_vector_is_no_pair(tmp_path: Path) -> None:
    with pytest.raises(ModelBroken, match="no two vectors"):
        served(tmp_path, colours(["N", 3, 8, 8]), counts="min_count = 1\nmax_count = 1", tensor='stack = "batch"')


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"min_count": 5, "max_count": 4}, "over max_count"),
        ({"max_count": 17}, "less than or equal to 16"),
        ({"prepare": {"size": ["free", "free"]}}, "have one size"),
        ({"prepare": {"size": [2048, 2048]}, "max_count": 2}, "2 pictures of that size are too much"),
        ({"example": ["a.png"]}, "has 1 files"),
        ({"tensor": {"name": "X", "layout": "flat"}}, "NCHW"),
    ],
)
def test_what_a_manifest_may_not_say(keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        field("images", **{"prepare": {"size": [8, 8]}, "tensor": {"name": "X"}, **keys})


def test_a_table_and_a_shared_tensor_take_none(tmp_path: Path) -> None:
    tables = TABLES.format(counts=TWO, tensor='layout = "NCHW"', output=COSINE)
    shared = tables + '\n[[inputs]]\nname = "x"\ntype = "number"\nlabel = "X"\ntensor = { name = "X" }\n'
    with pytest.raises(ManifestError, match="A list of images has its own"):
        load_manifest(write_model(tmp_path, identity(), shared))


def test_examples_are_files_of_the_folder(tmp_path: Path) -> None:
    tables = TABLES.format(counts=f'{TWO}\nexample = ["a.png", "b.png"]', tensor='stack = "batch"', output=COSINE)
    folder = write_model(tmp_path, colours(["N", 3, 8, 8]), tables)
    (folder / "a.png").write_bytes(RED)
    with pytest.raises(ManifestError, match=r'example\.2.*"b\.png"'):
        load_manifest(folder)
    (folder / "b.png").write_bytes(GREEN)
    runtime = OnnxRuntime(load_manifest(folder), folder)
    runtime.load()
    runtime.warm_up(Limit(10))


def test_values() -> None:
    photos = field("images", max_count=3)
    ids = ["0" * 31 + str(digit) for digit in range(4)]
    assert check_value(photos, {"files": ids[:2]}) == {"files": ids[:2]}
    assert to_json(from_json(photos, ids[:2])) == [f"{'0' * 8}-0000-0000-0000-{'0' * 11}{digit}" for digit in "01"]
    with pytest.raises(TooFewPictures):
        from_json(photos, ids[:1])
    with pytest.raises(TooManyPictures):
        check_value(photos, {"files": ids})
    for wrong in ({"file": ids[0]}, {"files": "ab"}, {"files": [1, 2]}, {"files": ["x", "y"]}, ids[0], None, 3):
        with pytest.raises(InvalidValue):
            check_value(photos, wrong)
    for told_so in (ids[0], [1, 2], {"files": ids[:2]}, None):
        with pytest.raises(InvalidValue):
            from_json(photos, told_so)
