"""Tables as ISS gives them: columns, and rows in their order."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.exchange.closes import closes, splits
from sandbox.exchange.papers import PAPERS, Paper

PAGE: Final = 100
SHORTEST_WORD: Final = 3
WEDNESDAY: Final = 2
_SEARCH: Final = ("secid", "shortname", "regnumber", "name", "isin", "is_traded", "type", "group", "primary_boardid")
_DESCRIPTION: Final = ("name", "title", "value", "type", "sort_order", "is_hidden", "precision")
_BOARDS: Final = (
    "secid",
    "boardid",
    "title",
    "market",
    "engine",
    "is_traded",
    "decimals",
    "history_from",
    "history_till",
    "is_primary",
    "currencyid",
)
_HISTORY: Final = ("BOARDID", "TRADEDATE", "SHORTNAME", "SECID", "OPEN", "LOW", "HIGH", "CLOSE", "VOLUME")
_TITLES: Final = {"TQBR": "Т+: Акции и ДР - безадрес.", "SNDX": "Индексы фондового рынка", "TQOB": "Т+: Гособлигации"}


@dataclass(frozen=True, slots=True)
class Answered:
    """One table of an answer."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]  # Any: JSON

    def only(self, columns: Iterable[str]) -> "Answered":
        wanted = [name for name in columns if name in self.columns]
        places = [self.columns.index(name) for name in wanted]
        return Answered(tuple(wanted), [tuple(row[place] for place in places) for row in self.rows])

    def turned(self) -> "Answered":
        """With its columns in another order."""
        return self.only(reversed(self.columns))

    def json(self) -> dict[str, Any]:  # Any: JSON
        return {"columns": self.columns, "data": self.rows}


Tables = Mapping[str, Answered]


def found(text: str, *, today: dt.date) -> Tables:
    """Every word of three letters and more is a part of its code, name or ISIN."""
    words = [word.casefold() for word in text.split() if len(word) >= SHORTEST_WORD]
    rows = []
    for paper in PAPERS.values() if words else ():
        known = " ".join((paper.secid, paper.shortname, paper.name, paper.isin)).casefold()
        if all(word in known for word in words):
            traded = int(paper.is_traded(today))
            rows.append(
                (
                    paper.secid,
                    paper.shortname,
                    None,
                    paper.name,
                    paper.isin,
                    traded,
                    paper.type,
                    paper.group,
                    paper.board,
                )
            )
    return {"securities": Answered(_SEARCH, rows)}


def paper_tables(secid: str, *, last: dt.date) -> Tables:
    """Empty ones of an unknown paper."""
    paper = PAPERS.get(secid)
    description: list[tuple[Any, ...]] = []  # Any: JSON
    boards: list[tuple[Any, ...]] = []  # Any: as above
    if paper is not None:
        told = {"SECID": paper.secid, "NAME": paper.name, "SHORTNAME": paper.shortname, "ISIN": paper.isin}
        told |= {"TYPE": paper.type, "GROUP": paper.group}
        description = [
            (name, name, value, "string", number, 0, None) for number, (name, value) in enumerate(told.items())
        ]
        boards = [_board(paper, last)]
    return {"description": Answered(_DESCRIPTION, description), "boards": Answered(_BOARDS, boards)}


def _board(paper: Paper, last: dt.date) -> tuple[Any, ...]:  # Any: JSON
    known = _known(paper, last)
    first = known[0][0].isoformat() if known else None
    till = known[-1][0].isoformat() if known else None
    title, traded = _TITLES[paper.board], int(paper.is_traded(last))
    places = (paper.market, paper.engine, traded, paper.decimals, first, till, 1, "RUB")
    return (paper.secid, paper.board, title, *places)


def history(secid: str, board: str, *, first: dt.date, last: dt.date, start: int, lost: bool = False) -> Tables:
    """A page of it; `start` counts rows. `lost`: those of Wednesdays are."""
    paper = PAPERS.get(secid)
    rows: list[tuple[Any, ...]] = []  # Any: JSON
    if paper is not None and paper.board == board:
        rows = [_history_row(paper, day, close) for day, close in _known(paper, last, first)]
    if lost:
        rows = [row for row in rows if not is_wednesday(row[_HISTORY.index("TRADEDATE")])]
    cursor = Answered(("INDEX", "TOTAL", "PAGESIZE"), [(start, len(rows), PAGE)])
    return {"history": Answered(_HISTORY, rows[start : start + PAGE]), "history.cursor": cursor}


def is_wednesday(day: str) -> bool:
    return dt.date.fromisoformat(day).weekday() == WEDNESDAY


def _history_row(paper: Paper, day: dt.date, close: float | None) -> tuple[Any, ...]:  # Any: JSON
    volume = 0 if close is None else 1_000
    return (paper.board, day.isoformat(), paper.shortname, paper.secid, close, close, close, close, volume)


def split_tables(*, last: dt.date) -> Tables:
    rows = [
        (split.day.isoformat(), paper.secid, split.before, split.after)
        for paper in PAPERS.values()
        for split in splits(paper, last)
    ]
    return {"splits": Answered(("tradedate", "secid", "before", "after"), rows)}


def csv_text(secid: str, *, last: dt.date) -> str | None:
    paper = PAPERS.get(secid)
    if paper is None:
        return None
    lines = [f"{day.isoformat()},{close}" for day, close in _known(paper, last) if close is not None]
    return "\n".join(("Date,Close", *lines)) + "\n"


def _known(paper: Paper, last: dt.date, first: dt.date = dt.date.min) -> list[tuple[dt.date, float | None]]:
    if paper.known:
        return [row for row in closes(paper, paper.listed, last)[-paper.known :] if row[0] >= first]
    return closes(paper, max(first, paper.listed), last)
