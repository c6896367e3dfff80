"""What was found lately: who types the same again does not ask the exchange again."""

import datetime as dt
from collections.abc import Sequence
from typing import Final

from services.clock import Clock
from services.market.prices import Instrument
from services.market.spelling import plain

KEPT: Final = dt.timedelta(minutes=10)
MOST: Final = 500


class Searches:
    """Of one process. What was not found is not kept: it may be listed any moment."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._found: dict[tuple[str, str], tuple[dt.datetime, Sequence[Instrument]]] = {}

    def get(self, source: str, text: str) -> Sequence[Instrument] | None:
        found = self._found.get((source, plain(text).casefold()))
        return found[1] if found is not None and self._clock() - found[0] < KEPT else None

    def put(self, source: str, text: str, found: Sequence[Instrument]) -> None:
        key = (source, plain(text).casefold())
        self._found.pop(key, None)
        self._found[key] = (self._clock(), found)
        if len(self._found) > MOST:
            del self._found[next(iter(self._found))]  # the oldest
