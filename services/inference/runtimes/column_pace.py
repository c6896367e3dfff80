"""How many rows of a table are run in one step, while others may wait for its end."""

from typing import Final

STEP_SECONDS: Final = 0.001
LONE_CALLS: Final = 2  # that a step takes as long as, where one row alone takes longer than half of STEP_SECONDS


class StepPace:
    """Where rows have a place of their own, a step is all that go together. Where they wait for its end, it begins with
    one row, and what that takes bounds the next."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bound: float | None = None
        self._rows = 1

    def rows(self, *, bounded: bool) -> int:
        return min(self._rows, self._most) if bounded else self._most

    def note(self, rows: int, seconds: float) -> None:
        """So long a step took."""
        if self._bound is None:
            self._bound = max(STEP_SECONDS, LONE_CALLS * seconds / rows)
        self._rows = max(1, int(rows * self._bound / max(seconds, 1e-6)))
