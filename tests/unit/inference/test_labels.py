"""Classes that a file of the model's folder names."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from handlers.predictions.outputs import outputs_html
from i18n.translator import Catalogues
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.runtimes.tensor_results import LIKELIEST, Reader
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from services.manifests.manifest import ClassesOutput, Manifest, load_manifest
from tests.unit.inference.models import identity, write_model

SERIES = (
    '[[inputs]]\nname = "x"\ntype = "series"\nlabel = "X"\nmin_length = 3\nmax_length = 3\ntensor = { name = "X" }\n'
)
CLASSES = '[[outputs]]\nname = "y"\ntype = "classes"\nlabel = "Y"\ntensor = "Y"\nlabels = "labels.txt"\n'


def model(root: Path, labels: str | bytes | None, more: str = "") -> Path:
    folder = write_model(root, identity(["N", 3]), SERIES + CLASSES + more)
    if labels is not None:
        (folder / "labels.txt").write_bytes(labels.encode() if isinstance(labels, str) else labels)
    return folder


def classes_of(folder: Path) -> list[tuple[str, dict[str, str]]]:
    output = load_manifest(folder).output("y")
    assert isinstance(output, ClassesOutput)
    return [(item.value, item.label.root) for item in output.classes]


@pytest.mark.parametrize(
    ("labels", "values", "russian"),
    [
        ("tench\ngold fish, Carassius\ncat", ["tench", "gold fish, Carassius", "cat"], "cat"),
        ("\ufeffcrane\r\nfish\r\ncrane\r\n\r\n", ["crane", "fish", "crane (2)"], "crane (2)"),
        ('["a", "don\'t know", 7]', ["a", "don't know", "7"], "7"),
        ('{"10": "c", "2": "b", "0": "a"}', ["0", "2", "10"], "c"),
        ('{"b": {"en": "B", "ru": "Б"}, "a": "A", "c": {"ru": "В"}}', ["b", "a", "c"], "В"),
        ("en;ru\nfish;рыба\nbird;птица\ncat;кошка", ["fish", "bird", "cat"], "кошка"),
        ("en\tru\nfish\tрыба\nbird\tптица\ncat\tкошка", ["fish", "bird", "cat"], "кошка"),
    ],
)
def test_the_file_names_the_columns(tmp_path: Path, labels: str, values: list[str], russian: str) -> None:
    folder = model(tmp_path, labels)
    assert [value for value, _ in classes_of(folder)] == values
    manifest = load_manifest(folder)
    runtime = OnnxRuntime(manifest, folder)
    runtime.load()
    (answer,) = runtime.run([Row(values={"x": [0.1, 0.2, 0.7]})], Limit(10))
    assert isinstance(answer, Result)
    assert answer.outputs == {
        "y": {"value": values[2], "probabilities": pytest.approx(dict(zip(values, (0.1, 0.2, 0.7), strict=True)))}
    }
    assert f"Y: <b>{russian}</b>" in outputs_html(manifest, answer.outputs, Catalogues()["ru"], helped=0)


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (None, 'there is no file "labels.txt" in the folder'),
        ("a\n\nb", "line 2 is empty"),
        ("only one", "names 1 class"),
        ("", "names 0 class"),
        ("[1, 2", "is not JSON"),
        ('["a", null, "b"]', "for a label"),
        ('["a", [], "b"]', "for a label"),
        ('{"a": {}}', "for a label"),
        (b"\xff\xfe\x00", "is not UTF-8"),
        ("en;ru\nfish", "line 2 has not 2 columns"),
        ("[" * 100_000, "is not JSON"),
        (f'{{"{"9" * 5000}": "a", "1": "b"}}', "has a key of 5000 characters"),
        (f"{{0x{'f' * 5000}: 'a', 1: 'b'}}", "cannot be read: Exceeds the limit"),
        (f"[{'9' * 5000}, 1]", "is not JSON: Exceeds the limit"),
        (f'en;ru\n"{"a" * 140_000}";b', "cannot be read: field larger than field limit"),
        (r'["\ud800", "b"]', "cannot be read: 'utf-8' codec can't encode"),
        ("a" * 10_000_001, "is over 10 MB"),
    ],
)
def test_what_is_wrong_with_it_is_told(tmp_path: Path, labels: str | bytes | None, problem: str) -> None:
    with pytest.raises(ManifestError) as caught:
        load_manifest(model(tmp_path, labels))
    assert caught.value.key.startswith("outputs.y.")
    assert problem in caught.value.problem
    assert caught.value.fix


def test_a_link_that_leads_elsewhere_is_no_file_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("a\nb\nc")
    folder = model(tmp_path, None)
    (folder / "labels.txt").symlink_to(tmp_path / "secret")
    with pytest.raises(ManifestError, match="a link that leads out of the folder"):
        load_manifest(folder)


def test_either_the_file_or_the_manifest(tmp_path: Path) -> None:
    more = 'classes = [{ value = "0", label = "A" }, { value = "1", label = "B" }]\n'
    with pytest.raises(ManifestError, match="Keep one of the two"):
        load_manifest(model(tmp_path, "a\nb\nc", more))


def test_advice_about_a_class_of_the_file(tmp_path: Path) -> None:
    rule = '[[advice]]\noutput = "y"\nop = "=="\nthreshold = "{}"\ntext = "Beware"\n'
    assert load_manifest(model(tmp_path, "dog\nwolf\ncat", rule.format("wolf"))).advice
    with pytest.raises(ManifestError, match='there is no class "lion"'):
        load_manifest(model(tmp_path, "dog\nwolf\ncat", rule.format("lion")))


def many(root: Path, count: int, more: str = "") -> Manifest:
    return load_manifest(model(root, json.dumps([f"tag {n}" for n in range(count)]), more))


def test_very_many_classes(tmp_path: Path) -> None:
    begun = time.process_time()
    manifest = many(tmp_path, 10_861)
    scores = np.linspace(0, 1e-9, 10_861)[np.newaxis]
    scores[0, -1] = 1
    (answer,) = Reader(manifest).results({"Y": scores}, [Row(values={})])
    assert isinstance(answer, Result)
    shares: Any = answer.outputs["y"]
    assert (shares["value"], len(shares["probabilities"])) == ("tag 10860", LIKELIEST)
    shown = outputs_html(manifest, answer.outputs, Catalogues()["en"], helped=0)
    assert shown.startswith("Y: <b>tag 10860</b>, 100")
    assert time.process_time() - begun < 5, "it was a square of the number of classes"


def test_of_very_many_the_one_that_the_graph_names_is_kept(tmp_path: Path) -> None:
    manifest = many(tmp_path, 2_000, 'label_tensor = "label"\n')
    scores = np.linspace(0, 1, 2_000)[np.newaxis]
    scores /= scores.sum()
    (answer,) = Reader(manifest).results({"Y": scores, "label": np.array(["tag 5"])}, [Row(values={})])
    assert isinstance(answer, Result)
    shares: Any = answer.outputs["y"]
    assert (shares["value"], shares["probabilities"]["tag 5"]) == ("tag 5", scores[0, 5])


@pytest.mark.parametrize(("top", "named"), [(1, 1), (3, 3), (7, 7), (None, 5)])
def test_as_many_are_shown_as_the_manifest_says(tmp_path: Path, top: int | None, named: int) -> None:
    manifest = many(tmp_path, 40, f"top = {top}\n" if top else "")
    shares = {f"tag {n}": 0.2 - n / 200 for n in range(40)}
    answer = {"y": {"value": "tag 0", "probabilities": shares}}
    assert outputs_html(manifest, answer, Catalogues()["en"], helped=0).count("tag ") == named
