"""The time, injected: services take a `Clock`, so tests say what time it is."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

Clock = Callable[[], datetime]

MAX_JUMP: Final = timedelta(days=1)


def system_clock() -> datetime:
    return datetime.now(UTC)


def uptime() -> float:
    """Seconds that nobody can set, counted while the machine sleeps too where the system can."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class SteadyClock:
    """Another clock, as long as it does not jump by more than a day. While it is that far from the time that has gone
    by, or from what another machine says, it is doubted, and time goes on as it did before."""

    def __init__(self, source: Clock, *, seconds: Callable[[], float] = uptime) -> None:
        """`seconds` gone by since any moment."""
        self._source = source
        self._seconds = seconds
        self._unproved = self._differs = False
        self._last: datetime | None = None  # when something was last written down before the start
        self.moves = 0  # how often it was moved on purpose
        self._start(source())

    def __call__(self) -> datetime:
        told = self._source()
        if abs(told - self._expected()) <= MAX_JUMP:
            self._start(told)
            return told
        return self._expected()

    @property
    def is_doubted(self) -> bool:
        """What cannot be undone waits."""
        return self._unproved or self._differs or self.ahead is not None

    @property
    def differs(self) -> bool:
        """Another machine told a time that is more than a day from ours."""
        return self._differs

    @property
    def ahead(self) -> timedelta | None:
        """By how much the clock is ahead of what is believed (behind, where negative); None while it is believed."""
        ahead = self._source() - self()
        return ahead if abs(ahead) > MAX_JUMP else None

    def compare(self, last: datetime | None) -> None:
        """At the start: `last` is when something was last written down. Long ago, or in the future, it proves nothing:
        until somebody else tells the time, the clock is doubted."""
        self._last = last
        self._unproved = last is not None and abs(self._source() - last) > MAX_JUMP

    def hear(self, theirs: datetime | None) -> None:
        """Another machine's time; None from one that answers without. Where both differ, ours is doubted; theirs is
        lived by only where ours was unproved and speaks for itself less: what was written down last came before now,
        and of two times after it the earlier is the likelier."""
        unproved, self._unproved = self._unproved, False
        if theirs is None:
            return
        told = self._source()
        self._differs = abs(told - theirs) > MAX_JUMP
        if not self._differs:
            self._start(told)
        elif unproved and self._last is not None and self._likelier(theirs, told, self._last - MAX_JUMP):
            self._start(theirs)

    @staticmethod
    def _likelier(theirs: datetime, ours: datetime, earliest: datetime) -> bool:
        return theirs >= earliest and (ours < earliest or theirs < ours)

    def accept(self) -> None:
        """The clock was moved on purpose."""
        self.moves += 1
        self._differs = False
        self._start(self._source())

    def _start(self, at: datetime) -> None:
        self._at, self._since = at, self._seconds()

    def _expected(self) -> datetime:
        return self._at + timedelta(seconds=self._seconds() - self._since)
