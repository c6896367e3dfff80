"""Whole numbers of 64 bits come through a model as they are; constants are what the manifest says, or refused."""

from pathlib import Path

import pytest

from handlers.predictions.outputs import outputs_html
from i18n.tables import exact
from i18n.translator import Catalogues
from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Row
from services.manifests.errors import ManifestError
from services.manifests.manifest import load_manifest
from services.values.parse import parse_text
from tests.unit.inference.models import (
    BOOL,
    FLOAT,
    INT64,
    NUMBER_X,
    NUMBER_Y,
    UINT8,
    graph,
    identity,
    make_model,
    node,
    weight,
    write_model,
)

ODD = 2**53 + 1  # the first whole number that no float tells
WHOLE_X = NUMBER_X.replace('"number"', '"integer"').replace('"X" }', '"X", dtype="int64" }')
FLAG = '[[inputs]]\nname = "flag"\ntype = "choice"\nlabel = "F"\ntensor = { name = "X", dtype = "int64" }\n'
OPTIONS = 'options = [{ value = "a", label = "A", number = 1 }, { value = "b", label = "B", number = 2 }]\n'
SERIES_Y = NUMBER_Y.replace('"number"', '"series"')


@pytest.mark.parametrize("number", [ODD, -ODD, 2**63 - 1])
@pytest.mark.parametrize(("tables", "width"), [(WHOLE_X, 1), (WHOLE_X + FLAG + OPTIONS, 2)], ids=["alone", "encoded"])
def test_a_whole_number_stays_whole(tmp_path: Path, number: int, tables: str, width: int) -> None:
    """From the question through the graph to the words."""
    manifest, folder = make_model(tmp_path, identity(["N", width], INT64), tables + NUMBER_Y)
    runtime = OnnxRuntime(manifest, folder)
    runtime.load()
    typed = parse_text(manifest.inputs[0], str(number))
    (answer,) = runtime.run([Row(values={"x": typed, "flag": "b"})], Limit(5))
    assert not isinstance(answer, Exception)
    assert answer.outputs["y"] == number
    words = outputs_html(manifest, answer.outputs, Catalogues()["en"], helped=0)
    assert words == f"Y: <b>{number:,}</b>".replace("-", "−")


def test_a_series_of_whole_numbers_stays_whole(tmp_path: Path) -> None:
    manifest, folder = make_model(tmp_path, identity(["N", 1], INT64), WHOLE_X + SERIES_Y)
    runtime = OnnxRuntime(manifest, folder)
    runtime.load()
    (answer,) = runtime.run([Row(values={"x": ODD})], Limit(5))
    assert not isinstance(answer, Exception)
    assert answer.outputs["y"] == [ODD]
    assert exact(ODD) == str(ODD)


def _fed(tmp_path: Path, kind: int, dtype: str, value: str) -> Path:
    nodes = [node("Cast", ["K"], ["k"], to=INT64), node("Cast", ["X"], ["x"], to=INT64)]
    nodes += [node("Mul", ["x", "zero"], ["nothing"]), node("Add", ["nothing", "k"], ["Y"])]
    inputs = [("X", FLOAT, ["N", 1]), ("K", kind, [1])]
    data = graph(nodes, inputs, [("Y", INT64, ["N", 1])], [weight("zero", 0, "int64")])
    constant = f'[[constants]]\ntensor = "K"\ndtype = "{dtype}"\nshape = [1]\nvalue = {value}\n'
    return write_model(tmp_path, data, constant + NUMBER_X + NUMBER_Y)


@pytest.mark.parametrize(
    ("kind", "dtype", "value"),
    [
        (INT64, "int64", "0.5"),
        (UINT8, "uint8", "[1.7]"),
        (UINT8, "uint8", "256"),
        (BOOL, "bool", "5"),
        (FLOAT, "float32", "1e39"),
    ],
)
def test_a_constant_that_would_be_changed_is_refused(tmp_path: Path, kind: int, dtype: str, value: str) -> None:
    with pytest.raises(ManifestError, match="is none of the"):
        load_manifest(_fed(tmp_path, kind, dtype, value))


@pytest.mark.parametrize(
    ("kind", "dtype", "value", "fed"),
    [(INT64, "int64", str(ODD), ODD), (INT64, "int64", f"[{ODD}]", ODD), (BOOL, "bool", "true", 1)],
)
def test_a_constant_is_fed_as_it_is_written(tmp_path: Path, kind: int, dtype: str, value: str, fed: int) -> None:
    folder = _fed(tmp_path, kind, dtype, value)
    runtime = OnnxRuntime(load_manifest(folder), folder)
    runtime.load()
    (answer,) = runtime.run([Row(values={"x": 1.0})], Limit(5))
    assert not isinstance(answer, Exception)
    assert answer.outputs["y"] == fed
