"""Rows that sum up others: whoever sends a report means the rows above them."""

import re
from collections.abc import Collection
from typing import Final

from services.values.sheets import Sheet, cell_text

_TOTAL: Final = re.compile(
    r"(?:(?:общий|промежуточный)\s+итог|итого|всего\s+по)\b.*|всего\s*:?|(?:grand\s+|sub-?)?totals?\s*:?",
    re.IGNORECASE | re.DOTALL,
)


def total_rows(sheet: Sheet, *, below: int, words: Collection[int]) -> list[int]:
    """Those below a row whose first cell says so. `words`: columns where that may be an answer, from 0."""
    found = []
    for number, cells in sheet.rows():
        at, first = next(((at, cell) for at, cell in enumerate(cells) if cell != ""), (0, ""))
        if number > below and isinstance(first, str) and at not in words and _TOTAL.fullmatch(cell_text(first)):
            found.append(number)
    return found
