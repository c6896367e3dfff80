"""Series as a table: as exact as the model's own numbers."""

import csv
import io
import zipfile
from typing import Any

import numpy as np

from i18n.tables import answer_tables, exact, series_table
from services.values.sheets import open_sheet
from tests.unit.handlers.form.samples import EVERYTHING, manifest
from tests.unit.handlers.predictions.bench import CATALOGUES
from tests.unit.handlers.predictions.test_outputs import with_outputs


def test_a_column_for_each_series() -> None:
    outputs = {"line": [float(np.float32(0.1)), 1e-9, 123456.789], "band": [[1.0, 2.0, 3.0]]}
    data = series_table(with_outputs("line", "number", "band"), outputs, CATALOGUES["en"])
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows == [
        ["step", "Out line", "Out band: low", "Out band: middle", "Out band: high"],
        ["1", "0.1", "1.0", "2.0", "3.0"],
        ["2", "1e-09", "", "", ""],
        ["3", "123456.789", "", "", ""],
    ]


def test_every_number_comes_back_as_it_was() -> None:
    random = np.random.default_rng(7)
    for value in [*random.normal(size=200), *random.normal(size=200).astype(np.float32), 1e300, -0.0, 3.4e38]:
        assert float(exact(float(value))) == float(value) or np.float32(exact(float(value))) == value


def test_texts_of_a_table_are_no_formulas() -> None:
    columns = [{"name": "who", "label": {"ru": "Кто", "en": "Who"}}, {"name": "sum", "label": "Sum"}]
    model = manifest(
        EVERYTHING[:1],
        outputs=[{"name": "t", "type": "table", "label": "T", "tensor": "y", "columns": columns}],
    )
    rows = [["=HYPERLINK(1)", -2.5], ["+7", 3], ["Anna", 0.5], ["@SUM", 1]]
    (table,) = answer_tables(model, {"t": {"columns": ["who", "sum"], "rows": rows}}, CATALOGUES["ru"])
    assert _cells(table.content) == [["Кто", "Sum"], *rows]
    with zipfile.ZipFile(io.BytesIO(table.content)) as book:
        assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()


def test_a_table_of_other_columns_than_todays_keeps_its_own() -> None:
    columns = [{"name": "who", "label": "Who"}]
    model = manifest(
        EVERYTHING[:1],
        outputs=[{"name": "t", "type": "table", "label": "T", "tensor": "y", "columns": columns}],
    )
    (table,) = answer_tables(model, {"t": {"columns": ["old", "who"], "rows": [[1, 2]]}}, CATALOGUES["en"])
    assert _cells(table.content) == [["old", "Who"], [1, 2]]


def _cells(workbook: bytes) -> list[Any]:
    return [list(row) for _, row in open_sheet(io.BytesIO(workbook)).rows()]
