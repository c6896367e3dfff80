"""First manifests of graphs as converters write them: each is checked and answers through the engine as it is."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from bot.wiring.inference import RUNTIMES
from services.authoring.check import check_folder
from services.authoring.scaffold import draft_manifest
from services.inference import errors
from services.inference.engine import Engine
from services.inference.tensors import Result
from services.manifests.manifest import Manifest, load_manifest
from services.values.samples import example_row
from tests.unit.inference.models import DOUBLE, FLOAT, INT64, STRING, UINT8, graph, node, seq_map, weight


async def served(tmp_path: Path, data: bytes, slug: str = "fresh") -> tuple[Manifest, Result]:
    """The manifest written for this file, and the answer of the engine to its examples, several at once."""
    folder = tmp_path / slug
    folder.mkdir()
    (folder / "model.onnx").write_bytes(data)
    draft_manifest(folder / "model.onnx").write(folder)
    assert [line for line in check_folder(folder) if not line.ok] == []
    manifest, engine = load_manifest(folder), Engine(RUNTIMES, max_threads=1)
    await engine.load(manifest, folder)
    answers = await asyncio.gather(*(engine.predict(slug, example_row(manifest, folder)) for _ in range(3)))
    await engine.close()
    assert answers[0] == answers[1] == answers[2]
    return manifest, answers[0]


def kinds(manifest: Manifest) -> tuple[list[str], list[str]]:
    return [field.type for field in manifest.inputs], [output.type for output in manifest.outputs]


def ml(kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> Any:
    return node(kind, inputs, outputs, domain="ai.onnx.ml", **attributes)


def linear(width: int, labels: list[int] | list[str]) -> Any:
    """A linear classifier with made-up weights and a softmax, as converters write them."""
    key = "classlabels_strings" if isinstance(labels[0], str) else "classlabels_ints"
    told: dict[str, Any] = {key: labels, "post_transform": "SOFTMAX"}
    weights = [((7 * i) % 5 - 2) / 10 for i in range(width * len(labels))]
    return ml("LinearClassifier", ["S"], ["label", "p"], coefficients=weights, intercepts=[0.1] * len(labels), **told)


SCALED = ml("Scaler", ["X"], ["S"], offset=[13.0006, 2.3, 0.5], scale=[1.0, 1.0, 1.0])
ZIPPED = ml("ZipMap", ["p"], ["probability"], classlabels_int64s=[0, 1, 2])


@pytest.mark.parametrize("width", [3, None])
async def test_one_matrix(tmp_path: Path, width: int | None) -> None:
    outputs = [("label", INT64, ["N"]), ("p", FLOAT, ["N", 3])]
    manifest, answer = await served(
        tmp_path, graph([SCALED, linear(3, [0, 1, 2])], [("X", FLOAT, ["N", width])], outputs)
    )
    assert kinds(manifest) == (["number"] * 3, ["classes"])
    assert [field.name for field in manifest.inputs] == ["x_1", "x_2", "x_3"]
    assert example_row(manifest, tmp_path).values == {"x_1": 13.0, "x_2": 2.3, "x_3": 0.5}
    classes: Any = answer.outputs["p"]
    assert sum(classes["probabilities"].values()) == pytest.approx(1)


async def test_a_sequence_of_maps(tmp_path: Path) -> None:
    data = graph(
        [SCALED, linear(3, [0, 1, 2]), ZIPPED],
        [("X", FLOAT, ["N", 3])],
        [("label", INT64, ["N"]), seq_map("probability")],
    )
    manifest, answer = await served(tmp_path, data)
    assert kinds(manifest)[1] == ["classes"]
    classes: Any = answer.outputs["probability"]
    assert list(classes["probabilities"]) == ["0", "1", "2"]


async def test_features_and_classes_named_in_the_metadata(tmp_path: Path) -> None:
    import onnx

    nodes = [node("MatMul", ["X", "W"], ["Z"]), node("Softmax", ["Z"], ["P"])]
    weights = [weight("W", [[1, 2], [3, 4]])]
    model = onnx.load_model_from_string(graph(nodes, [("X", FLOAT, ["N", 2])], [("P", FLOAT, ["N", 2])], weights))
    helper.set_model_props(model, {"feature_names": '["petal length", "petal width"]', "class_labels": "setosa, other"})
    manifest, answer = await served(tmp_path, model.SerializeToString())
    assert [field.label.pick("en") for field in manifest.inputs] == ["Petal length", "Petal width"]
    classes: Any = answer.outputs["p"]
    assert classes["value"] == "Other"


async def test_many_scalar_inputs(tmp_path: Path) -> None:
    inputs = [(name, FLOAT, ["N", 1]) for name in ("malic acid", "ash", "ASH")]
    data = graph([node("Sum", [name for name, _, _ in inputs], ["Y"])], inputs, [("Y", FLOAT, ["N", 1])])
    manifest, answer = await served(tmp_path, data)
    assert [field.name for field in manifest.inputs] == ["malic_acid", "ash", "ash_2"]
    assert answer.outputs == {"y": 3.0}


async def test_words_that_an_encoder_knows(tmp_path: Path) -> None:
    nodes = [
        node("Gather", ["C", "zero"], ["colour"], axis=1),
        node("Gather", ["C", "one"], ["size"], axis=1),
        ml("OneHotEncoder", ["colour"], ["hot"], cats_strings=["blue", "red"], zeros=0),
        ml("LabelEncoder", ["size"], ["code"], keys_strings=["s", "m", "l"], values_floats=[0.0, 1.0, 2.0]),
        node("Reshape", ["hot", "pair"], ["flat"]),
        node("Concat", ["flat", "code"], ["S"], axis=1),
        linear(3, ["no", "yes"]),
    ]
    weights = [weight("zero", [0], np.int64), weight("one", [1], np.int64), weight("pair", [-1, 2], np.int64)]
    outputs = [("label", STRING, ["N"]), ("p", FLOAT, ["N", 2])]
    manifest, answer = await served(tmp_path, graph(nodes, [("C", STRING, ["N", 2])], outputs, weights))
    assert kinds(manifest) == (["choice", "choice"], ["classes"])
    assert [[option.value for option in field.options] for field in manifest.inputs if field.type == "choice"] == [
        ["blue", "red"],
        ["s", "m", "l"],
    ]
    classes: Any = answer.outputs["p"]
    assert classes["value"] in {"no", "yes"}


async def test_numbers_that_an_encoder_knows(tmp_path: Path) -> None:
    nodes = [
        ml("OneHotEncoder", ["X"], ["hot"], cats_int64s=[3, 7], zeros=0),
        node("ReduceMax", ["hot"], ["Y"], axes=[1, 2], keepdims=0),
    ]
    manifest, answer = await served(tmp_path, graph(nodes, [("X", INT64, ["N", 1])], [("Y", FLOAT, ["N"])]))
    assert kinds(manifest)[0] == ["choice"]
    assert answer.outputs == {"y": 1.0}


@pytest.mark.parametrize(
    ("dtype", "kind"), [(INT64, "integer"), (DOUBLE, "number"), (UINT8, "integer"), (STRING, "text")]
)
async def test_other_element_types(tmp_path: Path, dtype: int, kind: str) -> None:
    shape = ["N", 2]
    manifest, _ = await served(
        tmp_path, graph([node("Identity", ["X"], ["Y"])], [("X", dtype, shape)], [("Y", dtype, shape)])
    )
    assert kinds(manifest)[0] == [kind, kind]


CONVOLVED = [
    node("Conv", ["X", "W"], ["C"]),
    node("GlobalAveragePool", ["C"], ["G"]),
    node("Flatten", ["G"], ["F"]),
    node("Softmax", ["F"], ["Y"]),
]
KERNELS = weight("W", np.linspace(-1, 1, 5 * 3 * 9).reshape(5, 3, 3, 3))


@pytest.mark.parametrize("batch", ["N", 1])
async def test_a_picture(tmp_path: Path, batch: str | int) -> None:
    manifest, answer = await served(
        tmp_path, graph(CONVOLVED, [("X", FLOAT, [batch, 3, 32, 24])], [("Y", FLOAT, [batch, 5])], [KERNELS])
    )
    (photo,), (scores,) = manifest.inputs, manifest.outputs
    assert photo.type == "image"
    assert (photo.prepare.size, photo.prepare.mode) == ((24, 32), "rgb")
    assert scores.type == "classes"
    assert not scores.logits
    classes: Any = answer.outputs["y"]
    assert sum(classes["probabilities"].values()) == pytest.approx(1)
    assert manifest.runtime.max_batch == (1 if batch == 1 else 32)


@pytest.mark.parametrize("shape", [["N", 28, 28], ["N", 28, 28, 1], [1, 28, 28]])
async def test_a_grey_picture(tmp_path: Path, shape: list[str | int]) -> None:
    nodes = [node("Reshape", ["X", "S"], ["F"]), node("ReduceMean", ["F"], ["Y"], axes=[1], keepdims=1)]
    data = graph(nodes, [("X", FLOAT, shape)], [("Y", FLOAT, ["N", 1])], [weight("S", [-1, 784], np.int64)])
    manifest, _ = await served(tmp_path, data)
    assert kinds(manifest) == (["image"], ["number"])


async def test_a_picture_from_a_picture(tmp_path: Path) -> None:
    shape = [1, 3, "H", "W"]
    manifest, answer = await served(
        tmp_path, graph([node("Sigmoid", ["X"], ["Y"])], [("X", FLOAT, shape)], [("Y", FLOAT, shape)])
    )
    assert kinds(manifest) == (["image"], ["image"])
    assert answer.images["y"].startswith(b"\x89PNG")


@pytest.mark.parametrize("shape", [["N", "L"], ["N", 100], ["N", "L", 1]])
async def test_a_series(tmp_path: Path, shape: list[str | int]) -> None:
    manifest, _ = await served(
        tmp_path, graph([node("Abs", ["X"], ["Y"])], [("X", FLOAT, shape)], [("Y", FLOAT, shape)]), "seq"
    )
    assert kinds(manifest)[0] == ["series"]


async def test_a_batch_that_is_no_batch(tmp_path: Path) -> None:
    data = graph([node("ReduceSum", ["X"], ["Y"], keepdims=0)], [("X", FLOAT, ["N", 1])], [("Y", FLOAT, [])])
    manifest, answer = await served(tmp_path, data)
    assert manifest.runtime.max_batch == 1
    assert answer.outputs == {"y": 1.0}


async def test_scalars(tmp_path: Path) -> None:
    data = graph([node("Add", ["A", "B"], ["Y"])], [("A", FLOAT, []), ("B", FLOAT, [])], [("Y", FLOAT, [])])
    manifest, answer = await served(tmp_path, data)
    assert [field.name for field in manifest.inputs] == ["a", "b"]
    assert answer.outputs == {"y": 2.0}


def test_the_slug_is_the_folders_name_where_it_can_be(tmp_path: Path) -> None:
    folder = tmp_path / "My Models"
    folder.mkdir()
    file = folder / "Wine_2026.onnx"
    file.write_bytes(graph([node("Neg", ["X"], ["Y"])], [("X", FLOAT, ["N", 1])], [("Y", FLOAT, ["N", 1])]))
    assert 'slug = "wine-2026"' in draft_manifest(file).toml
    assert 'title = "Wine 2026"' in draft_manifest(file).toml


SEQUENCE = helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, None))


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"rubbish", "not an ONNX file"),
        (
            graph([node("Identity", ["X"], ["Y"])], [("X", FLOAT, ["N", 7, 5, 9])], [("Y", FLOAT, ["N", 7, 5, 9])]),
            'input "X" takes values of shape [N, 7, 5, 9]: neither numbers, nor one series, nor a picture',
        ),
        (
            graph([node("SequenceAt", ["X", "i"], ["Y"])],
                  [helper.make_value_info("X", SEQUENCE)],
                  [("Y", FLOAT, ["N"])], [weight("i", 0, np.int64)]),
            'input "X" takes a sequence of tensors',
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for(tmp_path: Path, data: bytes, problem: str) -> None:
    (tmp_path / "model.onnx").write_bytes(data)
    with pytest.raises(errors.ModelBroken) as caught:
        draft_manifest(tmp_path / "model.onnx")
    assert problem in caught.value.problem


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(errors.ModelBroken, match="No such file"):
        draft_manifest(tmp_path / "absent.onnx")
