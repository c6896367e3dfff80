"""What a template says of its columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.scoring.source import MAX_ROWS
from services.values.sheets import GUIDE

LIST: Final = 255  # characters of a list that a spreadsheet keeps in a rule; also of what a rule says
TITLE: Final = 32  # characters above it
_FIRST_OPTION: Final = 2  # the column of the sheet where options begin, from 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnGuide:
    """`allowed`: in a sentence what its cells may hold; `options`: all of them, where they can be counted."""

    heading: str
    allowed: str
    options: Sequence[str]
    example: Any  # Any: what a cell holds


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """`answers`: columns that will be added, with what stands in them; each with a heading above."""

    title: str
    columns: Sequence[ColumnGuide]
    columns_head: tuple[str, str]
    answers: Sequence[tuple[str, str]]
    answers_head: tuple[str, str]

    @property
    def sheet(self) -> str:
        """A name that tells it from data."""
        return f"{GUIDE}{self.title}"[:31]

    def rows(self) -> list[Sequence[str]]:
        told = [(each.heading, each.allowed, *(each.options if _is_long(each) else ())) for each in self.columns]
        return [self.columns_head, *told, (), self.answers_head, *self.answers]

    def rules(self) -> list[Mapping[str, Any]]:  # Any: of the library
        """Of each column: a list to choose from, and what is said beside its cells. Others may be typed, too."""
        return [self._rule(at, each) for at, each in enumerate(self.columns)]

    def _rule(self, at: int, column: ColumnGuide) -> Mapping[str, Any]:  # Any: as above
        said = {"input_title": column.heading[:TITLE], "input_message": column.allowed[:LIST]}
        if not column.options:
            return {"validate": "any", **said}
        source: Any = list(column.options)
        if _is_long(column):
            source = f"='{self.sheet}'!{_places(at + 1, len(source))}"  # below the heading
        return {"validate": "list", "source": source, "error_type": "information", **said}


def add_rules(sheet: Any, guide: Guide) -> None:  # Any: of the library
    for at, rule in enumerate(guide.rules()):
        sheet.data_validation(1, at, MAX_ROWS, at, rule)


def _is_long(column: ColumnGuide) -> bool:
    return any("," in option for option in column.options) or len(",".join(column.options)) > LIST


def _places(row: int, options: int) -> str:
    import xlsxwriter

    return str(xlsxwriter.utility.xl_range_abs(row, _FIRST_OPTION, row, _FIRST_OPTION + options - 1))
