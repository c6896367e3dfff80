"""A table with answers harms nobody who opens it."""

import io

import numpy as np
import pytest

from services.inference.columns import AnswerColumns
from services.scoring.source import SourceFacts
from services.scoring.writing import ResultTable, harmless, write_table
from services.values.sheets import open_sheet
from tests.conversations.scoring.tables import csv_table, read_csv, read_workbook, workbook

EVIL = ["=1+1", "+cmd|' /C calc'!A0", "-2+3+cmd", "@SUM(A1)", "\tx"]


@pytest.mark.parametrize("text", EVIL)
def test_what_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+7,25", "-1.5e3", "1=1", "wine", "", "-12 %"])
def test_the_rest_stays_as_it_is(text: str) -> None:
    assert harmless(text) == text


def written(data: bytes, answers: AnswerColumns, **facts: object) -> bytes:
    sheet = open_sheet(io.BytesIO(data))
    known = {"name": "t", "delimiter": sheet.delimiter, "header_row": 1, "headings": ("x", "n"), "samples": ()}
    table = ResultTable(
        facts=SourceFacts(kind=sheet.kind, **{**known, **facts}),  # type: ignore[arg-type]
        headings=["Y", "Kind"],
        columns=["y", "kind"],
        labels={"kind": ["=red", "white"]},
        texts={},
        notes={3: "x: bad"},
        note_heading="Note",
        not_answered="No answer",
    )
    out = io.BytesIO()
    write_table(table, table.rows(sheet, answers, np.array([2, 4, 5])), out)
    return out.getvalue()


ANSWERS = AnswerColumns(
    columns={"y": np.array([0.1, 0, -2.5], np.float32), "kind": np.array([0, 0, 1], np.int32)},
    failed=np.array([False, True, False]),
)
ROWS = [["x", "n"], ["1", "=A1"], ["?", "b"], ["3", "c"], ["4", "d"]]


def test_csv_keeps_its_separator_and_its_decimal_comma() -> None:
    content = written(csv_table(ROWS, delimiter=";"), ANSWERS, decimal_comma=True)
    assert content.startswith(b"\xef\xbb\xbf")
    assert read_csv(content, ";") == [
        ["x", "n", "Y", "Kind", "Note"],
        ["1", "'=A1", "0,1", "'=red", ""],
        ["?", "b", "", "", "x: bad"],
        ["3", "c", "", "", "No answer"],
        ["4", "d", "-2,5", "white", ""],
    ]


def test_a_workbook_has_numbers_as_numbers_and_no_formula() -> None:
    content = written(workbook([["x", "n"], [1, "=A1"], ["?", "b"], [3, "c"], [4, "d"]]), ANSWERS)
    rows = read_workbook(content)
    assert rows[1] == [1.0, 5.0, 0.1, "=red", ""]
    assert rows[4] == [4.0, "d", -2.5, "white", ""]
    assert b"<f>" not in content


def test_answers_stand_under_their_headings_also_beside_a_wider_row() -> None:
    rows = [["x", "n"], ["1", "a", "", ""], ["?", "b", "more"], ["3", "c"], ["4", "d"]]
    assert read_csv(written(csv_table(rows), ANSWERS), ",") == [
        ["x", "n", "", "Y", "Kind", "Note"],
        ["1", "a", "", "0.1", "'=red", ""],
        ["?", "b", "more", "", "", "x: bad"],
        ["3", "c", "", "", "", "No answer"],
        ["4", "d", "", "-2.5", "white", ""],
    ]
