"""A table as one answer: what people send, and what reaches the graph."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from services.inference.runtimes.base import Limit
from services.inference.runtimes.onnx import OnnxRuntime
from services.inference.tensors import Result, Row
from services.manifests.errors import ManifestError
from services.manifests.inputs import TableInput
from services.values import errors
from services.values.errors import InvalidValue
from services.values.intake import Intake
from services.values.json_values import from_json, to_json
from services.values.parse import check_value, parse_text
from services.values.table_values import take_table
from tests.unit.inference.models import FLOAT, INT64, field, graph, make_model, node, weight

COLUMNS = [
    {"name": "price", "label": {"ru": "Цена", "en": "Price"}, "unit": {"ru": "₽", "en": "RUB"}, "above": 0},
    {"name": "volume", "label": {"ru": "Объём", "en": "Volume"}, "max": 1000},
]
MONTH: TableInput = field("table", columns=COLUMNS, min_rows=2, max_rows=4)
ROWS = [[10.5, 3.0], [11.0, 4.0]]
TOML = """
[[inputs]]
name = "month"
type = "table"
label = "Month"
columns = [{{ name = "price", label = "Price" }}, {{ name = "volume", label = "Volume" }}]
{keys}
tensor = {{ name = "X"{dtype} }}

[[outputs]]
name = "sum"
type = "series"
label = "Sum"
tensor = "Y"
"""


@pytest.mark.parametrize(
    "sent",
    [
        "price,volume\n10.5,3\n11.0,4\n",
        "Цена;Объем\n10,5;3\n11;4",
        "Volume;note;Price (RUB)\n3;a;10.5\n4;b;11",
        "цена, ₽\tобъём\n10,5\t3\n11\t4",
        "10.5;3\n11;4",
        "\n\nPrice;Volume\n\n10.5;3\n11;4\n\n",
    ],
    ids=["names", "labels", "another order, a unit", "tabs", "no heading", "blank lines"],
)
def test_columns_are_found(sent: str) -> None:
    wanted = {"columns": ["price", "volume"], "rows": ROWS}
    assert take_table(MONTH, sent.encode()) == wanted
    assert parse_text(MONTH, sent) == wanted


@pytest.mark.parametrize(
    ("sent", "leaf", "told"),
    [
        ("", errors.NoRows, {}),
        ("price;volume\n1;2\n", errors.TooFewLines, {"min": 2, "count": 1}),
        ("price;volume\n" + "1;2\n" * 5, errors.TooManyLines, {"max": 4, "count": 5}),
        ("price;size\n1;2\n1;2\n", errors.MissingColumn, {"column": "volume"}),
        ("price;volume\n1;2\n\n3;many\n", errors.WrongCell, {"line": 4, "column": "volume", "given": "many"}),
        ("price;volume\n1;2\n1;2\n1;2\n3\n", errors.WrongCell, {"line": 5, "column": "volume", "given": ""}),
        ("price;volume\n1;2\n-3;4\n", errors.CellOutOfRange, {"line": 3, "column": "price", "given": "-3"}),
    ],
)
async def test_what_is_wrong_is_told_with_its_place(sent: str, leaf: type[InvalidValue], told: dict[str, Any]) -> None:
    with pytest.raises(leaf) as caught:
        take_table(MONTH, sent.encode())
    assert {name: caught.value.params[name] for name in told} == told
    async with Intake().upload(1) as upload:
        upload.file.write(sent.encode())
        with pytest.raises(leaf) as from_a_process:
            await upload.table(MONTH)
    if "column" in told:  # in the words of whoever reads it
        label = from_a_process.value.params["column"]
        assert label in [column.label for column in MONTH.columns]


async def test_a_file_is_read_in_a_process_of_its_own() -> None:
    async with Intake().upload(1) as upload:
        upload.file.write("Цена;Объём\n10,5;3\n11;4".encode("cp1251"))
        assert (await upload.table(MONTH))["rows"] == ROWS


def test_the_api_has_a_list_of_objects() -> None:
    told = [{"price": 10.5, "volume": 3}, {"volume": 4, "price": 11}]
    value = from_json(MONTH, told)
    assert value == {"columns": ["price", "volume"], "rows": ROWS}
    assert from_json(MONTH, to_json(value)) == value


@pytest.mark.parametrize(
    ("told", "leaf"),
    [
        ([{"price": 1, "volume": 2}], errors.TooFewLines),
        ([{"price": 1, "volume": 2}] * 5, errors.TooManyLines),
        ([{"price": 1}] * 2, errors.MissingColumn),
        ([{"price": 1, "volume": "2"}] * 2, errors.WrongCell),
        ([{"price": 1, "volume": 2, "more": 3}] * 2, InvalidValue),
        ([[1, 2], [1, 2]], InvalidValue),
        ({"price": [1, 2]}, InvalidValue),
        ("price;volume", InvalidValue),
    ],
)
def test_what_a_program_gets_wrong(told: Any, leaf: type[InvalidValue]) -> None:
    with pytest.raises(leaf):
        from_json(MONTH, told)


def test_a_kept_table_of_other_columns_fits_no_more() -> None:
    with pytest.raises(InvalidValue):
        check_value(MONTH, {"columns": ["price"], "rows": [[1.0], [2.0]]})


def _sums(dtype: int = FLOAT) -> bytes:
    nodes = [node("ReduceSum", ["X", "axis"], ["s"], keepdims=0), node("Cast", ["s"], ["Y"], to=FLOAT)]
    return graph(nodes, [("X", dtype, ["N", "T", 2])], [("Y", FLOAT, ["N", 2])], [weight("axis", [1], np.int64)])


def test_tables_of_several_lengths_at_once(tmp_path: Path) -> None:
    runtime = OnnxRuntime(*make_model(tmp_path, _sums(), TOML.format(keys="", dtype="")))
    runtime.load()
    runtime.answer_example(Limit(10))
    tables = [[[1.0, 2.0]], [[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]]
    rows = [Row(values={"month": {"columns": ["price", "volume"], "rows": each}}) for each in tables]
    sums = [each.outputs["sum"] for each in runtime.run(rows, Limit(10)) if isinstance(each, Result)]
    assert sums == [[1.0, 2.0], [4.0, 6.0], [5.0, 6.0]]


def test_whole_numbers_stay_whole(tmp_path: Path) -> None:
    manifest, _ = make_model(tmp_path, _sums(INT64), TOML.format(keys="", dtype=', dtype = "int64"'))
    with pytest.raises(errors.CellOutOfRange):
        parse_text(manifest.inputs[0], "price;volume\n1.5;2")


def test_the_example_is_a_file_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "month.csv").write_text("price;volume\n1;2\n3;4\n")
    runtime = OnnxRuntime(*make_model(tmp_path, _sums(), TOML.format(keys='example = "month.csv"', dtype="")))
    runtime.load()
    runtime.answer_example(Limit(10))


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("min_rows = 5\nmax_rows = 4", "min_rows 5 is over max_rows 4"),
        ("max_rows = 50001", "less than or equal"),
        ('example = "none.csv"', 'there is no file "none.csv"'),
    ],
)
def test_what_a_manifest_cannot_mean(tmp_path: Path, keys: str, said: str) -> None:
    with pytest.raises((ManifestError, ValidationError), match=said):
        make_model(tmp_path, _sums(), TOML.format(keys=keys, dtype=""))
