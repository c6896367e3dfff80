"""Where a customer stands in a form, kept as JSON between messages. Every feature that lets a form wait knows it."""

import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

from services.market.prices import Instrument
from services.values.parse import Value


class Place(StrEnum):
    """Where a customer stands when no question is asked."""

    SUMMARY = "s"
    LIST = "l"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTable:
    """A table of which one column is to be chosen: a message's `text`, or a file that the chat finds again by `file`.
    `columns` are their numbers, from 1, and headings."""

    columns: tuple[tuple[int, str], ...]
    text: str | None = None
    file: str | None = None

    @property
    def mark(self) -> str:
        """Tells this table's buttons from those of another one."""
        return f"{zlib.crc32((self.text or self.file or '').encode()):08x}"[:4]

    @classmethod
    def load(cls, data: Any) -> Self | None:  # Any: JSON
        match data:
            case {"columns": [*columns], "text": str() | None as text, "file": str() | None as file}:
                return cls(columns=tuple((number, name) for number, name in columns), text=text, file=file)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPapers:
    """Papers of which one is to be chosen; `jumps`: there is one, whose price changed so on those days (ISO; shares)
    without a reason that is known."""

    found: tuple[Instrument, ...]
    jumps: tuple[tuple[str, float], ...] = ()

    @property
    def mark(self) -> str:
        """Tells these buttons from those of another search."""
        return f"{zlib.crc32(repr(self).encode()):08x}"[:4]

    @classmethod
    def load(cls, data: Any) -> Self | None:  # Any: JSON
        match data:
            case {"found": [*found], "jumps": [*jumps]}:
                papers = tuple(Instrument(**each) for each in found)
                return cls(found=papers, jumps=tuple((day, change) for day, change in jumps))
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class FormState:
    """`asked` is the input on the screen, or none at the summary and at the list of answers; `page` is of the options
    or of that list; `editing`: back to the summary after this answer. `table` waits for its column to be chosen,
    `papers` for one of them; `favourites` are papers that this customer took before; `pictures` are files that came for
    a question that takes several. `nonce` tells this form from every other one."""

    slug: str
    version: str
    nonce: str
    answers: Mapping[str, Value]
    asked: str | None = None
    place: Place = Place.SUMMARY
    page: int = 0
    editing: bool = False
    table: WaitingTable | None = None
    papers: WaitingPapers | None = None
    favourites: tuple[Instrument, ...] = ()
    pictures: tuple[str, ...] = ()
    questions: str = ""  # of an older bot

    def dump(self) -> dict[str, Any]:  # Any: JSON
        names = ("slug", "version", "questions", "nonce", "asked", "page", "editing")
        return {name: getattr(self, name) for name in names} | {
            "place": self.place.value,
            "answers": dict(self.answers),
            "table": None if self.table is None else asdict(self.table),
            "papers": None if self.papers is None else asdict(self.papers),
            "favourites": [asdict(each) for each in self.favourites],
            "pictures": list(self.pictures),
        }

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self | None:  # Any: JSON
        """The state, or None where the data is of another dialog or of an older bot."""
        match data:
            case {"slug": str(), "version": str(), "nonce": str(), "answers": dict(), "place": "s" | "l"}:
                names = set(cls.__slots__) & set(data)
                own = {
                    "place": Place(data["place"]),
                    "table": WaitingTable.load(data.get("table")),
                    "papers": WaitingPapers.load(data.get("papers")),
                    "favourites": tuple(Instrument(**each) for each in data.get("favourites", ())),
                    "pictures": tuple(data.get("pictures", ())),
                }
                return cls(**{name: data[name] for name in names} | own)
        return None

    def at(self, name: str | None, *, editing: bool = False, place: Place = Place.SUMMARY, page: int = 0) -> Self:
        still = replace(self, table=None, papers=None, pictures=())
        return replace(still, asked=name, editing=editing, place=place, page=page)

    def with_answers(self, answers: Mapping[str, Value]) -> Self:
        return replace(self, answers={**self.answers, **answers})
