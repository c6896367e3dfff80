"""Tables as people send them: a CSV file of whatever origin, or a workbook. Read row by row, in a process that may die
of what a stranger's file does to it."""

import csv
import datetime as dt
import io
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, Literal, TypeAlias

from services.values import errors
from services.values.delimiters import find_delimiter, lines
from services.values.encodings import decode

MAX_BYTES: Final = 20_000_000
CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""Their media types."""
MAX_COLUMNS: Final = 256
GUIDE: Final = "ℹ "  # the title of a sheet that explains a template begins so
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_MARKUP: Final = re.compile(r"\s*<(?:!doctype|html|head|meta|table|\?xml|\?mso)\b", re.IGNORECASE)
_ONE_COLUMN: Final = "\x1f"  # no text has it
_MERGED: Final = 200_000  # cells that take another's value

Cell: TypeAlias = str | float | int | bool | dt.date | dt.datetime | dt.time | dt.timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """`rows` are numbered as spreadsheets do, from 1; blank ones are among them. `delimiter`: of a CSV file, nothing
    where it has one column; `title`: of a sheet of a workbook, `others`: of its sheets that hold something, too. Rows
    `passed_over` are as if blank."""

    kind: Literal["csv", "workbook"]
    source: Any  # Any: what `rows` reads, text or a sheet of the library
    delimiter: str = ","
    title: str = ""
    others: int = 0
    passed_over: Collection[int] = ()

    def rows(self) -> Iterator[tuple[int, Sequence[Cell]]]:
        """From the beginning, each time. Raises NotATable, TooWide."""
        found = _csv_rows(self.source, self.delimiter) if self.kind == "csv" else _sheet_rows(self.source)
        for number, cells in enumerate(found, start=1):
            if not is_blank(cells[MAX_COLUMNS:]):
                raise errors.TooWide(max=MAX_COLUMNS)
            yield number, () if number in self.passed_over else cells[:MAX_COLUMNS]


def open_sheet(file: BinaryIO) -> Sheet:
    """Of several sheets the first that holds anything. Raises a leaf of InvalidValue."""
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise errors.FileTooLarge(megabytes=MAX_BYTES // 1_000_000)
    if data.startswith(_WORKBOOKS):
        return _open_workbook(data)
    try:
        text = decode(data)
    except errors.NotATextFile:
        raise errors.NotATable() from None
    if not text.strip():
        raise errors.NoRows()
    if _MARKUP.match(text):
        raise errors.MarkedUp()
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Sheet(kind="csv", source=text, delimiter=find_delimiter(text))


def csv_delimiter(decimal: str) -> str:
    """What spreadsheets of a country that writes decimals so part columns by."""
    return ";" if decimal == "," else ","


def is_blank(cells: Sequence[Cell]) -> bool:
    """Zero and no are something."""
    return all(isinstance(cell, str) and not cell.strip() for cell in cells)


def cell_text(cell: Cell) -> str:
    """As it would be typed."""
    match cell:
        case str():
            return cell.strip()
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
        case dt.datetime():
            return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
        case dt.date():
            return cell.isoformat()
    return str(cell)


def _open_workbook(data: bytes) -> Sheet:
    import python_calamine as calamine

    try:
        book = calamine.load_workbook(io.BytesIO(data))
        names = [name for name in book.sheet_names if _is_grid(book, name)]
        sheets = [sheet for name in names if (sheet := book.get_sheet_by_name(name)).height]
    except calamine.PasswordError:
        raise errors.PasswordProtected() from None
    except Exception:  # noqa: BLE001 - its errors have no common base, and any of them means this
        raise (errors.PasswordProtected() if _is_locked(data) else errors.NotATable()) from None
    if not sheets:
        raise errors.NoRows()
    first = sheets[0]
    others = sum(not sheet.name.startswith(GUIDE) for sheet in sheets[1:])
    return Sheet(kind="workbook", source=first, title=first.name, others=others)


def _is_grid(book: Any, name: str) -> bool:  # Any: of the library
    import python_calamine as calamine

    kinds = {each.name: each.typ for each in book.sheets_metadata}
    return bool(kinds.get(name) == calamine.SheetTypeEnum.WorkSheet)


def _is_locked(data: bytes) -> bool:
    """What a password protects is a file inside of one of the old kind."""
    return data.startswith(_WORKBOOKS[1]) and "EncryptedPackage".encode("utf-16-le") in data


def _csv_rows(text: str, delimiter: str) -> Iterator[Sequence[Cell]]:
    try:
        yield from csv.reader(lines(text), delimiter=delimiter or _ONE_COLUMN, skipinitialspace=True)
    except csv.Error:
        raise errors.NotATable() from None


def _sheet_rows(sheet: Any) -> Iterator[Sequence[Cell]]:  # Any: of the library
    """Merged cells are each what the first of them is."""
    left = sheet.start[1] if sheet.start else 0
    merged, values = _merged(sheet, left), {}
    for at, row in enumerate(sheet.iter_rows()):
        for column, first in merged.get(at, ()):
            if (at, column) == first:
                values[first] = row[column]
            elif column < len(row):
                row[column] = values.get(first, "")
        yield row


def _merged(sheet: Any, left: int) -> dict[int, list[tuple[int, tuple[int, int]]]]:  # Any: as above
    """By row: columns of merged cells, each with the place of the cell that has the value."""
    found: defaultdict[int, list[tuple[int, tuple[int, int]]]] = defaultdict(list)
    count = 0
    for (top, first), (bottom, last) in sheet.merged_cell_ranges or ():
        count += (bottom - top + 1) * (last - first + 1)
        if count > _MERGED:
            break
        for row in range(top, bottom + 1):
            found[row] += [(column - left, (top, first - left)) for column in range(first, last + 1)]
    return found
