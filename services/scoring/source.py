"""What is known of the file that a customer sent: enough to read it again and to write it with answers."""

from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self

Told = dict[str, Any]  # Any: JSON between the shop and its process

MAX_ROWS: Final = 100_000
SHOWN: Final = 10  # rows that cannot be taken
SAMPLE: Final = 3  # rows below the header that are shown
NAME: Final = 100  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFacts:
    """`header_row` counts from 1, 0 where there is none; `headings` are then empty texts. `samples`: the first rows
    below. `sheet`: of a workbook, `others`: how many of its sheets hold something, too. `decimal_comma`: as it writes
    numbers. `problems`: of the first rows that cannot be taken. `form`: tells the model's questions and answers from
    others of the same version."""

    name: str
    kind: Literal["csv", "workbook"]
    delimiter: str
    header_row: int
    headings: tuple[str, ...]
    samples: tuple[tuple[str, ...], ...]
    sheet: str = ""
    others: int = 0
    by_order: bool = False
    decimal_comma: bool = False
    problems: tuple[tuple[int, str], ...] = ()
    form: str = ""  # empty: of an older shop

    def is_of(self, form: str) -> bool:
        return self.form in ("", form)

    def dump(self) -> Told:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def load(cls, told: Told) -> Self:
        lists = {"headings": tuple(told["headings"])}
        lists |= {name: tuple(map(tuple, told[name])) for name in ("samples", "problems")}
        return cls(**{**told, **lists})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The few words that are written into a result, in its customer's language: the heading of a column that says why
    a row has no answer, and that of one that says how likely a class is; and its `decimal` sign."""

    language: str
    note: str
    not_answered: str
    share: str
    decimal: str = "."

    def dump(self) -> Told:
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def load(cls, told: Told) -> Self:
        return cls(**told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of the rows: `good` is a file of the store's kind, `problems` are rows with why they cannot be
    taken, in order."""

    rows: int
    good: bytes = field(repr=False)
    problems: tuple[tuple[int, str], ...]
    decimal_comma: bool

    @property
    def bad(self) -> int:
        return len(self.problems)
