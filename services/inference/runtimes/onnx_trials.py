"""What a loaded graph gives for its example and for made-up rows, within a bounded time."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from services.errors import ShopError
from services.inference.errors import RunTimeout
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.tensor_results import answers_each
from services.inference.tensors import Row

SECONDS: Final = 3.0  # for all runs together: the shop waits for them when it starts
_AT_ONCE: Final = 25  # rows

Ask = Callable[[Sequence[Row], Limit], Mapping[str, Any]]  # Any: arrays, and lists of maps


@dataclass(frozen=True, slots=True)
class Tried:
    """Outputs by name for each row that the graph answered, in arrays of one row. `stopped`: time was up before the
    last row."""

    rows: Sequence[Mapping[str, Any]]
    stopped: bool

    def __str__(self) -> str:
        enough = f", as many as ran within {SECONDS:g} s" if self.stopped else ""
        return f"on {len(self.rows)} row{'' if len(self.rows) == 1 else 's'}{enough}"


def try_rows(ask: Ask, rows: Sequence[Row], *, several: bool, clock: Callable[[], float] = time.monotonic) -> Tried:
    """`several`: the graph takes many rows at once. Rows that it refuses are left out."""
    until = clock() + SECONDS
    waiting = [rows[:1]]
    step = _AT_ONCE if several else 1
    waiting += [rows[start : start + step] for start in range(1, len(rows), step)]
    given: list[Mapping[str, Any]] = []
    waiting.reverse()
    while waiting:
        part, left = waiting.pop(), until - clock()
        if left <= 0:
            return Tried(given, stopped=True)
        try:
            with watched(Limit(left)) as limit:
                given += _apart(ask(part, limit), len(part))
        except RunTimeout:
            if len(part) == 1:
                return Tried(given, stopped=True)
        except ShopError:
            waiting += [[row] for row in reversed(part)] if len(part) > 1 else []
    return Tried(given, stopped=False)


def _apart(outputs: Mapping[str, Any], rows: int) -> list[Mapping[str, Any]]:
    if rows == 1:
        return [outputs]
    if not all(answers_each(value, rows) for value in outputs.values()):
        return []
    return [{name: _cut(value, row) for name, value in outputs.items()} for row in range(rows)]


def _cut(value: Any, row: int) -> Any:  # Any: an array, or a list of maps
    return value[row : row + 1] if isinstance(value, list) else np.asarray(value)[row : row + 1]
