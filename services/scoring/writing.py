"""The customer's table with the answers as new columns. Runs in a process of its own."""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

import numpy as np

from services.inference.columns import AnswerColumns, Column
from services.scoring.source import SourceFacts, Told
from services.values.sheets import NOTES, Cell, Sheet

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_NUMERIC: Final = set("0123456789.,-+eE% \u00a0")
MOST_CHARACTERS: Final = 32_000  # in a cell of a workbook

Row = Sequence[Any]  # Any: what cells hold


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTable:
    """`headings` of the new columns; `labels`: of a column of classes what each is called, `texts`: of
    one of the model's own words; `notes`: by row of the file
    why it has no answer, `not_answered` where the model gave none."""

    facts: SourceFacts
    headings: Sequence[str]
    columns: Sequence[str]
    labels: Mapping[str, Sequence[str]]
    texts: Mapping[str, Mapping[str, str]]
    notes: Mapping[int, str]
    note_heading: str
    not_answered: str

    @classmethod
    def load(cls, told: Told) -> "ResultTable":
        notes = {int(row): text for row, text in told["notes"]}
        return cls(**{**told, "facts": SourceFacts.load(told["facts"]), "notes": notes})

    def rows(self, sheet: Sheet, answers: AnswerColumns, lines: Any) -> Iterator[Row]:  # Any: an array of row numbers
        places = dict(zip(lines.tolist(), range(len(lines)), strict=False))
        noted = bool(self.notes) or bool(answers.failed.any()) or answers.rows < len(lines)
        written = [self._written(name, answers) for name in self.columns]
        blank = [""] * len(self.headings)
        width = max((_width(cells) for _, cells in sheet.rows()), default=0)
        for number, cells in sheet.rows():
            row = [*cells[:width], *[""] * (width - len(cells))]
            if number == self.facts.header_row:
                yield [*row, *self.headings, *([self.note_heading] if noted else [])]
                continue
            at = places.get(number)
            answered = at is not None and at < answers.rows and not answers.failed[at]
            note = "" if answered else self.notes.get(number, "" if at is None else self.not_answered)
            made = [column[at] for column in written] if answered and at is not None else blank
            yield [*row, *made, *([note] if noted else [])]

    def _written(self, name: str, answers: AnswerColumns) -> Sequence[Any]:  # Any: as above
        """Cells of a column: as exact as the model's own numbers."""
        column: Column | None = answers.columns.get(name)
        if column is None:
            return [""] * answers.rows
        if name in self.labels:
            labels = self.labels[name]
            return [labels[int(at)] for at in column]
        if isinstance(column, list):
            known = self.texts.get(name, {})
            return [known.get(text, text) for text in column]
        if column.dtype == np.float32:
            return [float(str(number)) for number in column]
        listed: list[Any] = column.tolist()
        return listed


def write_table(table: ResultTable, rows: Iterator[Row], out: BinaryIO) -> None:
    if table.facts.kind == "csv":
        write_csv(rows, out, delimiter=table.facts.delimiter, decimal_comma=table.facts.decimal_comma)
    else:
        write_workbook(rows, out)


def write_csv(rows: Iterator[Row], out: BinaryIO, *, delimiter: str, decimal_comma: bool) -> None:
    """UTF-8 with a mark, without which spreadsheets take Cyrillic for something else."""
    text = io.TextIOWrapper(out, "utf-8-sig", newline="", write_through=False)
    writer = csv.writer(text, delimiter=delimiter)
    for row in rows:
        writer.writerow([_csv_cell(cell, decimal_comma=decimal_comma) for cell in row])
    text.flush()
    text.detach()


def write_workbook(rows: Iterator[Row], out: BinaryIO, *, notes: Mapping[str, Iterable[Row]] | None = None) -> None:
    """No text becomes a formula or a link. `notes`: by title, sheets that are no data."""
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options | {"nan_inf_to_errors": True}) as book:
        kinds = {dt.datetime: "dd.mm.yyyy hh:mm:ss", dt.date: "dd.mm.yyyy", dt.time: "hh:mm:ss"}
        formats = {kind: book.add_format({"num_format": form}) for kind, form in kinds.items()}
        _fill(book.add_worksheet(), rows, formats)
        for title, told in (notes or {}).items():
            sheet = book.add_worksheet(f"{NOTES}{title}"[:31])
            sheet.set_column(0, 1, 50)
            _fill(sheet, told, formats)


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


def _width(cells: Row) -> int:
    """Without blank cells at the end."""
    width = len(cells)
    while width and cells[width - 1] == "":
        width -= 1
    return width


def harmless(text: str) -> str:
    """A spreadsheet that opens it runs nothing of it: what begins like a formula, and is no number, gets an apostrophe
    in front."""
    return f"'{text}" if text.startswith(_FORMULA) and not _NUMERIC.issuperset(text) else text


def _csv_cell(cell: Cell, *, decimal_comma: bool) -> str:
    if isinstance(cell, str):
        return harmless(cell)
    if isinstance(cell, bool | np.bool_):
        return "1" if cell else "0"
    text = repr(cell) if isinstance(cell, float) else str(cell)
    return text.replace(".", ",") if decimal_comma and isinstance(cell, float) else text
