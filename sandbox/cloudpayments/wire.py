"""JSON of CloudPayments' API: sums are numbers, and exact."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

JsonObject = dict[str, Any]  # Any: one alias for every object of the API, kept as CloudPayments would send it


def from_json(text: str | bytes) -> Any:  # Any: JSON
    return json.loads(text, parse_float=Decimal)


def to_json(value: Any) -> bytes:  # Any: JSON, and Decimal for its numbers
    return _text(value).encode()


def _text(value: Any) -> str:  # Any: as above
    """The standard writer knows fractions as floats only."""
    match value:
        case Decimal():
            return f"{value:f}"
        case dict():
            return "{" + ", ".join(f"{json.dumps(name)}: {_text(each)}" for name, each in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(_text, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def number_of(kopecks: int) -> Decimal:
    return Decimal(kopecks).scaleb(-2)


def amount_of(kopecks: int) -> str:
    return f"{kopecks // 100}.{kopecks % 100:02d}"


def iso(seconds: float) -> str:
    """UTC, and not said so."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def date(seconds: float) -> str:
    return f"/Date({int(seconds * 1000)})/"


def told(seconds: float) -> str:
    """As notifications have it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
