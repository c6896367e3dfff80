"""Series as a table: as exact as the model's own numbers."""

import csv
import io

import numpy as np

from i18n.tables import exact, series_table
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
