"""A table with answers harms nobody who opens it."""

import io
import zipfile

import numpy as np
import pytest

from services.inference.columns import AnswerColumns
from services.scoring.result_table import ResultTable
from services.scoring.source import SourceFacts
from services.scoring.writing import write_table
from services.values.sheets import open_sheet
from tests.conversations.scoring.tables import csv_table, read_csv, read_workbook, workbook


def written(data: bytes, answers: AnswerColumns, *, decimal: str = ".", **facts: object) -> bytes:
    sheet = open_sheet(io.BytesIO(data))
    known = {"name": "t", "delimiter": sheet.delimiter, "header_row": 1, "headings": ("x", "n"), "samples": ()}
    table = ResultTable(
        facts=SourceFacts(kind=sheet.kind, **{**known, **facts}),  # type: ignore[arg-type]
        headings=["Y", "Kind"],
        columns=["y", "kind"],
        labels={"kind": ["=red", "white"]},
        texts={},
        formats={"y": "0.0%"},
        notes={3: "x: bad"},
        note_heading="Note",
        not_answered="No answer",
        decimal=decimal,
    )
    out = io.BytesIO()
    write_table(table, sheet, answers, np.array([2, 4, 5]), out)
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


@pytest.mark.parametrize(
    ("first", "delimiter", "decimal", "share"),
    [
        ("1", ";", ",", "0,1"),  # a Russian Excel would open 0.1 as a text, and 1.5 as a day
        ("1.25", ";", ",", "0.1"),  # the file writes points by itself
        ("1", ",", ",", "0.1"),
        ("1", ";", ".", "0.1"),
    ],
)
def test_whole_numbers_leave_the_decimal_sign_to_the_language(
    first: str, delimiter: str, decimal: str, share: str
) -> None:
    rows = [ROWS[0], [first, "a"], *ROWS[2:]]
    content = written(csv_table(rows, delimiter=delimiter), ANSWERS, decimal=decimal)
    assert read_csv(content, delimiter)[1][2] == share


@pytest.mark.parametrize(("decimal", "delimiter"), [(",", ";"), (".", ",")])
def test_one_column_alone_is_parted_from_its_answers(decimal: str, delimiter: str) -> None:
    content = written(b"x\n1\n?\n3,5\n4\n", ANSWERS, decimal=decimal, delimiter="")
    assert read_csv(content, delimiter)[3][:2] == ["3,5", ""]


def test_a_workbook_shows_a_chance_as_a_message_does() -> None:
    """The number itself stays whole."""
    content = written(workbook([["x", "n"], [1, "a"], [2, "b"], [3, "c"], [4, "d"]]), ANSWERS)
    assert read_workbook(content)[1][2] == 0.1
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        assert 'formatCode="0.0%"' in book.read("xl/styles.xml").decode()
        assert '<col min="3" max="3"' in book.read("xl/worksheets/sheet1.xml").decode()
