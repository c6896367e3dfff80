"""Tables of whatever origin, as rows that a model takes."""

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

import pytest
import xlsxwriter

from services.inference.columns import ColumnBatch
from services.manifests.manifest import Input
from services.scoring.checking import ROWS, Checker
from services.values import errors
from services.values.sheets import MAX_COLUMNS, open_sheet
from tests.conversations.scoring.tables import csv_table, workbook
from tests.unit.inference.models import field

NUMBER = field("number", min=-100, max=2000, unit="%")
DAY = field("date")
OLD_KIND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
RED = {"value": "r", "label": {"en": "Red", "ru": "Красное"}}
WINE = field("choice", options=[RED, {"value": "w", "label": "White"}])


def read(data: bytes, asked: Input = NUMBER, *, header_row: int = 1, column: int = 0) -> tuple[list[Any], Checker]:
    checker = Checker([asked], {"x": column}, header_row)
    columns = checker.check(open_sheet(io.BytesIO(data)))
    lines = columns.pop(ROWS)
    made = ColumnBatch(rows=len(lines), arrays=columns)
    return [made.row(at, [asked])["x"] for at in range(made.rows)], checker


def one_column(*cells: str, encoding: str = "utf-8") -> bytes:
    return csv_table([["x", "note"], *([cell, "a"] for cell in cells)], delimiter=";", encoding=encoding)


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (("1.5", "-2", "3"), [1.5, -2, 3]),
        (("1,5", "-2,25", "3"), [1.5, -2.25, 3]),
        (("1,234.5", "1,234", "7"), [1234.5, 1234, 7]),  # one of them tells what the comma is in all
        (("1 234,5", "1 000", "12 %"), [1234.5, 1000, 12]),
        (("1.234,5", "1.000"), [1234.5, 1000]),
    ],
)
def test_numbers_in_any_notation(cells: Sequence[str], numbers: list[float]) -> None:
    values, checker = read(one_column(*cells))
    assert values == numbers
    assert not checker.problems


@pytest.mark.parametrize(
    "cells", [("2026-11-21", "2026-01-05"), ("21.11.2026", "5.1.2026"), ("21/11/2026", "05/01/2026")]
)
def test_dates_in_any_notation(cells: Sequence[str]) -> None:
    assert read(one_column(*cells), DAY)[0] == ["2026-11-21", "2026-01-05"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1251"])
def test_texts_in_any_encoding(encoding: str) -> None:
    assert read(one_column("Красное", "White", "2", encoding=encoding), WINE)[0] == ["r", "w", "w"]


def test_bad_rows_are_told_by_their_numbers_and_the_rest_is_taken() -> None:
    values, checker = read(one_column("1", "много", "", "3000", "2"))
    assert values == [1, 2]
    assert [(row, type(problem)) for row, _, problem in checker.problems] == [
        (3, errors.NotANumber),
        (4, errors.EmptyCell),
        (5, errors.OutOfRange),
    ]
    assert checker.rows == 5


def test_blank_rows_are_no_rows() -> None:
    values, checker = read(b"x;note\n\n1;a\n;;\n2;b\n\n")
    assert (values, checker.rows) == ([1, 2], 2)


def test_a_workbook_has_numbers_days_and_values_of_formulas() -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet, day = book.add_worksheet(), book.add_format({"num_format": "dd.mm.yy"})
        sheet.write_row(2, 1, ["x", "day"])
        sheet.write_row(3, 1, [1.5])
        sheet.write_datetime(3, 2, dt.date(2026, 11, 21), day)
        sheet.write_formula(4, 1, "=1+1", value=2)
        sheet.write_datetime(4, 2, dt.date(2026, 1, 5), day)
        sheet.write_formula(5, 1, "=1/0", value="#DIV/0!")
        sheet.write(5, 2, "5.1.2026")
    values, checker = read(file.getvalue(), header_row=3)
    assert values == [1.5, 2]
    assert [(row, type(problem)) for row, _, problem in checker.problems] == [(6, errors.EmptyCell)]
    assert read(file.getvalue(), DAY, header_row=3, column=1)[0] == ["2026-11-21", "2026-01-05", "2026-01-05"]


def test_merged_cells_are_each_what_the_first_is() -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["x", "note"])
        sheet.merge_range(1, 0, 3, 0, 7)
        sheet.write_column(1, 1, ["a", "b", "c"])
    assert read(file.getvalue())[0] == [7, 7, 7]


def test_of_two_sheets_the_first_that_holds_anything() -> None:
    sheet = open_sheet(io.BytesIO(workbook([], [["x", "n"], [1, 2]], [["y"], [3]])))
    assert (sheet.title, sheet.others) == ("Sheet2", 1)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", errors.NoRows),
        (b"  \n\n", errors.NoRows),
        (b"x;note\n", errors.NoRows),
        (workbook([["x", "n"]]), errors.NoRows),
        (workbook([]), errors.NoRows),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), errors.NotATable),
        (b"PK\x03\x04" + bytes(500), errors.NotATable),
        (OLD_KIND + bytes(2000), errors.NotATable),
        (
            OLD_KIND + bytes(600) + "EncryptedPackage".encode("utf-16-le"),
            errors.PasswordProtected,
        ),
        (";".join(["a"] * 300).encode() + b"\n" + ";".join(["1"] * 300).encode(), errors.TooWide),
    ],
)
def test_what_is_no_table(data: bytes, problem: type[errors.InvalidValue]) -> None:
    with pytest.raises(problem):
        read(data)


def test_a_million_rows_are_counted_and_refused() -> None:
    with pytest.raises(errors.TooManyRows) as told:
        read(b"x;n\n" + b"1;2\n" * 1_000_000)
    assert told.value.params == {"count": 1_000_000, "max": 100_000}


def test_columns_that_hold_nothing_do_not_count() -> None:
    wide = ";".join(["x", *[""] * (MAX_COLUMNS + 50)]) + "\n1" + ";" * 300 + "\n"
    assert read(wide.encode())[0] == [1]


def test_a_row_of_zeros_is_a_row() -> None:
    values, checker = read(workbook([["x", "note"], [0, 0.0], ["", " "], [False, ""], [1, ""]]))
    assert values[0] == 0
    assert checker.rows == 3
