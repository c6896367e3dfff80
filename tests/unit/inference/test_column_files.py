"""Columns of a table as files."""

import io
import zipfile

import numpy as np
import pytest

from services.inference.column_files import pack, pack_answers, unpack, unpack_answers
from services.inference.columns import AnswerColumns, Column

COLUMNS: dict[str, Column] = {
    "number": np.array([1.5, -2, 3e300]),
    "whole": np.array([2**62, 0, -1], np.int64),
    "yes": np.array([True, False, True]),
    "choice": np.array([0, 2, 1], np.int32),
    "texts": ["да", "", "=1+1"],
    "series": np.array([[1, 2], [3, 4], [5, 6]], np.float32),
}


def test_what_was_packed_comes_out() -> None:
    found = unpack(pack(COLUMNS))
    assert list(found) == list(COLUMNS)
    for name, column in COLUMNS.items():
        if isinstance(column, list):
            assert found[name] == column
        else:
            np.testing.assert_array_equal(found[name], column)
            assert found[name].dtype == column.dtype  # type: ignore[union-attr]


def test_no_rows_and_no_columns() -> None:
    assert unpack(pack({})) == {}
    found = unpack(pack({"number": np.zeros(0), "texts": []}))
    assert [len(column) for column in found.values()] == [0, 0]


def test_numbers_are_not_copied() -> None:
    (column,) = unpack(pack({"number": np.zeros(1000)})).values()
    assert isinstance(column, np.ndarray)
    assert not column.flags.owndata
    assert not column.flags.writeable


def test_answers() -> None:
    failed = np.array([False, True, False])
    found = unpack_answers(pack_answers(AnswerColumns(columns=COLUMNS, failed=failed)))
    assert found.failed.tolist() == failed.tolist()
    assert list(found.columns) == list(COLUMNS)


def test_files_that_others_wrote_run_nothing() -> None:
    objects, squeezed = io.BytesIO(), io.BytesIO()
    np.savez(objects, x=np.array([{}], object))
    np.savez_compressed(squeezed, x=np.zeros(9))
    for file in (objects, squeezed):
        with pytest.raises(ValueError, match=r"x\.npy"):
            unpack(file.getvalue())


def test_a_file_that_ends_too_early_is_none() -> None:
    whole = pack({"x": np.zeros(9)})
    for content in (whole[:60], whole.replace(b"(9,), } ", b"(99,), }")):
        with pytest.raises((ValueError, zipfile.BadZipFile)):
            unpack(content)
