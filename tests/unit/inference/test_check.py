import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bot.wiring.inference import RUNTIMES
from services.authoring.check import check_folder
from services.authoring.scaffold import draft_manifest
from services.inference.check_line import CheckLine
from services.inference.engine import Engine
from services.inference.errors import ModelBroken
from services.manifests.manifest import load_manifest
from tests.unit.inference.models import FLOAT, NUMBER_X, NUMBER_Y, endless, graph, identity, node, weight, write_model

EXAMPLE = NUMBER_X.replace('label = "X"', 'label = "X"\nexample = 2.5')

TWO = '[[inputs]]\nname = "x"\ntype = "series"\nlabel = "X"\nmin_length = 2\nmax_length = 2\ntensor = { name = "X" }\n'
NAMED = '[[outputs]]\nname = "y"\ntype = "classes"\nlabel = "Y"\ntensor = "Y"\nlabels = "labels.txt"\n'


def failures(lines: list[CheckLine]) -> list[tuple[str, str, str]]:
    assert all(line.fix for line in lines if not line.ok)
    return [(line.what, line.detail, line.fix) for line in lines if not line.ok]


def test_a_good_model_shows_its_answer(tmp_path: Path) -> None:
    lines = check_folder(write_model(tmp_path, identity(), EXAMPLE + NUMBER_Y))
    assert [line.what for line in lines] == ["manifest", "files", "onnx", "graph", "example", "memory", "batch"]
    assert not failures(lines)
    assert lines[4].detail.startswith("y 2.5 in ")


def test_a_broken_manifest(tmp_path: Path) -> None:
    folder = write_model(tmp_path, identity())
    (folder / "model.onnx").write_bytes(b"other")
    ((what, detail, fix),) = failures(check_folder(folder))
    assert (what, fix) == ("manifest", "Write that, if the file is the one you mean")
    assert detail.startswith("runtime.sha256: model.onnx has d9298a10d1b07358")


def test_a_hard_link(tmp_path: Path) -> None:
    folder = write_model(tmp_path, identity())
    os.link(folder / "model.onnx", tmp_path / "elsewhere.onnx")
    assert [what for what, _, _ in failures(check_folder(folder))] == ["files"]


def test_labels_that_lie_elsewhere(tmp_path: Path) -> None:
    folder = write_model(tmp_path, identity(["N", 2]), TWO + NAMED)
    (tmp_path / "names").write_text("a\nb")
    (folder / "labels.txt").symlink_to(tmp_path / "names")
    ((what, detail, fix),) = failures(check_folder(folder))
    assert (what, fix) == ("manifest", "Put a copy of the file there")
    assert detail == 'outputs.y.labels: "labels.txt" is a link that leads out of the folder'
    (folder / "labels.txt").unlink()
    os.link(tmp_path / "names", folder / "labels.txt")
    ((what, detail, _),) = failures(check_folder(folder))
    assert (what, detail) == ("files", "labels.txt is a hard link: it can change elsewhere")


X1, Y1 = ("X", FLOAT, ["N", 1]), ("Y", FLOAT, ["N", 1])


@pytest.mark.parametrize(
    ("data", "what", "words"),
    [
        (b"rubbish", "onnx", "not an ONNX file"),
        (graph([node("Relu", ["nowhere"], ["Y"])], [X1], [Y1]), "onnx", "nowhere"),
        (identity(["N", 3]), "graph", "takes [N, 3]"),
        (
            graph(
                [node("Reshape", ["X", "S"], ["Y"])],
                [X1],
                [("Y", FLOAT, [1, 1])],
                [weight("S", [1, 1], np.int64)],
            ),
            "batch",
            "several rows at once",
        ),
        (
            graph([node("ReduceSum", ["X"], ["s"], keepdims=1), node("Expand", ["s", "n"], ["Y"])],
                  [X1], [("Y", FLOAT, [2, 1])], [weight("n", [2, 1], np.int64)]),
            "batch",
            "several rows at once",
        ),
        (graph([node("Log", ["zero"], ["l"]), node("Add", ["X", "l"], ["Y"])],
               [X1], [Y1], [weight("zero", 0.0)]), "example", "not a finite number"),
    ],
    ids=["rubbish", "no such tensor", "shape", "one row only", "two answers", "infinite"],
)  # fmt: skip
def test_what_is_wrong_is_named(tmp_path: Path, data: bytes, what: str, words: str) -> None:
    ((named, detail, _),) = failures(check_folder(write_model(tmp_path, data, EXAMPLE + NUMBER_Y)))
    assert named == what
    assert words in detail


def test_a_batch_that_mixes_its_rows(tmp_path: Path) -> None:
    data = graph(
        [node("ReduceSum", ["X"], ["s"], keepdims=0), node("Add", ["X", "s"], ["Y"])],
        [X1],
        [Y1],
    )
    ((what, _, fix),) = failures(check_folder(write_model(tmp_path, data, EXAMPLE + NUMBER_Y)))
    assert (what, fix) == ("batch", "Set runtime.max_batch = 1")
    alone = write_model(tmp_path, data, EXAMPLE + NUMBER_Y, runtime="max_batch = 1")
    assert not failures(check_folder(alone))


def test_an_endless_example(tmp_path: Path) -> None:
    folder = write_model(tmp_path, endless(), EXAMPLE + NUMBER_Y, runtime="timeout = 0.2")
    ((what, detail, _),) = failures(check_folder(folder))
    assert what == "example"
    assert "0.2" in detail


def test_an_example_picture_that_is_blank(tmp_path: Path) -> None:
    tables = """
[[inputs]]
name = "photo"
type = "image"
label = "Photo"
example = "blank.png"
prepare = { mode = "grayscale", crop = "ink", size = [8, 8] }
tensor = { name = "X" }
"""
    (tmp_path / "tiny").mkdir()
    Image.new("L", (50, 50), 200).save(tmp_path / "tiny" / "blank.png")
    output = NUMBER_Y.replace('"number"', '"series"')
    ((what, detail, _),) = failures(check_folder(write_model(tmp_path, identity(["N", 1, 8, 8]), tables + output)))
    assert what == "example"
    assert "Nothing is drawn" in detail


MIXING = {
    "over the largest of all rows": [node("ReduceMax", ["X"], ["m"], axes=[0]), node("Div", ["X", "m"], ["Y"])],
    "less the mean of all rows": [node("ReduceMean", ["X"], ["m"], axes=[0]), node("Sub", ["X", "m"], ["Y"])],
    "shares among all rows": [node("Softmax", ["X"], ["Y"], axis=0)],
    "sums of the rows before": [node("CumSum", ["X", "first"], ["Y"])],
}


@pytest.mark.parametrize("name", MIXING)
async def test_a_model_that_mixes_rows_is_refused_and_drafted_for_one_row(tmp_path: Path, name: str) -> None:
    """The shop, the check and the first manifest say the same: one customer's answer is not made of another's row."""
    shape = ["N", 2]
    data = graph(MIXING[name], [("X", FLOAT, shape)], [("Y", FLOAT, shape)], [weight("first", 0, "int64")])
    asked = NUMBER_X + NUMBER_X.replace('name = "x"', 'name = "z"')  # X has two columns
    folder = write_model(tmp_path, data, asked + NUMBER_Y)
    ((what, _, fix),) = failures(check_folder(folder))
    assert (what, fix) == ("batch", "Set runtime.max_batch = 1")
    engine = Engine(RUNTIMES, max_threads=1)
    with pytest.raises(ModelBroken, match="several rows"):
        await engine.load(load_manifest(folder), folder)
    await engine.close()
    draft = draft_manifest(folder / "model.onnx")
    assert "max_batch = 1" in draft.toml
    draft.write(folder)
    assert not failures(check_folder(folder))
