"""What a tensor is taken for, and that it is said."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from services.authoring.hints import NO_HINTS, AuthorHints
from services.authoring.scaffold import Draft, draft_manifest
from services.inference.errors import ModelBroken
from services.manifests.labels import Class, Label, numbered
from services.manifests.manifest import ClassesOutput, Manifest, MaskOutput, TableInput, load_manifest
from tests.unit.inference.models import FLOAT, INT64, STRING, UINT8, graph, identity, node, weight

POOLED = [node("GlobalAveragePool", ["X"], ["P"]), node("Flatten", ["P"], ["F"])]


def drafted(tmp_path: Path, data: bytes, told: AuthorHints | None = None) -> tuple[Draft, Manifest]:
    folder = tmp_path / "fresh"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(data)
    draft = draft_manifest(folder / "model.onnx", told or NO_HINTS)
    draft.write(folder)
    return draft, load_manifest(folder)


def photo(columns: int, *, last: str = "Identity", dtype: int = FLOAT) -> bytes:
    """A graph that looks at a photo and gives so many numbers."""
    nodes = [node("Cast", ["I"], ["X"], to=FLOAT), *POOLED, node("MatMul", ["F", "W"], ["Z"]), node(last, ["Z"], ["Y"])]
    weights = [weight("W", np.linspace(-1, 1, 3 * columns).reshape(3, columns))]
    return graph(nodes, [("I", dtype, ["N", 3, 64, 64])], [("Y", FLOAT, ["N", columns])], weights)


@pytest.mark.parametrize(
    ("columns", "kinds"),
    [(4, ["number"] * 4), (512, ["series"]), (1, ["number"])],
    ids=["a box", "an embedding", "one"],
)
def test_numbers_about_a_photo_are_no_classes(tmp_path: Path, columns: int, kinds: list[str]) -> None:
    draft, manifest = drafted(tmp_path, photo(columns))
    assert [output.type for output in manifest.outputs] == kinds
    assert manifest.inputs[0].type == "image"
    assert any(note.tensor == "Y" for note in draft.notes)


def test_probabilities_about_a_photo_are_classes_and_a_guess(tmp_path: Path) -> None:
    draft, manifest = drafted(tmp_path, photo(5, last="Softmax"))
    assert [output.type for output in manifest.outputs] == ["classes"]
    assert "guessed: nothing in the file names them; see --labels" in draft.toml
    assert "the file does not tell range, mean, std" in draft.toml


def test_what_a_person_says_of_a_file(tmp_path: Path) -> None:
    told = AuthorHints(labels=numbered(["a", "b", "c"]), range=(-1.0, 1.0), mean=(0.5, 0.4, 0.3), std=(0.2, 0.2, 0.2))
    _, manifest = drafted(tmp_path, photo(3, last="Softmax"), told)
    (field,), (output,) = manifest.inputs, manifest.outputs
    assert field.type == "image"
    assert (field.prepare.range, field.prepare.mean) == ((-1.0, 1.0), (0.5, 0.4, 0.3))
    assert output.type == "classes"
    assert [item.value for item in output.classes] == ["a", "b", "c"]


def test_a_picture_of_whole_numbers_is_not_black(tmp_path: Path) -> None:
    _, manifest = drafted(tmp_path, photo(3, dtype=UINT8))
    (field,) = manifest.inputs
    assert field.type == "image"
    assert field.prepare.range == (0.0, 255.0)


def looks_at_several(count: int | str) -> bytes:
    """How light a list of pictures is on the whole."""
    nodes = [
        node("Reshape", ["X", "shape"], ["each"]),
        node("Conv", ["each", "K"], ["seen"]),
        node("ReduceMean", ["seen"], ["mean"], axes=[1, 2, 3], keepdims=0),
        node("ReduceMean", ["X"], ["Y"], axes=[1, 2, 3, 4], keepdims=0),
    ]
    weights = [weight("shape", [-1, 3, 32, 32], np.int64), weight("K", np.ones((1, 3, 3, 3)))]
    shape = ["N", count, 3, 32, 32]
    return graph(nodes, [("X", FLOAT, shape)], [("Y", FLOAT, ["N"])], weights)


@pytest.mark.parametrize(
    ("count", "counts", "guessed"), [(3, (3, 3), False), ("n", (2, 4), True)], ids=["three", "any number"]
)
def test_a_list_of_pictures(tmp_path: Path, count: int | str, counts: tuple[int, int], guessed: bool) -> None:
    draft, manifest = drafted(tmp_path, looks_at_several(count), AuthorHints(range=(-1.0, 1.0)))
    (field,) = manifest.inputs
    assert field.type == "images"
    assert ((field.min_count, field.max_count), field.prepare.size) == (counts, (32, 32))
    assert field.prepare.range == (-1.0, 1.0)
    assert ("the file does not tell how many" in draft.toml) is guessed


@pytest.mark.parametrize("width", [81, 100, 784])
def test_many_columns_are_no_picture(tmp_path: Path, width: int) -> None:
    data = graph(
        [node("MatMul", ["X", "W"], ["Y"])],
        [("X", FLOAT, ["N", width])],
        [("Y", FLOAT, ["N", 1])],
        [weight("W", np.ones((width, 1)))],
    )
    _, manifest = drafted(tmp_path, data)
    (field,) = manifest.inputs
    assert field.type == "series"
    assert (field.min_length, field.max_length) == (width, width)


def test_an_answer_as_long_as_the_series(tmp_path: Path) -> None:
    nodes, shape = [node("Mul", ["X", "half"], ["Y"])], [1, "samples"]
    data = graph(nodes, [("X", FLOAT, shape)], [("Y", FLOAT, shape)], [weight("half", 0.5)])
    _, manifest = drafted(tmp_path, data)
    assert (manifest.inputs[0].type, manifest.outputs[0].type) == ("series", "series")


def test_a_state_and_a_rate_are_constants(tmp_path: Path) -> None:
    nodes = [
        node("ReduceMean", ["X"], ["speech"], axes=[1]),
        node("Identity", ["state"], ["stateN"]),
        node("Identity", ["sr"], ["srN"]),
    ]
    inputs = [("X", FLOAT, [1, 512]), ("state", FLOAT, [2, 1, 128]), ("sr", INT64, [])]
    outputs: list[Any] = [("speech", FLOAT, [1, 1]), ("stateN", FLOAT, [2, 1, 128]), ("srN", INT64, [])]
    _, manifest = drafted(tmp_path, graph(nodes, inputs, outputs))
    assert [(each.tensor, each.shape, each.value) for each in manifest.constants] == [
        ("state", (2, 1, 128), 0.0),
        ("sr", (), 16000.0),
    ]
    assert [field.tensor.name for field in manifest.inputs if field.tensor] == ["X"]
    assert [output.tensor for output in manifest.outputs] == ["speech"]


def recurrent(rows: int | str = "N", steps: int | str = "T") -> bytes:
    """An LSTM over lines of three numbers that is handed its state, and hands it back."""
    chance = np.random.default_rng(0)
    weights = [
        weight(name, chance.normal(0, 0.4, sides))
        for name, sides in (("W", (1, 16, 3)), ("R", (1, 16, 4)), ("B", (1, 32)))
    ]
    nodes = [
        node("Transpose", ["X"], ["steps_first"], perm=[1, 0, 2]),
        node("LSTM", ["steps_first", "W", "R", "B", "", "h0", "c0"], ["all", "hn", "cn"], hidden_size=4),
        node("ReduceMean", ["hn"], ["Y"], axes=[0, 2], keepdims=0),
    ]
    state = [1, rows, 4]
    inputs = [("X", FLOAT, [rows, steps, 3]), ("h0", FLOAT, state), ("c0", FLOAT, state)]
    return graph(nodes, inputs, [("Y", FLOAT, [rows]), ("hn", FLOAT, state), ("cn", FLOAT, state)], weights)


@pytest.mark.parametrize(("steps", "rows"), [("T", (1, 1000)), (30, (30, 30))], ids=["any length", "a month"])
def test_lines_of_columns_are_a_table_and_states_are_zeros(
    tmp_path: Path, steps: int | str, rows: tuple[int, int]
) -> None:
    _, manifest = drafted(tmp_path, recurrent(steps=steps), AuthorHints(features=("Цена", "Объём", "Год")))
    (field,) = manifest.inputs
    assert isinstance(field, TableInput)
    assert [str(column.label) for column in field.columns] == ["Цена", "Объём", "Год"]
    assert (field.min_rows, field.max_rows) == rows
    assert [(each.tensor, each.shape, each.value) for each in manifest.constants] == [
        ("h0", (1, 1, 4), 0.0),
        ("c0", (1, 1, 4), 0.0),
    ]
    assert [output.tensor for output in manifest.outputs] == ["Y"]
    assert manifest.runtime.max_batch > 1
    unnamed, _ = drafted(tmp_path / "unnamed", recurrent(steps=steps))
    assert "guessed: nothing names these columns; see --features" in unnamed.toml


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (
            graph([node("Gather", ["W", "input_ids"], ["Y"])], [("input_ids", INT64, ["N", "L"])],
                  [("Y", FLOAT, ["N", "L", 2])], [weight("W", [[1, 2], [3, 4]])]),
            "takes the numbers of tokens: this model reads tokens, not text",
        ),
        (
            graph([*POOLED], [("X", FLOAT, [8, 3, 32, 32])], [("F", FLOAT, [8, 3])]),
            'the batch of the graph\'s input "X" is fixed at 8',
        ),
        (
            graph([node("Transpose", ["X"], ["Y"])], [("X", FLOAT, ["N", 30, 256])], [("Y", FLOAT, [256, 30, "N"])]),
            "30 steps of 256 values each",
        ),
        (
            graph([node("Identity", ["X"], ["Y"])], [("X", FLOAT, ["N", 160_000])], [("Y", FLOAT, ["N", 160_000])]),
            "takes 160000 values, and at most 100000 can be sent",
        ),
    ],
    ids=["tokens", "batch", "steps", "sound"],
)  # fmt: skip
def test_what_cannot_be_asked_is_named(tmp_path: Path, data: bytes, problem: str) -> None:
    with pytest.raises(ModelBroken, match=problem):
        drafted(tmp_path, data)


@pytest.mark.parametrize("name", ["weights", "attention", "boxes", "embedding"])
def test_numbers_that_sum_to_one_are_classes_only_where_something_says_so(tmp_path: Path, name: str) -> None:
    """Neither portfolio weights nor attention, though softmax makes them and the file lists as many names."""
    model = onnx.load_model_from_string(photo(3, last="Softmax").replace(b"Y", b"Q"))
    model.graph.node.append(node("Identity", ["Q"], [name]))
    model.graph.output[0].name = name
    onnx.helper.set_model_props(model, {"names": "['cat', 'dog', 'cow']"})
    draft, manifest = drafted(tmp_path, model.SerializeToString())
    assert [output.type for output in manifest.outputs] == ["number"] * 3
    assert "guessed: nothing tells what they mean" in draft.toml


def test_a_mask_spans_all_classes_that_its_model_picks_from(tmp_path: Path) -> None:
    nodes = [
        node("Conv", ["X", "W"], ["C"]),
        node("Resize", ["C", "", "S"], ["R"]),
        node("ArgMax", ["R"], ["Y"], axis=1, keepdims=0),
    ]
    weights = [weight("W", np.eye(5, 3).reshape(5, 3, 1, 1)), weight("S", [1.0, 1.0, 1.0, 1.0])]
    _, manifest = drafted(tmp_path, graph(nodes, [("X", FLOAT, [1, 3, 32, 32])], [("Y", INT64, [1, 32, 32])], weights))
    (output,) = manifest.outputs
    assert isinstance(output, MaskOutput)
    assert (output.holds, output.background) == ("index", "0")
    assert [each.value for each in output.classes] == ["0", "1", "2", "3", "4"]  # only 0, 1 and 2 are ever given


def margins() -> bytes:
    """A label, and two numbers in the order of the other class."""
    nodes = [
        node("ArgMax", ["X"], ["i"], axis=1, keepdims=0),
        node("ArrayFeatureExtractor", ["names", "i"], ["picked"], domain="ai.onnx.ml"),
        node("Reshape", ["picked", "flat"], ["label"]),
        node("Neg", ["X"], ["probabilities"]),
    ]
    names: list[Any] = [b"healthy", b"sick"]
    weights = [onnx.helper.make_tensor("names", STRING, [2], names), weight("flat", [-1], np.int64)]
    outputs = [("label", STRING, ["N"]), ("probabilities", FLOAT, ["N", 2])]
    return graph(nodes, [("X", FLOAT, ["N", 2])], outputs, weights)


def test_numbers_that_are_no_probabilities_bear_no_classs_name(tmp_path: Path) -> None:
    draft, manifest = drafted(tmp_path, margins())
    label, *scores = manifest.outputs
    assert label.type == "text"
    assert [(score.type, score.label.pick("en"), score.label.pick("ru")) for score in scores] == [
        ("number", "Score 1", "Оценка 1"),
        ("number", "Score 2", "Оценка 2"),
    ]
    assert draft.toml.count("guessed: they are no probabilities of what label says") == 2 + 1  # beside each; the note


@pytest.mark.parametrize("metadata", ['["a\\u0000", "b", "c"]', '["\\ud800", "b", "c"]', '["\\u0007", "", "c"]'])
@pytest.mark.parametrize("key", ["feature_names", "labels", "note"])
def test_metadata_of_any_characters(tmp_path: Path, key: str, metadata: str) -> None:
    model = onnx.load_model_from_string(photo(3, last="Softmax") if key == "labels" else row_of_three())
    model.metadata_props.add(key=key, value=metadata)
    drafted(tmp_path, model.SerializeToString())


def row_of_three() -> bytes:
    return graph([node("Softmax", ["X"], ["Y"])], [("X", FLOAT, ["N", 3])], [("Y", FLOAT, ["N", 3])])


def test_labels_of_any_bytes(tmp_path: Path) -> None:
    data = margins().replace(b"healthy", b"he\x00lthy")
    _, manifest = drafted(tmp_path, data)
    assert manifest.outputs[0].type == "text"
    with pytest.raises(ModelBroken, match="not UTF-8"):
        drafted(tmp_path / "second", margins().replace(b"healthy", b"he\xfflthy"))


def test_a_row_of_a_million_million_columns_is_refused_by_its_size(tmp_path: Path) -> None:
    with pytest.raises(ModelBroken, match="takes 1099511627776 values, and at most 100000 can be sent"):
        drafted(tmp_path, identity((1, 2**40)))


def test_a_files_name_of_any_bytes(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_bytes(identity())
    assert 'title = "A b"\n' in draft_manifest(file, title=os.fsdecode(b"\xff a\x1b\nb")).toml


def row_of(columns: int, given: int) -> bytes:
    """Numbers in, numbers out."""
    weights = [weight("W", np.ones((columns, given)))]
    return graph(
        [node("MatMul", ["X", "W"], ["Y"])], [("X", FLOAT, ["N", columns])], [("Y", FLOAT, ["N", given])], weights
    )


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (photo(5, last="Softmax"), '2 classes are named, and the output "Y" has 5'),
        (row_of(3, 1), "2 classes are named, and no output has classes"),
    ],
)
def test_labels_of_another_count_are_refused(tmp_path: Path, data: bytes, problem: str) -> None:
    with pytest.raises(ModelBroken, match=problem):
        drafted(tmp_path, data, AuthorHints(labels=numbered(["a", "b"])))


def test_a_persons_labels_come_before_the_files(tmp_path: Path) -> None:
    model = onnx.load_model_from_string(photo(3, last="Softmax"))
    model.metadata_props.add(key="labels", value='["x", "y", "z"]')
    hints = AuthorHints(labels=numbered(["a", "b", "c"]))
    _, manifest = drafted(tmp_path, model.SerializeToString(), hints)
    (output,) = manifest.outputs
    assert isinstance(output, ClassesOutput)
    assert [each.label.pick("en") for each in output.classes] == ["a", "b", "c"]
    model.metadata_props[0].value = '["x", "y"]'
    with pytest.raises(ModelBroken, match='2 classes are named, and the output "Y" has 3'):
        drafted(tmp_path / "second", model.SerializeToString(), AuthorHints(labels=numbered(["a", "b"])))


def test_what_is_said_for_nothing_is_told(tmp_path: Path) -> None:
    hints = AuthorHints(mean=(0.0,), range=(0.0, 1.0))
    told = [str(note) for note in drafted(tmp_path / "row", row_of(3, 1), hints)[0].notes]
    assert "--mean: of no use here (no picture goes in)" in told
    assert "--range: of no use here (no picture goes in)" in told


def test_each_question_has_its_name(tmp_path: Path) -> None:
    two = graph(
        [node("Add", ["age", "rooms"], ["sum"])],
        [("age", FLOAT, ["N", 1]), ("rooms", FLOAT, ["N", 1])],
        [("sum", FLOAT, ["N", 1])],
    )
    names: list[Label] = [{"ru": "Возраст дома", "en": "Age of the house"}, "Rooms there"]
    _, manifest = drafted(tmp_path / "two", two, AuthorHints(features=names))
    assert [each.name for each in manifest.inputs] == ["age", "rooms"]
    assert [each.label.pick("ru") for each in manifest.inputs] == ["Возраст дома", "Rooms there"]
    with pytest.raises(ModelBroken, match="3 names of questions are given, and the model asks 2"):
        drafted(tmp_path / "three", two, AuthorHints(features=("a", "b", "c")))
    with pytest.raises(ModelBroken, match="2 names of questions are given, and the model asks 1"):
        drafted(tmp_path / "photo", photo(4), AuthorHints(features=("a", "b")))


def test_every_guess_names_the_option_that_settles_it(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path / "photo", photo(5, last="Softmax"))
    picture, classes = map(str, draft.notes)
    assert picture.endswith("the file does not tell its range, mean, std; see --range, --mean, --std)")
    assert classes.endswith("see --labels)")
    draft, _ = drafted(tmp_path / "row", row_of(3, 4))
    columns, *_ = map(str, draft.notes)
    assert (
        columns
        == "X: 3 questions, one for each column, answered by a number (guessed: nothing names them; see --features)"
    )
    assert draft.toml.count("# guessed: nothing names this column; see --features") == 3
    assert draft.toml.count("# guessed: nothing tells what they mean") == 4
    draft, _ = drafted(tmp_path / "told", row_of(3, 4), AuthorHints(features=("a", "b", "c")))
    assert "nothing names" not in draft.toml


def test_a_series_without_an_example_says_so(tmp_path: Path) -> None:
    draft, _ = drafted(tmp_path, row_of(512, 1))
    assert "X: no example is written (the shop makes one up, and it ran)" in map(str, draft.notes)


def test_labels_that_are_written_as_json_are_called_so(tmp_path: Path) -> None:
    scores = onnx.load_model_from_string(photo(2, last="Softmax"))
    classes: list[Class] = [{"value": "7", "label": "seven"}, {"value": "9", "label": "nine"}]
    draft, manifest = drafted(tmp_path, scores.SerializeToString(), AuthorHints(labels=classes))
    assert list(draft.files) == ["labels.json"]
    (output,) = manifest.outputs
    assert isinstance(output, ClassesOutput)
    assert [each.value for each in output.classes] == ["7", "9"]


@pytest.mark.parametrize("sides", [(40, 2000), (1500, 1500)], ids=["a strip", "a large one"])
def test_a_picture_from_a_number(tmp_path: Path, sides: tuple[int, int]) -> None:
    shape = [1, 3, *sides]
    nodes = [
        node("Reshape", ["X", "four"], ["R"]),
        node("Expand", ["R", "shape"], ["E"]),
        node("Mul", ["E", "W"], ["Y"]),
    ]
    weights = [weight("four", [1, 1, 1, 1], "int64"), weight("shape", shape, "int64"), weight("W", [0.5])]
    draft, manifest = drafted(tmp_path, graph(nodes, [("X", FLOAT, [1, 1])], [("Y", FLOAT, shape)], weights))
    assert [output.type for output in manifest.outputs] == ["image"]
    assert any(note.guessed and note.what == "a picture" for note in draft.notes)


@pytest.mark.parametrize(("dtype", "name"), [(TensorProto.BFLOAT16, "bfloat16"), (TensorProto.INT4, "int4")])
def test_an_output_that_no_array_holds_is_refused_by_name(tmp_path: Path, dtype: int, name: str) -> None:
    data = graph([node("Cast", ["X"], ["Y"], to=dtype)], [("X", FLOAT, ["N", 1])], [("Y", dtype, ["N", 1])])
    model = onnx.load_model_from_string(data)
    model.opset_import[0].version, model.ir_version = 21, 10
    with pytest.raises(ModelBroken, match=f'output "Y" gives values of type {name}, which cannot be read'):
        drafted(tmp_path, model.SerializeToString())
