"""The customer's table with the answers as new columns. Runs in a process of its own."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO, Final

import numpy as np

from services.inference.columns import AnswerColumns
from services.scoring.guide import Guide, add_rules
from services.scoring.result_table import ResultTable, Row, width_of
from services.spreadsheets import harmless
from services.values.sheets import Cell, Sheet

MOST_CHARACTERS: Final = 32_000  # in a cell of a workbook
WIDE: Final = 14  # characters of a column of answers
_FORMATS: Final[Mapping[type, str | int]] = {dt.datetime: "dd.mm.yyyy hh:mm:ss", dt.date: 14, dt.time: "hh:mm:ss"}
"""14: as the reader's country writes days."""


def write_table(
    table: ResultTable, sheet: Sheet, answers: AnswerColumns, lines: Any, out: BinaryIO
) -> None:  # Any: an array
    """`lines`: at which row of the sheet each answer belongs."""
    width = width_of(sheet)
    rows = table.rows(sheet, answers, lines, width=width)
    if table.facts.kind == "csv":
        write_csv(rows, out, delimiter=table.delimiter, decimal_comma=table.has_decimal_comma(sheet))
    else:
        write_workbook(rows, out, column_formats=table.column_formats(width))


def write_csv(rows: Iterator[Row], out: BinaryIO, *, delimiter: str, decimal_comma: bool) -> None:
    """UTF-8 with a mark, without which spreadsheets take Cyrillic for something else."""
    text = io.TextIOWrapper(out, "utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text, delimiter=delimiter)
    for row in rows:
        writer.writerow([_csv_cell(cell, decimal_comma=decimal_comma) for cell in row])
    text.flush()
    text.detach()


def write_workbook(
    rows: Iterable[Row], out: BinaryIO, *, column_formats: Mapping[int, str] | None = None, guide: Guide | None = None
) -> None:
    """No text becomes a formula or a link. `column_formats`: how numbers are shown, by a column's place; `guide`: a
    sheet that is no data."""
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options | {"nan_inf_to_errors": True}) as book:
        formats = {kind: book.add_format({"num_format": form}) for kind, form in _FORMATS.items()}
        sheet = book.add_worksheet()
        for place, form in (column_formats or {}).items():
            sheet.set_column(place, place, WIDE, book.add_format({"num_format": form}))
        if guide is not None:
            add_rules(sheet, guide)
        _fill(sheet, rows, formats)
        if guide is not None:
            sheet = book.add_worksheet(guide.sheet)
            sheet.set_column(0, 1, 50)
            _fill(sheet, guide.rows(), formats)


def _fill(sheet: Any, rows: Iterable[Row], formats: Mapping[type, Any]) -> None:  # Any: of the library
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            match cell:
                case "":
                    continue
                case str():
                    sheet.write_string(at, column, cell[:MOST_CHARACTERS])
                case bool():
                    sheet.write_boolean(at, column, cell)
                case dt.datetime():
                    sheet.write_datetime(at, column, cell, formats[dt.datetime])
                case dt.date():
                    sheet.write_datetime(at, column, cell, formats[dt.date])
                case dt.time() | dt.timedelta():
                    sheet.write_datetime(at, column, cell, formats[dt.time])
                case _:
                    sheet.write_number(at, column, cell)


def _csv_cell(cell: Cell, *, decimal_comma: bool) -> str:
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, bool | np.bool_):
        return "1" if cell else "0"
    text = repr(cell) if isinstance(cell, float) else str(cell)
    return text.replace(".", ",") if decimal_comma and isinstance(cell, float) else text
