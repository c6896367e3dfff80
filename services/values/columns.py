"""Which columns of a table hold numbers, and which of them people mean."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from services.values.dates import is_date
from services.values.numerals import read_numeral, same_unit

_CLOSE = (
    "close", "closing price", "close price", "close/last", "закрытие", "цена закрытия", "закр.", "закр", "price",
    "цена", "курс", "adj close", "adj. close", "adjusted close", "last", "value", "значение",
)  # fmt: skip
_BLANK = {"", ".", "-", "—", "–", "null", "n/a", "na", "none", "н/д", "#n/a"}
_ENDLESS = {"nan", "inf", "-inf", "+inf", "infinity", "-infinity", "∞", "-∞", "−∞"}
_NAME: Final = 40  # characters of a heading


class ColumnsRow(NamedTuple):
    line: int
    cells: list[str]


class Column(NamedTuple):
    """`number` counts from 1, of all columns of the table; `name` is its heading, perhaps empty, perhaps shortened."""

    number: int
    name: str


def is_blank(cell: str) -> bool:
    text = cell.strip()
    return len(text) <= 4 and text.casefold() in _BLANK


def is_no_number(cell: str) -> bool:
    """What programs write where they came to no number. It is no gap: whoever sends it should know."""
    return cell.strip().casefold() in _ENDLESS


def is_number(cell: str) -> bool:
    if is_date(cell):
        return False
    numeral = read_numeral(cell)
    return numeral is not None and (not numeral.unit or same_unit(numeral.unit, ()))


def value_columns(header: ColumnsRow | None, rows: Sequence[ColumnsRow]) -> list[Column]:
    """The columns that hold numbers, at least one: in front the one named close, price or the like."""
    names = [" ".join(cell.split()).strip(' <>"') for cell in header.cells] if header else []
    named = _named([name.casefold().replace("_", " ") for name in names])
    width = max(len(row.cells) for row in rows)
    filled = [[row.cells[c] for row in rows if c < len(row.cells) and not is_blank(row.cells[c])] for c in range(width)]
    filled = [[cell for cell in cells if not is_no_number(cell)] for cells in filled]
    shares = [sum(map(is_number, cells)) / len(cells) if cells else 0.0 for cells in filled]
    found = [at for at, share in enumerate(shares) if share >= 0.8 and at != named]
    if named is not None:
        found.insert(0, named)
    if not found:
        found = [max(range(width), key=lambda at: shares[at])]
    return [Column(at + 1, _shortened(names[at]) if at < len(names) else "") for at in found]


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME else name[: _NAME - 1].rstrip() + "…"


def usual_column(columns: Sequence[Column]) -> Column:
    """Where nobody can be asked: the one named close, price or the like, otherwise the last."""
    return columns[0] if _named([columns[0].name.casefold().replace("_", " ")]) == 0 else columns[-1]


def _named(names: Sequence[str]) -> int | None:
    for wanted in _CLOSE:
        if wanted in names:
            return names.index(wanted)
    for wanted in ("close", "закр", "price", "цена"):
        for column, name in enumerate(names):
            if name.startswith(wanted):
                return column
    return None
