"""Where the names of classes are found, however they are written."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from i18n.translator import Catalogues
from services.authoring.check import check_folder
from services.authoring.hints import NO_HINTS, AuthorHints
from services.authoring.labels import listed_labels, parse_list
from services.authoring.scaffold import draft_manifest
from services.manifests.labels import Label, numbered, parse_labels, read_labels, write_labels
from services.manifests.manifest import ClassesOutput, Manifest, load_manifest
from tests.unit.inference.models import FLOAT, INT64, STRING, graph, node, weight


def drafted(tmp_path: Path, data: bytes, told: AuthorHints = NO_HINTS) -> Manifest:
    folder = tmp_path / "fresh"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(data)
    draft_manifest(folder / "model.onnx", told).write(folder)
    return load_manifest(folder)


def tagged(columns: int, metadata: dict[str, str]) -> bytes:
    """Probabilities of two numbers."""
    nodes = [node("MatMul", ["X", "W"], ["Z"]), node("Softmax", ["Z"], ["Y"])]
    weights = [weight("W", np.linspace(-1, 1, 2 * columns).reshape(2, columns))]
    model = onnx.load_model_from_string(graph(nodes, [("X", FLOAT, ["N", 2])], [("Y", FLOAT, ["N", columns])], weights))
    onnx.helper.set_model_props(model, metadata)
    return bytes(model.SerializeToString())


def counted(labels: list[int]) -> bytes:
    """A classifier whose label output is a number."""
    count = len(labels)
    told: dict[str, Any] = {"classlabels_ints": labels, "post_transform": "SOFTMAX", "intercepts": [0.1] * count}
    weights = [float(i % 5 - 2) for i in range(2 * count)]
    made = node("LinearClassifier", ["X"], ["label", "p"], domain="ai.onnx.ml", coefficients=weights, **told)
    return graph([made], [("X", FLOAT, ["N", 2])], [("label", INT64, ["N"]), ("p", FLOAT, ["N", count])])


@pytest.mark.parametrize(
    ("raw", "labels"),
    [
        ('["cat", "don\'t know"]', ("cat", "don't know")),
        ("['cat', 'dog']", ("cat", "dog")),
        ("{0: 'tench', 1: 'goldfish', 10: 'shark', 2: 'ray'}", ("tench", "goldfish", "ray", "shark")),
        ('{"0": "no", "1": "yes"}', ("no", "yes")),
        ('{"no": 0, "yes": 1}', ("no", "yes")),
        ("0\n90\n180\n270", ("0", "90", "180", "270")),
        ("setosa, versicolor", ("setosa", "versicolor")),
        ("[3, 5, 8]", ("3", "5", "8")),
        ("a sentence without any list", ()),
        ("[1.5, 2.5]", ()),
        ("{broken", ()),
        ("[" * 5000, ()),
        ("", ()),
    ],
)
def test_lists_as_they_are_written(raw: str, labels: tuple[str, ...]) -> None:
    assert parse_list(raw) == labels


@pytest.mark.parametrize(
    ("metadata", "found"),
    [
        ({"feature_names": "a,b,c", "imgsz": "[64, 32, 16]", "zoo": "cat,dog,cow"}, ("zoo", ("cat", "dog", "cow"))),
        ({"zoo": "cat,dog,cow", "names": "x,y,z"}, ("names", ("x", "y", "z"))),
        ({"names": "x,y"}, None),
        ({"author": "Ivanov, Petrov, Sidorov", "description": "Cats, dogs, cows"}, None),
        ({"character": "0\n90\n180"}, ("character", ("0", "90", "180"))),
    ],
    ids=["any key", "a known key first", "too few", "about the file", "numbers under a known key"],
)
def test_metadata_that_lists_as_many_texts_as_there_are_columns(
    metadata: dict[str, str], found: tuple[str, tuple[str, ...]] | None
) -> None:
    assert listed_labels(metadata, 3) == found


def test_equal_and_empty_labels() -> None:
    values = ["crane", "dog", "crane", "", " ", "crane (2)", "a" * 300, "a" * 300]
    assert [each["value"] for each in numbered(values)] == [
        *("crane", "dog", "crane (2)", "(none)", "(none) (2)", "crane (2) (2)"),
        *("a" * 200, "a" * 196 + " (2)"),
    ]


TEXTS = st.text(min_size=1, max_size=20)
LABELS = st.one_of(TEXTS, st.dictionaries(st.sampled_from(["en", "ru", "de"]), TEXTS, min_size=1))


@given(labels=st.lists(LABELS, min_size=2, max_size=8), keys=st.booleans())
def test_what_is_written_is_what_is_read(labels: list[Label], keys: bool) -> None:
    classes = numbered(labels)
    if keys:
        classes = [{**each, "value": str(position)} for position, each in enumerate(classes)]
    text = write_labels(classes)
    assert text is not None
    assert parse_labels(text) == classes


def test_many_names_go_to_a_file(tmp_path: Path) -> None:
    """A line for each; the manifest names the file, and the shop reads it."""
    names = [f"tag_{i}" for i in range(60)]
    data = tagged(60, {"names": json.dumps(names)})
    (output,) = drafted(tmp_path, data).outputs
    assert (tmp_path / "fresh" / "labels.txt").read_text().splitlines()[:2] == ["Tag 0", "Tag 1"]
    assert 'labels = "labels.txt"' in (tmp_path / "fresh" / "manifest.toml").read_text()
    assert isinstance(output, ClassesOutput)
    assert len(output.classes) == 60


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("bad\nfair\ngood", ["3", "5", "8"]),
        ("en;ru\nbad;плохо\nfair;так себе\ngood;хорошо", ["3", "5", "8"]),
        ("{0: 'bad', 1: 'fair', 2: 'good'}", ["3", "5", "8"]),
    ],
    ids=["lines", "languages", "Python"],
)
def test_a_person_names_what_the_graph_counts(tmp_path: Path, text: str, values: list[str]) -> None:
    """The graph's label output says 3, 5, 8; the customer reads the person's words for them."""
    (tmp_path / "names").write_text(text, encoding="utf-8")
    told = AuthorHints(labels=read_labels(tmp_path / "names"))
    manifest = drafted(tmp_path, counted([3, 5, 8]), told)
    (output,) = manifest.outputs
    assert isinstance(output, ClassesOutput)
    assert (output.label_tensor, [item.value for item in output.classes]) == ("label", values)
    assert [output.label_of(value, "en") for value in values] == ["bad", "fair", "good"]
    assert [line for line in check_folder(tmp_path / "fresh") if not line.ok] == []


def test_a_text_beside_classes_that_a_person_names(tmp_path: Path) -> None:
    """A text that names no class does not make numbers of the probabilities."""
    model = onnx.load_model_from_string(tagged(2, {}))
    kinds = {"keys_floats": [0.5], "values_strings": ["because"], "default_string": "for no reason"}
    told = [
        node("ReduceMax", ["X"], ["M"], axes=[1]),
        node("LabelEncoder", ["M"], ["why"], domain="ai.onnx.ml", **kinds),
    ]
    model.graph.node.extend(told)
    model.graph.output.append(onnx.helper.make_tensor_value_info("why", STRING, ["N", 1]))
    manifest = drafted(tmp_path, model.SerializeToString(), AuthorHints(labels=numbered(["yes", "no"])))
    assert [output.type for output in manifest.outputs] == ["classes", "text"]


def test_a_graph_that_names_two_things(tmp_path: Path) -> None:
    """Each answer goes with its own label."""
    inputs, outputs, nodes = [("X", FLOAT, ["N", 2])], [], []
    for name, labels, sign in (("kind", ["cat", "dog"], 1.0), ("size", ["large", "small"], -1.0)):
        told: dict[str, Any] = {"classlabels_strings": labels, "post_transform": "SOFTMAX", "intercepts": [0.0, 0.1]}
        weights = [sign, 0.5, -sign, 0.2]
        made = node("LinearClassifier", ["X"], [name, f"p_{name}"], domain="ai.onnx.ml", coefficients=weights, **told)
        nodes.append(made)
        outputs += [(name, STRING, ["N"]), (f"p_{name}", FLOAT, ["N", 2])]
    manifest = drafted(tmp_path, graph(nodes, inputs, outputs))
    assert [getattr(output, "label_tensor", None) for output in manifest.outputs] == ["kind", "size"]
    assert [line for line in check_folder(tmp_path / "fresh") if not line.ok] == []


def worded(labels: list[str]) -> bytes:
    told: dict[str, Any] = {"classlabels_strings": labels, "post_transform": "SOFTMAX", "intercepts": [0.0, 0.1]}
    made = node(
        "LinearClassifier", ["X"], ["label", "p"], domain="ai.onnx.ml", coefficients=[1.0, 0.5, -1.0, 0.2], **told
    )
    return graph([made], [("X", FLOAT, ["N", 2])], [("label", STRING, ["N"]), ("p", FLOAT, ["N", 2])])


def test_a_class_without_a_name_is_called_so_in_the_persons_language(tmp_path: Path) -> None:
    (output,) = drafted(tmp_path, worded(["", "no"])).outputs
    assert isinstance(output, ClassesOutput)
    label = output.label_of("", "ru")
    assert [Catalogues()[language].label(label) for language in ("en", "ru")] == ["(none)", "(нет)"]
