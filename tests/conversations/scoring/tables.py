"""Tables that people send."""

import csv
import io
from collections.abc import Sequence
from typing import Any

import python_calamine as calamine
import xlsxwriter

from tests.conversations.shopping import WINE

RUSSIAN = (
    "Алкоголь", "Яблочная кислота", "Зола", "Щёлочность золы", "Магний", "Фенолы, всего", "Флавоноиды",
    "Нефлавоноидные фенолы", "Проантоцианидины", "Интенсивность цвета", "Оттенок", "OD280/OD315", "Пролин",
)  # fmt: skip


def wines(count: int) -> list[list[str]]:
    """Rows of the wine model, each of its own alcohol."""
    return [[f"{11 + number % 50 / 20:.2f}", *WINE.split()[1:]] for number in range(count)]


def csv_table(rows: Sequence[Sequence[Any]], *, delimiter: str = ",", encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding)


def workbook(*sheets: Sequence[Sequence[Any]]) -> bytes:
    """One sheet for each; what begins with "=" is a formula whose value is 5."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        for rows in sheets:
            sheet = book.add_worksheet()
            for at, row in enumerate(rows):
                for column, cell in enumerate(row):
                    if isinstance(cell, str) and cell.startswith("="):
                        sheet.write_formula(at, column, cell, value=5)
                    else:
                        sheet.write(at, column, cell)
    return file.getvalue()


def read_csv(content: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=delimiter))


def read_workbook(content: bytes, sheet: int = 0) -> list[list[Any]]:
    return calamine.load_workbook(io.BytesIO(content)).get_sheet_by_index(sheet).to_python()
