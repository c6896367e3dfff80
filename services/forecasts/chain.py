"""The text of what is published, and how one hash follows from another. Whoever has the texts can do the same:
SHA-256 of the hash before, a line feed and the text, in UTF-8; before the first stand 64 zeros."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from db.base import AnyRow, JsonObject
from services.forecasts.said import stated_in

GENESIS: Final = "0" * 64


def next_hash(previous: str, text: str) -> str:
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def forecast_text(number: int, row: Any) -> str:
    """`row`: of `forecasts`. Any: a row, or the same values."""
    return canonical(
        {
            "kind": "forecast",
            "number": number,
            "made_at": row.made_at,
            "week": row.week,
            "model": row.model_slug,
            "version": row.model_version,
            "sha256": row.model_sha256,
            "source": row.source_key,
            "paper": row.symbol,
            "exchange": row.exchange,
            "last_day": row.last_day,
            "last_close": float(row.last_close),
            "horizon": row.horizon,
            "said": [each.dump() for each in stated_in(row.said)],
        }
    )


def judgement_text(number: int, forecast_number: int, rows: Sequence[Any]) -> str:
    """`rows`: of `outcomes`, all of one forecast. Any: rows, or the same values."""
    first = rows[0]
    return canonical(
        {
            "kind": "judgement",
            "number": number,
            "forecast": forecast_number,
            "judged_at": first.judged_at,
            "until": max((row.until for row in rows if row.until is not None), default=None),
            "outcomes": [_outcome(row) for row in sorted(rows, key=lambda each: str(each.name))],
        }
    )


def listed_text(number: int, row: AnyRow, at: dt.datetime) -> str:
    """A paper is on the list. `row`: of `listed_instruments`."""
    return canonical(
        {
            "kind": "listed",
            "number": number,
            "published_at": at,
            "since": row.since,
            "model": row.model_slug,
            "source": row.source_key,
            "paper": row.symbol,
            "name": row.name,
            "exchange": row.exchange,
        }
    )


def unlisted_text(number: int, listed_number: int, row: AnyRow, at: dt.datetime) -> str:
    """It was taken off. `listed_number`: by which it was put there."""
    told = {"kind": "unlisted", "number": number, "published_at": at, "listed": listed_number, "until": row.until}
    return canonical(told)


def _outcome(row: Any) -> JsonObject:  # Any: as above
    if row.void is not None:
        return {"name": row.name, "void": row.void}
    told = {"name": row.name, "came": bool(row.came), "observed": float(row.observed)}
    return told | ({} if row.score is None else {"score": float(row.score)})


def canonical(value: JsonObject) -> str:
    """The one way to write it: keys sorted, no blanks, times in UTC with microseconds, floats as short as they can be
    read back. Raises ValueError for what is no number."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)


def _plain(value: object) -> str:
    match value:
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        case dt.date():
            return value.isoformat()
    raise TypeError(f"no text for {type(value)}")
