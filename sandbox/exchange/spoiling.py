"""How good answers become bad ones."""

import datetime as dt
from collections.abc import Callable
from typing import Final

from sandbox.exchange.tables import Answered, Tables, is_wednesday

ENDLESS: Final = 1_000_000_000  # rows, as the cursor lies
_CLOSES: Final[dict[str, Callable[[str, float], float | None]]] = {
    "zero": lambda _day, _close: 0.0,
    "null": lambda _day, _close: None,
    "negative": lambda _day, close: -close,
    "restated": lambda day, close: round(close * 0.9, 6) if is_wednesday(day) else close,  # a fall in every month
}


def spoil(fault: str, told: Tables) -> Tables:
    if fault == "empty":
        return {name: Answered(table.columns, []) for name, table in told.items()}
    if "history" not in told:
        return told
    history, cursor = told["history"], told["history.cursor"]
    if fault in _CLOSES:
        history = _with_closes(history, _CLOSES[fault])
    if fault == "tomorrow":
        history = _later(history)
    if fault == "endless_pages":
        cursor = Answered(cursor.columns, [(row[0], ENDLESS, row[2]) for row in cursor.rows])
    return {"history": history, "history.cursor": cursor}


def spoil_csv(fault: str, text: str, last: dt.date) -> str:
    header, *lines = text.splitlines()
    rows = [(line.split(",")[0], float(line.split(",")[1])) for line in lines]
    match fault:
        case "empty":
            return ""
        case "columns":
            return "\n".join(["Close,Date", *(f"{close},{day}" for day, close in rows)])
        case "tomorrow":
            lines = [f"{_shifted(day)},{close}" for day, close in rows]
            lines.append(f"{last + dt.timedelta(days=5)},1.0")
        case _ if fault in _CLOSES:
            lines = [f"{day},{'' if (new := _CLOSES[fault](day, close)) is None else new}" for day, close in rows]
        case "lost":
            lines = [f"{day},{close}" for day, close in rows if not is_wednesday(day)]
        case "endless_pages":
            lines = lines * 300
    return "\n".join([header, *lines])


def _with_closes(table: Answered, change: Callable[[str, float], float | None]) -> Answered:
    place, days = table.columns.index("CLOSE"), table.columns.index("TRADEDATE")
    rows = [
        (*row[:place], None if row[place] is None else change(row[days], row[place]), *row[place + 1 :])
        for row in table.rows
    ]
    return Answered(table.columns, rows)


def _later(table: Answered) -> Answered:
    """Every row some days later: the newest are of days that have not come."""
    place = table.columns.index("TRADEDATE")
    rows = [
        tuple(_shifted(value) if number == place else value for number, value in enumerate(row)) for row in table.rows
    ]
    return Answered(table.columns, rows)


def _shifted(day: str) -> str:
    return (dt.date.fromisoformat(day) + dt.timedelta(days=7)).isoformat()
