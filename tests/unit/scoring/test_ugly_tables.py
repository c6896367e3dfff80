"""Tables as offices keep them: titles above the headings, totals below, exports of bookkeeping programs."""

import io
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from services.inference.column_files import unpack
from services.inference.columns import ColumnBatch
from services.manifests.manifest import Input
from services.scoring import table_work
from services.scoring.checking import ROWS
from services.scoring.matching import heading_at, match
from services.scoring.source import Checked
from services.values.errors import InvalidValue, MarkedUp
from tests.conversations.scoring.tables import csv_table
from tests.unit.inference.models import field

ASH: Input = field("number", name="ash", label={"en": "Ash", "ru": "Зола"}, unit="%")
HUE: Input = field("number", name="hue", label={"en": "Hue", "ru": "Оттенок"})
DAY: Input = field("date", name="day", label={"en": "Day", "ru": "Дата"})
TEXT: Input = field("text", name="text", label="Text")


def open_document(*rows: Sequence[float | str]) -> bytes:
    """As LibreOffice saves it, without all that it can do without."""
    body = "".join(f"<table:table-row>{''.join(map(_cell, row))}</table:table-row>" for row in rows)
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    sheet = f'<office:spreadsheet><table:table table:name="S">{body}</table:table></office:spreadsheet>'
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
        book.writestr("META-INF/manifest.xml", manifest)
        content = f"<office:document-content {names}><office:body>{sheet}</office:body></office:document-content>"
        book.writestr("content.xml", content)
    return file.getvalue()


def _cell(value: float | str) -> str:
    kind = "string" if isinstance(value, str) else f'float" office:value="{value}'
    return f'<table:table-cell office:value-type="{kind}"><text:p>{value}</text:p></table:table-cell>'


async def read(
    data: bytes, fields: Sequence[Input] = (ASH, HUE)
) -> tuple[int, list[dict[str, Any]], tuple[tuple[int, str], ...]]:
    """The row of the headings, the good rows and the bad ones."""
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        file.seek(0)
        rows = (await table_work.look(file.fileno()))["first"]
        at = heading_at(fields, [cells for _, cells in rows])
        found = match(fields, rows[at][1])
        assert not found.unclear
        file.seek(0)
        checked = await _checked(file.fileno(), fields, found.columns, rows[at][0])
    columns = unpack(checked.good)
    batch = ColumnBatch(rows=len(columns[ROWS]), arrays=columns)
    return rows[at][0], [batch.row(each, fields) for each in range(batch.rows)], checked.problems


async def _checked(fd: int, fields: Sequence[Input], columns: object, header_row: int) -> Checked:
    def say(label: str, problem: InvalidValue) -> str:
        return f"{label}: {type(problem).__name__}"

    return await table_work.check(fd, fields, columns, {}, header_row=header_row, language="ru", say=say)  # type: ignore[arg-type]


@pytest.mark.parametrize(("encoding", "space"), [("cp1251", "\xa0"), ("utf-8", "\u2009"), ("utf-16", "\u202f")])
async def test_a_report_with_a_title_and_totals(encoding: str, space: str) -> None:
    rows = [
        ["Отчёт по лаборатории за ноябрь 2026 г."],
        [],
        ["Организация:", "ООО «Погреб»"],
        ["Партия", "Зола, %", "Оттенок"],
        ["1", "2,4", f"1{space}000,5"],
        ["2", "2,6", f"1{space}234"],
        ["Итого по партии", "5,0", "2 234,5"],
        ["3", "2,1", "0,9"],
        ["Всего", "7,1", "2 235,4"],
    ]
    header, good, bad = await read(csv_table(rows, delimiter=";", encoding=encoding))
    assert header == 4
    assert [tuple(row.values()) for row in good] == [(2.4, 1000.5), (2.6, 1234), (2.1, 0.9)]
    assert bad == ((7, ": TotalsRow"), (9, ": TotalsRow"))


async def test_a_workbook_with_a_merged_title() -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 0, 2, "Вина")
        sheet.write_row(2, 0, ["№", "Зола", "Оттенок"])
        sheet.write_row(3, 0, [1, 2.4, 1])
        sheet.write_row(4, 0, ["ИТОГО:", 2.4, 1])
    header, good, bad = await read(file.getvalue())
    assert (header, [tuple(row.values()) for row in good]) == (3, [(2.4, 1.0)])
    assert bad == ((5, ": TotalsRow"),)


async def test_days_with_a_time_as_exports_write_them() -> None:
    rows = [["Дата"], ["21.11.2026 0:00:00"], ["2026-11-21T14:30"], ["21/11/2026 14:30"]]
    _, good, bad = await read(csv_table(rows), [DAY])
    assert [row["day"] for row in good] == ["2026-11-21"] * 3
    assert not bad


async def test_a_workbook_of_the_old_kind() -> None:
    """A merged title, days, a number with a space as text, a total."""
    content = (Path(__file__).parents[2] / "data" / "report.xls").read_bytes()
    header, good, bad = await read(content, [ASH, HUE, DAY])
    assert header == 3
    assert [tuple(row.values()) for row in good] == [
        (2.4, 1234.5, "2026-11-01"),
        (3.4, 1234.5, "2026-11-02"),
        (4.4, 1234.5, "2026-11-03"),
    ]
    assert bad == ((7, ": TotalsRow"),)


async def test_an_open_document() -> None:
    header, good, bad = await read(open_document(["Отчёт"], ["№", "Зола", "Оттенок"], [1, 2.4, "1,1"], ["Итого", 2.4]))
    assert (header, [tuple(row.values()) for row in good], bad) == (2, [(2.4, 1.1)], ((4, ": TotalsRow"),))


async def test_headings_of_two_rows() -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.merge_range(0, 0, 1, 0, "Партия")
        sheet.merge_range(0, 1, 0, 2, "Показатели")
        sheet.write_row(1, 1, ["Зола, %", "Оттенок"])
        sheet.write_row(2, 0, [1, 2.4, 1.1])
    header, good, _ = await read(file.getvalue())
    assert (header, [tuple(row.values()) for row in good]) == (2, [(2.4, 1.1)])


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nЗола;Оттенок\n1,5;2\n",
        "Отчёт\n\nЗола;Оттенок\n1,5;2\n\nИсполнитель: Иванова\n",
        "Отчёт, ноябрь\nЗола,Оттенок\n1.5,2\n",
        "Зола,Оттенок\n1.5,2\nИсполнитель\n",
        'id;"Зола,\n%";Оттенок\n1;1,5;2\n',
    ],
)
async def test_what_stands_around_a_table(text: str) -> None:
    _, good, _ = await read(text.encode())
    assert [tuple(row.values()) for row in good] == [(1.5, 2.0)]


@pytest.mark.parametrize(
    "head", ["<html><body><table>", "<!DOCTYPE html>", '<?xml version="1.0"?><Workbook>', "\n<TABLE>"]
)
async def test_a_page_under_the_name_of_a_workbook_is_told_so(head: str) -> None:
    with pytest.raises(MarkedUp):
        await read(f"{head}<tr><td>Зола; x</td></tr>".encode())


@pytest.mark.parametrize("sentence", ["Good, but dear", "Итого: неплохо", "a;b", "Total"])
async def test_a_text_is_taken_whole(sentence: str) -> None:
    _, good, bad = await read(f"Text\n{sentence}\nDull\n".encode(), [TEXT])
    assert [row["text"] for row in good] == [sentence, "Dull"]
    assert not bad


async def test_a_lone_column_keeps_its_decimal_commas() -> None:
    _, good, _ = await read("Зола\n1,5\n2,25\n".encode(), [ASH])
    assert [row["ash"] for row in good] == [1.5, 2.25]


@pytest.mark.parametrize(
    ("rows", "at"),
    [
        ([["Report"], ["strength", "hue of it"], ["1", "2"]], 1),  # no name is known: titles are one text alone
        ([["Report", "Report"], ["strength", "x"], ["1", "2"]], 1),
        ([["1", "2"], ["3", "4"]], 0),
        ([["x"], ["1", "2"]], 0),
        ([["Ash", "y"], ["1", "Hue"]], 0),
    ],
)
def test_where_the_headings_stand(rows: list[list[str]], at: int) -> None:
    assert heading_at([ASH, HUE], rows) == at
