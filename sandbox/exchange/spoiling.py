"""How good answers become bad ones."""

import datetime as dt
from collections.abc import Callable
from typing import Final

from sandbox.exchange.tables import Answered, Tables

ENDLESS: Final = 1_000_000_000  # rows, as the cursor lies
_CLOSES: Final[dict[str, Callable[[float], float | None]]] = {
    "zero": lambda _close: 0.0,
    "null": lambda _close: None,
    "negative": lambda close: -close,
    "restated": lambda close: round(close * 1.05, 6),
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
            lines = [f"{day},{'' if (new := _CLOSES[fault](close)) is None else new}" for day, close in rows]
        case "endless_pages":
            lines = lines * 300
    return "\n".join([header, *lines])


def _with_closes(table: Answered, change: Callable[[float], float | None]) -> Answered:
    place = table.columns.index("CLOSE")
    rows = [
        tuple(change(value) if number == place and value is not None else value for number, value in enumerate(row))
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
