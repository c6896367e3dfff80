"""More than a form or an answer has room for, and what is nobody's to answer."""

from pathlib import Path
from typing import Any

import onnx
import pytest
from onnx import TensorProto

from services.authoring.check import check_folder
from services.authoring.scaffold import draft_manifest
from services.inference.errors import BadOutput, ModelBroken
from services.inference.runtimes.tensor_results import Reader
from services.inference.tensors import Row
from services.manifests.manifest import Manifest, load_manifest
from tests.unit.inference.models import BOOL, FLOAT, INT64, STRING, graph, node, weight


def served(tmp_path: Path, data: bytes) -> Manifest:
    """Its manifest, which the check finds right."""
    folder = tmp_path / "fresh"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(data)
    draft_manifest(folder / "model.onnx").write(folder)
    assert [line for line in check_folder(folder) if not line.ok] == []
    return load_manifest(folder)


def joined(inputs: int, columns: int) -> bytes:
    tensors: list[Any] = [(f"in{i}", FLOAT, ["N", columns]) for i in range(inputs)]
    names = [name for name, _, _ in tensors]
    return graph([node("Concat", names, ["Y"], axis=1)], tensors, [("Y", FLOAT, ["N", inputs * columns])])


def test_three_hundred_questions_of_ten_inputs_are_ten_series(tmp_path: Path) -> None:
    manifest = served(tmp_path, joined(10, 30))
    assert [field.type for field in manifest.inputs] == ["series"] * 10


def test_three_hundred_lone_questions_are_too_many(tmp_path: Path) -> None:
    with pytest.raises(ModelBroken, match="asks 300 values, and at most 256 can be asked"):
        served(tmp_path, joined(300, 1))


def test_a_hundred_and_sixty_numbers_are_ten_series(tmp_path: Path) -> None:
    nodes = [node("Mul", ["X", f"w{i}"], [f"y{i}"]) for i in range(10)]
    outputs: list[Any] = [(f"y{i}", FLOAT, ["N", 16]) for i in range(10)]
    weights = [weight(f"w{i}", i + 1.0) for i in range(10)]
    manifest = served(tmp_path, graph(nodes, [("X", FLOAT, ["N", 16])], outputs, weights))
    assert [output.type for output in manifest.outputs] == ["series"] * 10


def test_an_answer_whose_length_nobody_knows_is_a_series(tmp_path: Path) -> None:
    """And an empty one is no answer: it is paid back."""
    data = graph([node("Unique", ["X"], ["Y"])], [("X", FLOAT, ["N", 4])], [("Y", FLOAT, None)])
    manifest = served(tmp_path, data)
    assert [output.type for output in manifest.outputs] == ["series"]
    with pytest.raises(BadOutput):
        Reader(manifest).results({"Y": []}, [Row(values={})])


@pytest.mark.parametrize(("shape", "batch"), [([3, 2], 3), ([4, 5, 6], 4), ([8, 3, 32, 32], 8)])
def test_a_fixed_batch_is_called_so(tmp_path: Path, shape: list[int], batch: int) -> None:
    data = graph([node("Identity", ["X"], ["Y"])], [("X", FLOAT, shape)], [("Y", FLOAT, shape)])
    with pytest.raises(ModelBroken, match=f"is fixed at {batch}. Export it with a free batch, or with a batch of 1"):
        served(tmp_path, data)


def test_a_picture_without_a_batch_has_none_that_is_fixed(tmp_path: Path) -> None:
    data = graph([node("Identity", ["X"], ["Y"])], [("X", FLOAT, [64, 64, 3])], [("Y", FLOAT, [64, 64, 3])])
    manifest = served(tmp_path, data)
    assert [field.type for field in manifest.inputs] == ["image"]


def test_settings_are_constants(tmp_path: Path) -> None:
    """By their names, or because they are lone values beside others; lone values by themselves are questions."""
    nodes = [
        node("Mul", ["X", "score_threshold"], ["A"]),
        node("Mul", ["A", "fmin"], ["B"]),
        node("Where", ["training", "A", "B"], ["C"]),
        node("Cast", ["max_out"], ["M"], to=FLOAT),
        node("Add", ["C", "M"], ["Y"]),
    ]
    lone: list[Any] = [
        ("score_threshold", FLOAT, []),
        ("fmin", FLOAT, []),
        ("training", BOOL, []),
        ("max_out", INT64, []),
    ]
    manifest = served(tmp_path, graph(nodes, [("X", FLOAT, ["N", 2]), *lone], [("Y", FLOAT, ["N", 2])]))
    assert len(manifest.inputs) == 2
    assert {each.tensor: each.value for each in manifest.constants} == {
        **{"score_threshold": 0.5, "fmin": 1.0, "training": False, "max_out": 100},
    }


def test_lone_values_by_themselves_are_questions(tmp_path: Path) -> None:
    inputs: list[Any] = [("threshold", FLOAT, []), ("age", FLOAT, [])]
    manifest = served(tmp_path, graph([node("Mul", ["threshold", "age"], ["Y"])], inputs, [("Y", FLOAT, [])]))
    assert [field.name for field in manifest.inputs] == ["threshold", "age"]


def test_a_series_that_must_not_be_short_gets_an_example(tmp_path: Path) -> None:
    """It takes pairs: the shop's own example of one number would refuse the model."""
    nodes, weights = [node("Reshape", ["X", "pairs"], ["Y"])], [weight("pairs", [-1, 2], "int64")]
    manifest = served(tmp_path, graph(nodes, [("X", FLOAT, ["N", "L"])], [("Y", FLOAT, ["M", 2])], weights))
    (field,) = manifest.inputs
    assert isinstance(field.example, tuple)
    assert len(field.example) == 16


def test_texts_that_are_left_out_are_counted(tmp_path: Path) -> None:
    nodes = [node("Expand", ["X", "many"], ["Y"])]
    data = graph(nodes, [("X", STRING, [1, 1])], [("Y", STRING, [1, 100])], [weight("many", [1, 100], "int64")])
    (tmp_path / "model.onnx").write_bytes(data)
    notes = [str(note) for note in draft_manifest(tmp_path / "model.onnx").notes]
    assert "Y: the last 84 texts are left out (at most 16 are shown)" in notes


@pytest.mark.parametrize("kind", [TensorProto.INT4, TensorProto.UINT4, TensorProto.BFLOAT16])
def test_an_answer_of_a_type_that_nothing_reads_is_left_out(tmp_path: Path, kind: int) -> None:
    """Beside another one; alone there is nothing to sell, and that is said."""
    odd = ("Q", kind, ["N", 1])
    cast = node("Cast", ["X"], ["Q"], to=kind)
    both = [("Y", FLOAT, ["N", 1]), odd]
    manifest = served(tmp_path, _newer([cast, node("Identity", ["X"], ["Y"])], both))
    assert [output.tensor for output in manifest.outputs] == ["Y"]
    (tmp_path / "alone.onnx").write_bytes(_newer([cast], [odd]))
    with pytest.raises(ModelBroken, match="no output of the graph can be shown: Q: left out"):
        draft_manifest(tmp_path / "alone.onnx")


def _newer(nodes: list[Any], outputs: list[Any]) -> bytes:
    """Of an opset that knows these types."""
    made = onnx.load_model_from_string(graph(nodes, [("X", FLOAT, ["N", 1])], outputs))
    made.opset_import[0].version, made.ir_version = 21, 10
    data: bytes = made.SerializeToString()
    return data


@pytest.mark.parametrize("nothing", [float("nan"), float("inf")])
def test_an_answer_that_is_never_a_number_is_warned_of(tmp_path: Path, nothing: float) -> None:
    nodes = [node("Add", ["X", "k"], ["Y"])]
    data = graph(nodes, [("X", FLOAT, ["N", 1])], [("Y", FLOAT, ["N", 1])], [weight("k", nothing)])
    (tmp_path / "model.onnx").write_bytes(data)
    notes = [str(note) for note in draft_manifest(tmp_path / "model.onnx").notes]
    assert any(note.startswith("Y: no finite number, so that every customer would be paid back") for note in notes)


def test_an_example_with_a_finite_answer_is_preferred(tmp_path: Path) -> None:
    nodes = [node("Sub", ["X", "k"], ["d"]), node("Log", ["d"], ["Y"])]
    data = graph(nodes, [("X", FLOAT, ["N", 1])], [("Y", FLOAT, ["N", 1])], [weight("k", 5.0)])
    served(tmp_path, data)


def test_a_picture_of_signed_bytes_gets_a_range_that_they_hold(tmp_path: Path) -> None:
    nodes = [node("Cast", ["X"], ["x"], to=FLOAT), node("Conv", ["x", "w"], ["c"])]
    nodes.append(node("ReduceMean", ["c"], ["Y"], axes=[1, 2, 3], keepdims=0))
    ones = weight("w", [[[[1.0]], [[1.0]], [[1.0]]]])
    manifest = served(
        tmp_path, graph(nodes, [("X", TensorProto.INT8, ["N", 3, 32, 32])], [("Y", FLOAT, ["N"])], [ones])
    )
    assert manifest.inputs[0].prepare.range == (-128, 127)  # type: ignore[union-attr]
