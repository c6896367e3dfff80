"""Real graphs of every kind a manifest can name: what goes in, what comes out, what is refused."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from PIL import Image

from services.errors import ShopError
from services.inference import errors
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.onnx import OnnxRuntime, open_session
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from tests.unit.inference.models import (
    BOOL,
    DOUBLE,
    FLOAT,
    INT64,
    NUMBER_X,
    NUMBER_Y,
    STRING,
    UINT8,
    endless,
    graph,
    identity,
    make_model,
    node,
    seq_map,
    weight,
)


def loaded(tmp_path: Path, data: bytes, tables: str = NUMBER_X + NUMBER_Y, **more: str) -> OnnxRuntime:
    runtime = OnnxRuntime(*make_model(tmp_path, data, tables, **more))
    runtime.load()
    return runtime


def answers(runtime: OnnxRuntime, *rows: dict[str, Any], seconds: float = 10, **files: bytes) -> list[Any]:
    """Outputs of each row, or its error."""
    with watched(Limit(seconds)) as limit:
        given = runtime.run([Row(values=values, files=files) for values in rows], limit)
    return [answer.outputs if isinstance(answer, Result) else answer for answer in given]


def question(name: str, kind: str, tensor: str, more: str = "") -> str:
    return f'[[inputs]]\nname = "{name}"\ntype = "{kind}"\nlabel = "{name}"\ntensor = {{ {tensor} }}\n{more}\n'


def answer(kind: str, more: str = "", tensor: str = "Y") -> str:
    return f'[[outputs]]\nname = "y"\ntype = "{kind}"\nlabel = "Y"\ntensor = "{tensor}"\n{more}\n'


CLASSES = 'classes = [{ value = "0", label = "A" }, { value = "1", label = "B" }]'
SUM_ROWS = [node("ReduceSum", ["X", "axis"], ["Y"], keepdims=1)]


@pytest.mark.parametrize(
    ("dtype", "name"), [(FLOAT, "float32"), (DOUBLE, "float64"), (INT64, "int64"), (TensorProto.INT32, "int32")]
)
def test_columns_of_every_number_type(tmp_path: Path, dtype: int, name: str) -> None:
    data = graph(SUM_ROWS, [("X", dtype, ["N", 3])], [("Y", dtype, ["N", 1])], [weight("axis", [1], np.int64)])
    tables = (
        question("a", "number", f'name = "X", dtype = "{name}"')
        + question("b", "integer", f'name = "X", dtype = "{name}"')
        + question("c", "boolean", f'name = "X", dtype = "{name}"')
        + answer("number")
    )
    runtime = loaded(tmp_path, data, tables)
    assert answers(runtime, {"a": 2.0, "b": 40, "c": True}, {"a": -1.0, "b": 1, "c": False}) == [
        {"y": 43.0},
        {"y": 0.0},
    ]


@pytest.mark.parametrize(("dtype", "name"), [(BOOL, "bool"), (UINT8, "uint8"), (TensorProto.FLOAT16, "float16")])
def test_small_types(tmp_path: Path, dtype: int, name: str) -> None:
    runtime = loaded(
        tmp_path, identity(dtype=dtype), question("x", "integer", f'name = "X", dtype = "{name}"') + NUMBER_Y
    )
    assert answers(runtime, {"x": 1}, {"x": 0}) == [{"y": 1.0}, {"y": 0.0}]


OPTIONS = (
    'options = [{ value = "s", label = "S" }, { value = "m", label = "M" }, { value = "l", label = "L", number = 9 }]'
)


@pytest.mark.parametrize(
    ("encode", "row"),
    [('encode = "number"', [[1.0], [9.0]]), ('encode = "one_hot"', [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])],
)
def test_choices_as_numbers_and_one_hot(tmp_path: Path, encode: str, row: list[list[float]]) -> None:
    tables = question("x", "choice", f'name = "X", {encode}', OPTIONS) + answer("series")
    runtime = loaded(tmp_path, identity(["N", len(row[0])]), tables)
    assert [given["y"] for given in answers(runtime, {"x": "m"}, {"x": "l"})] == row


def test_words(tmp_path: Path) -> None:
    data = graph([node("Identity", ["X"], ["Y"])], [("X", STRING, ["N", 3])], [("Y", STRING, ["N", 3])])
    tables = (
        question("size", "choice", 'name = "X", encode = "value"', OPTIONS)
        + question("word", "text", 'name = "X"')
        + question("day", "date", 'name = "X", encode = "value"')
        + "".join(answer("text", f"column = {i}").replace('"y"', f'"y{i}"') for i in range(3))
    )
    runtime = loaded(tmp_path, data, tables)
    assert answers(runtime, {"size": "l", "word": "Ёж", "day": "2026-11-21"}) == [
        {"y0": "l", "y1": "Ёж", "y2": "2026-11-21"}
    ]


def test_dates_are_days(tmp_path: Path) -> None:
    tables = question("x", "date", 'name = "X", dtype = "int64"') + NUMBER_Y
    runtime = loaded(tmp_path, identity(dtype=INT64), tables)
    assert answers(runtime, {"x": "1970-01-02"}, {"x": "1969-12-31"}) == [{"y": 1.0}, {"y": -1.0}]


@pytest.mark.parametrize(
    ("shape", "several"),
    [(["N", 1], True), ([None], True), (["N"], True), ([1, 1], False), ([1], False), ([], False), ([None, 1, 1], True)],
)
def test_a_lone_value_enters_any_shape(tmp_path: Path, shape: list[int | str | None], several: bool) -> None:
    runtime = loaded(tmp_path, identity(shape))
    assert runtime._feeder.several is several
    assert answers(runtime, {"x": 1.5}, {"x": 2.5}, {"x": 3.5}) == [{"y": 1.5}, {"y": 2.5}, {"y": 3.5}]


@pytest.mark.parametrize("shape", [["N", 2], [1, 2], [2], ["N", 1, 2], ["N", 2, 1]])
def test_columns_enter_any_shape(tmp_path: Path, shape: list[int | str | None]) -> None:
    tables = question("a", "number", 'name = "X"') + question("b", "number", 'name = "X"') + answer("series")
    runtime = loaded(tmp_path, identity(shape), tables)
    assert answers(runtime, {"a": 1.0, "b": 2.0}, {"a": 3.0, "b": 4.0}) == [{"y": [1.0, 2.0]}, {"y": [3.0, 4.0]}]


@pytest.mark.parametrize(("layout", "shape"), [("row", ["N", "L"]), ("column", ["N", "L", 1]), ("row", ["L"])])
def test_series_of_different_lengths_in_one_batch(tmp_path: Path, layout: str, shape: list[int | str | None]) -> None:
    tables = question("x", "series", f'name = "X", layout = "{layout}"') + answer("series")
    runtime = loaded(tmp_path, identity(shape), tables)
    given = answers(runtime, {"x": [1.0, 2.0]}, {"x": [3.0]}, {"x": [4.0, 5.0]})
    assert [row["y"] for row in given] == [[1.0, 2.0], [3.0], [4.0, 5.0]]


def test_a_series_that_comes_with_the_model(tmp_path: Path) -> None:
    source = 'sources = [{ value = "index", label = "Index", file = "index.csv" }]\nmax_length = 3'
    tables = question("x", "series", 'name = "X"', source) + answer("series")
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "index.csv").write_text("Date;Close\n2020-01-03;3\n2020-01-02;2\n2020-01-01;1")
    runtime = loaded(tmp_path, identity(["N", "L"]), tables)
    assert answers(runtime, {"x": {"source": "index"}}, {"x": [7.0]}) == [{"y": [1.0, 2.0, 3.0]}, {"y": [7.0]}]


@pytest.mark.parametrize(
    ("layout", "shape"),
    [
        ("NCHW", ["N", 3, 2, 4]),
        ("NHWC", ["N", 2, 4, 3]),
        ("flat", ["N", 24]),
        ("NCHW", [1, 3, 2, 4]),
        ("NCHW", [3, 2, 4]),
    ],
)
def test_pictures_in_every_layout(tmp_path: Path, layout: str, shape: list[int | str | None]) -> None:
    back = {"NHWC": "NHWC"}.get(layout, "NCHW")
    out = answer("series") if layout == "flat" else answer("image", f'prepare = {{ layout = "{back}" }}')
    tables = question("x", "image", f'name = "X", layout = "{layout}"', "prepare = { size = [4, 2] }") + out
    runtime = loaded(tmp_path, identity(shape), tables)
    picture = Image.new("RGB", (4, 2), (255, 0, 51))
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    with watched(Limit(10)) as limit:
        row = Row(values={"x": {"file": "0" * 32}}, files={"x": stream.getvalue()})
        (result,) = runtime.run([row], limit)
    assert isinstance(result, Result)
    if layout == "flat":
        assert result.outputs["y"] == pytest.approx([1.0] * 8 + [0.0] * 8 + [0.2] * 8)
    else:
        shown = Image.open(io.BytesIO(result.images["y"]))
        assert result.outputs == {"y": None}
        assert (shown.size, shown.getpixel((3, 1))) == ((4, 2), (255, 0, 51))


def test_classes_probabilities_and_advice(tmp_path: Path) -> None:
    data = graph([node("Softmax", ["X"], ["Y"])], [("X", FLOAT, ["N", 2])], [("Y", FLOAT, ["N", 2])])
    rules = "".join(
        f'[[advice]]\noutput = "y"\nop = "{op}"\nthreshold = {threshold}\ntext = "T"\n'
        for op, threshold in ((">=", 0.99), ("==", '"1"'), ("<", 0.7))
    )
    tables = (
        question("a", "number", 'name = "X"')
        + question("b", "number", 'name = "X"')
        + answer("classes", CLASSES)
        + rules
    )
    runtime = loaded(tmp_path, data, tables)
    with watched(Limit(10)) as limit:
        rows = [Row(values={"a": a, "b": 0.0}) for a in (9.0, -1.0, 0.1, 2.0)]
        results = [result for result in runtime.run(rows, limit) if isinstance(result, Result)]
    assert [result.advice for result in results] == [0, 1, 2, None]
    first: Any = results[0].outputs["y"]
    assert first["value"] == "0"
    assert sum(first["probabilities"].values()) == pytest.approx(1)


@pytest.mark.parametrize(("logits", "expected"), [("", [0.75, 0.25]), ("logits = true", [0.3208, 0.6792])])
def test_one_probability_makes_two_classes(tmp_path: Path, logits: str, expected: list[float]) -> None:
    runtime = loaded(tmp_path, identity(), NUMBER_X + answer("classes", f"{CLASSES}\n{logits}"))
    value = 0.25 if not logits else 0.75
    (given,) = answers(runtime, {"x": value})
    assert list(given["y"]["probabilities"].values()) == pytest.approx(expected, abs=1e-4)


def test_logits_are_squashed(tmp_path: Path) -> None:
    two = question("a", "number", 'name = "X"') + question("b", "number", 'name = "X"')
    runtime = loaded(tmp_path, identity(["N", 2]), two + answer("classes", f"{CLASSES}\nlogits = true"))
    (given,) = answers(runtime, {"a": 1000.0, "b": 998.0})
    assert given["y"]["probabilities"] == pytest.approx({"0": 0.8808, "1": 0.1192}, abs=1e-4)
    runtime = loaded(tmp_path, identity(), NUMBER_X + answer("probability", "logits = true"), slug="other")
    assert answers(runtime, {"x": 0.0}) == [{"y": 0.5}]


@pytest.mark.parametrize("key", [INT64, STRING])
def test_a_sequence_of_maps(tmp_path: Path, key: int) -> None:
    labels = {"classlabels_int64s": [0, 1]} if key == INT64 else {"classlabels_strings": ["0", "1"]}
    zip_map = node("ZipMap", ["X"], ["Y"], domain="ai.onnx.ml", **labels)
    data = graph([zip_map], [("X", FLOAT, ["N", 2])], [seq_map("Y", key)])
    two = question("a", "number", 'name = "X"') + question("b", "number", 'name = "X"')
    runtime = loaded(tmp_path, data, two + answer("classes", CLASSES))
    given = answers(runtime, {"a": 0.25, "b": 0.75}, {"a": 0.5, "b": 0.5})
    assert [row["y"]["value"] for row in given] == ["1", "0"]
    assert given[0]["y"]["probabilities"] == {"0": 0.25, "1": 0.75}


def test_labels_alone_are_texts(tmp_path: Path) -> None:
    data = graph([node("ArgMax", ["X"], ["Y"], axis=1, keepdims=0)], [("X", FLOAT, ["N", 2])], [("Y", INT64, ["N"])])
    two = question("a", "number", 'name = "X"') + question("b", "number", 'name = "X"')
    runtime = loaded(tmp_path, data, two + answer("text", CLASSES))
    assert answers(runtime, {"a": 1.0, "b": 2.0}, {"a": 2.0, "b": 1.0}) == [{"y": "1"}, {"y": "0"}]


def test_a_band(tmp_path: Path) -> None:
    shape = weight("shape", [-1, 2, 3], np.int64)
    data = graph(
        [node("Reshape", ["X", "shape"], ["Y"])], [("X", FLOAT, ["N", 6])], [("Y", FLOAT, ["N", 2, 3])], [shape]
    )
    series = question("x", "series", 'name = "X"', "min_length = 6\nmax_length = 6")
    runtime = loaded(tmp_path, data, series + answer("series", 'chart = "band"\nhistory = "x"'))
    assert answers(runtime, {"x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]}) == [{"y": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]}]


def test_a_row_without_a_finite_answer_fails_alone(tmp_path: Path) -> None:
    data = graph([node("Log", ["X"], ["Y"])], [("X", FLOAT, ["N", 1])], [("Y", FLOAT, ["N", 1])])
    first, second, third = answers(loaded(tmp_path, data), {"x": 1.0}, {"x": -1.0}, {"x": 0.0})
    assert first == {"y": 0.0}
    assert isinstance(second, errors.BadOutput)
    assert isinstance(third, errors.BadOutput)


@pytest.mark.parametrize("values", [{}, {"x": None}, {"x": "5 apples"}, {"x": [1.0]}, {"x": 1e300}])
def test_a_row_that_does_not_fit(tmp_path: Path, values: dict[str, Any]) -> None:
    with pytest.raises(errors.BadInput) as caught:
        answers(loaded(tmp_path, identity()), values)
    assert str(caught.value.params["name"]) == "X"


@pytest.mark.parametrize(
    ("data", "tables", "problem"),
    [
        (identity(["N", 2]), NUMBER_X + NUMBER_Y, 'tensor "X" takes [N, 2], the manifest makes [N, 1]'),
        (
            identity(["N", 30]),
            question("x", "series", 'name = "X"') + NUMBER_Y,
            'tensor "X" takes [N, 30], the manifest makes [N, N]',
        ),
        (identity(dtype=DOUBLE), NUMBER_X + NUMBER_Y, 'tensor "X" takes float64, the manifest makes float32'),
        (identity(), NUMBER_X.replace('"X" }', '"Z" }') + NUMBER_Y, 'the graph has no input "Z"'),
        (identity(), NUMBER_X + answer("number", tensor="Z"), 'the graph has no output "Z"'),
        (identity([4, 1]), NUMBER_X + NUMBER_Y, 'tensor "X" takes [4, 1], the manifest makes [N, 1]'),
    ],
)
def test_a_manifest_of_another_graph(tmp_path: Path, data: bytes, tables: str, problem: str) -> None:
    with pytest.raises(errors.ModelBroken) as caught:
        loaded(tmp_path, data, tables)
    assert caught.value.problem == problem
    assert caught.value.fix


def test_a_graph_that_answers_in_another_shape(tmp_path: Path) -> None:
    runtime = loaded(tmp_path, identity(["N", 1]), NUMBER_X + answer("number", "column = 3"))
    with pytest.raises(errors.BadOutput):
        answers(runtime, {"x": 1.0})


def external(**keys: str) -> Any:
    tensor = TensorProto(name="W", data_type=FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    for key, value in keys.items():
        tensor.external_data.add(key=key, value=value)
    return tensor


X1, Y1 = ("X", FLOAT, ["N", 1]), ("Y", FLOAT, ["N", 1])
THEN = helper.make_graph(
    [node("Constant", [], ["t"], value=external(location="w.bin"))],
    "then",
    [],
    [helper.make_tensor_value_info("t", FLOAT, [1])],
)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not an ONNX file"),
        (b"hello world", "not an ONNX file"),
        (bytes(range(256)) * 20, "not an ONNX file"),
        (identity()[:-20], "not an ONNX file"),
        (graph([node("Frobnicate", ["X"], ["Y"])], [X1], [Y1]), "Frobnicate"),
        (graph([node("Evil", ["X"], ["Y"], domain="my.ops")], [X1], [Y1]), "Evil"),
        (
            graph([node("Add", ["X", "W"], ["Y"])], [X1], [Y1], [external(location="../../etc/passwd")]),
            "in another file",
        ),
        (
            graph([node("Add", ["X", "W"], ["Y"])], [X1], [Y1], [external(location="w.bin", offset="-1")]),
            "in another file",
        ),
        (
            graph(
                [node("If", ["c"], ["Y"], then_branch=THEN, else_branch=THEN)], [("c", BOOL, [1])], [("Y", FLOAT, [1])]
            ),
            "in another file",
        ),
    ],
    ids=["empty", "text", "rubbish", "truncated", "operator", "domain", "external", "offset", "external in a branch"],
)
def test_hostile_files_are_refused_in_one_line(data: bytes, problem: str) -> None:
    with pytest.raises(errors.ModelBroken) as caught:
        open_session(data)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["Expand", "ConstantOfShape"])
def test_four_terabytes_are_refused(tmp_path: Path, kind: str) -> None:
    huge = weight("S", [1 << 20, 1 << 20], np.int64)
    nodes = [node("Expand", ["X", "S"], ["E"]) if kind == "Expand" else node("ConstantOfShape", ["S"], ["E"])]
    data = graph(
        [*nodes, node("ReduceSum", ["E"], ["s"], keepdims=0), node("Add", ["X", "s"], ["Y"])], [X1], [Y1], [huge]
    )
    with pytest.raises(errors.RunFailed) as caught:
        answers(loaded(tmp_path, data), {"x": 1.0})
    assert caught.value.retryable


def test_an_endless_run_is_stopped(tmp_path: Path) -> None:
    runtime = loaded(tmp_path, endless())
    assert answers(runtime, {"x": -1.0}) == [{"y": -1.0}]
    with pytest.raises(errors.RunTimeout) as caught:
        answers(runtime, {"x": 1.0}, seconds=0.2)
    assert caught.value.retryable
    assert answers(runtime, {"x": -1.0}) == [{"y": -1.0}]


def test_a_file_changed_after_it_was_checked(tmp_path: Path) -> None:
    manifest, folder = make_model(tmp_path, identity())
    (folder / "model.onnx").write_bytes(endless())
    with pytest.raises(ManifestError, match="sha256"):
        OnnxRuntime(manifest, folder).load()


def test_what_owners_read_of_a_failure_is_the_failure() -> None:
    """No names of classes around it."""
    assert [str(kind(problem="the index is too high")) for kind in (errors.RunFailed, errors.BadOutput)] == [
        "the index is too high"
    ] * 2


def test_every_refusal_can_be_worded(tmp_path: Path) -> None:
    for error in (errors.RunTimeout(seconds=1), errors.RunFailed(problem="p"), errors.ModelBroken(problem="p")):
        assert isinstance(error, ShopError)
        assert error.message.format(**error.params)
