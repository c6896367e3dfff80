"""Whether Telegram is there, by what became of the messages that were sent to it."""

from collections.abc import Callable

PROBE_SECONDS = 1.0  # between two tries to reach a Telegram that is away; doubles
MAX_PROBE_SECONDS = 15.0
LATELY_SECONDS = 5.0  # a message that fails so soon after others got through fails alone


class Reach:
    """`time` is the loop's clock. `away` until something gets through: an earlier process may have met an outage."""

    def __init__(self, time: Callable[[], float]) -> None:
        self.away = True
        self._time = time
        self._latest = -LATELY_SECONDS  # when something got through
        self._next_probe = 0.0
        self._pause = PROBE_SECONDS

    def got_through(self) -> None:
        """To Telegram; its refusal is an answer, too."""
        self._latest = self._time()

    def others_got_through(self, begun: float) -> bool:
        """Whether what was begun then, and failed, failed alone."""
        return self._latest >= begun - LATELY_SECONDS

    def lose(self) -> None:
        """It is away from now on."""
        self.away, self._pause = True, PROBE_SECONDS
        self._next_probe = self._time() + PROBE_SECONDS

    def find(self) -> None:
        """It is back."""
        self.away = False

    def takes_probe(self) -> bool:
        """Whether it is time to try how it is; then the next time is later."""
        if not self.away or self._time() < self._next_probe:
            return False
        self._next_probe = self._time() + self._pause
        self._pause = min(self._pause * 2, MAX_PROBE_SECONDS)
        return True
