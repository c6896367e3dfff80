"""A moment as an address bears it: microseconds since 1970."""

from datetime import UTC, datetime, timedelta
from typing import Final

from services.digits import whole_number

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST: Final = (datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


def write_moment(at: datetime) -> str:
    return str((at - _EPOCH) // timedelta(microseconds=1))


def read_moment(text: str) -> datetime | None:
    """None for what is no moment."""
    micros = whole_number(text, most=_MOST)
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)
