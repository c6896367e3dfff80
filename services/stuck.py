"""Work that waits in rows and that nobody gets on with."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

LATE: Final = timedelta(minutes=5)
"""After a worker's last sign, or where something waits and nobody is at anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """`longest`: how long nothing has become of one of them."""

    count: int = 0
    longest: timedelta = timedelta()

    @classmethod
    def of(cls, since: Collection[datetime], now: datetime) -> Self:
        return cls(count=len(since), longest=now - min(since)) if since else cls()
