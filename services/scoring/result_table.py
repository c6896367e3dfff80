"""A customer's table with the answers as new columns, row by row."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import numpy as np

from services.inference.columns import AnswerColumns, Column
from services.scoring.source import SourceFacts, Told
from services.values.sheets import Sheet, csv_delimiter

Row = Sequence[Any]  # Any: what cells hold
_LOOKED_AT: Final = 1000  # rows that tell how a table writes decimals
_POINTED = re.compile(r"[+-]?\d+\.\d+", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultTable:
    """`headings` of the new columns; `labels`: of a column of classes what each is called, `texts`: of
    one of the model's own words, `formats`: how a spreadsheet shows one's numbers; `notes`: by row of the file
    why it has no answer, `not_answered` where the model gave none. `decimal`: the sign of its customer's language."""

    facts: SourceFacts
    headings: Sequence[str]
    columns: Sequence[str]
    labels: Mapping[str, Sequence[str]]
    texts: Mapping[str, Mapping[str, str]]
    formats: Mapping[str, str]
    notes: Mapping[int, str]
    note_heading: str
    not_answered: str
    decimal: str

    @classmethod
    def load(cls, told: Told) -> "ResultTable":
        notes = {int(row): text for row, text in told["notes"]}
        return cls(**{**told, "facts": SourceFacts.load(told["facts"]), "notes": notes})

    def rows(
        self, sheet: Sheet, answers: AnswerColumns, lines: Any, *, width: int
    ) -> Iterator[Row]:  # Any: an array of row numbers
        """`width`: of the customer's own columns."""
        places = dict(zip(lines.tolist(), range(len(lines)), strict=False))
        noted = bool(self.notes) or bool(answers.failed.any()) or answers.rows < len(lines)
        written = [self._written(name, answers) for name in self.columns]
        blank = [""] * len(self.headings)
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

    def column_formats(self, width: int) -> dict[int, str]:
        """By place of a column."""
        return {width + at: self.formats[name] for at, name in enumerate(self.columns) if name in self.formats}

    def has_decimal_comma(self, sheet: Sheet) -> bool:
        """As its numbers are written; where all are whole, as its customer's spreadsheet opens them. A file parted by
        commas has points."""
        if self.facts.decimal_comma or self.decimal != "," or self.facts.delimiter == ",":
            return self.facts.decimal_comma
        looked_at = islice(sheet.rows(), _LOOKED_AT)
        return not any(isinstance(cell, str) and _POINTED(cell) for _, cells in looked_at for cell in cells)

    @property
    def delimiter(self) -> str:
        """Of one column alone what its customer's spreadsheet takes."""
        return self.facts.delimiter or csv_delimiter(self.decimal)

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


def width_of(sheet: Sheet) -> int:
    """Columns, without those at the end that hold nothing."""
    return max((_width(cells) for _, cells in sheet.rows()), default=0)


def _width(cells: Row) -> int:
    width = len(cells)
    while width and cells[width - 1] == "":
        width -= 1
    return width
