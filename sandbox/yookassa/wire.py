"""JSON of YooKassa's API, whose shapes its own documentation gives."""

from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json, to_json

JsonObject = dict[str, Any]  # Any: one alias for every object of the API, kept as YooKassa would send it

__all__ = ["JsonObject", "amount_of", "from_json", "kopecks_of", "moment", "to_json"]


def kopecks_of(value: str) -> int:
    """Kopecks of `100`, `100.5` or `100.50`."""
    roubles, _, fraction = value.partition(".")
    return int(roubles) * 100 + int(fraction.ljust(2, "0"))


def amount_of(kopecks: int, currency: str = "RUB") -> JsonObject:
    return {"value": f"{kopecks // 100}.{kopecks % 100:02d}", "currency": currency}


def moment(seconds: float) -> str:
    """ISO 8601 with milliseconds, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
