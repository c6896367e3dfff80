"""One exchange: what was asked of it, and what the next calls meet."""

from collections import deque
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from sandbox.clock import Clock, Signal
from sandbox.exchange.papers import PAPERS
from sandbox.faults import Fault, Faults

ExchangeFaultKind = Literal[
    "down",
    "slow",
    "html",
    "empty",
    "columns",
    "endless_pages",
    "endless_bytes",
    "tomorrow",
    "zero",
    "null",
    "negative",
    "restated",
    "lost",
    "garbage",
    "redirect",
]
CALLS: Final = ("search", "paper", "history", "splits", "csv")
KEPT: Final = 1_000  # calls


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeFault(Fault[ExchangeFaultKind]):
    """`on`: one of CALLS."""


class Exchange:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.faults: Faults[ExchangeFault] = Faults()
        self.calls: deque[dict[str, Any]] = deque(maxlen=KEPT)  # Any: JSON
        self.closing = Signal()

    def view(self) -> dict[str, Any]:  # Any: JSON
        faults = [asdict(fault) for fault in self.faults.armed()]
        return {"papers": list(PAPERS), "calls": len(self.calls), "faults": faults}


class Exchanges:
    """One for each world."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._exchanges: dict[int, Exchange] = {}

    def of(self, bot: int) -> Exchange:
        """Made when it is first asked for."""
        if bot not in self._exchanges:
            self._exchanges[bot] = Exchange(self._clock)
        return self._exchanges[bot]

    def close(self) -> None:
        for exchange in self._exchanges.values():
            exchange.closing.notify()
