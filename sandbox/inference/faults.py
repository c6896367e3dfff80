"""Faults on demand: what the next calls of an inference server meet."""

from dataclasses import dataclass, replace
from typing import Literal

ServerFaultKind = Literal[
    "hang", "cut", "slow", "html", "broken", "worker", "401", "413", "429", "500", "503", "name", "shape", "dtype",
    "rows", "nan",
]  # fmt: skip
CALLS = ("server", "health", "ready", "metadata", "config", "infer", "index", "load", "unload")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFault:
    """`on` one of CALLS, `*` any. `times` 0: until the faults are cleared."""

    kind: ServerFaultKind
    on: str = "infer"
    times: int = 1
    seconds: float = 60.0


class ServerFaults:
    def __init__(self) -> None:
        self._faults: list[ServerFault] = []

    def armed(self) -> list[ServerFault]:
        return list(self._faults)

    def add(self, fault: ServerFault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def take(self, call: str) -> ServerFault | None:
        """The first that fits, used up once."""
        for index, fault in enumerate(self._faults):
            if fault.on in ("*", call):
                if fault.times == 1:
                    del self._faults[index]
                elif fault.times > 1:
                    self._faults[index] = replace(fault, times=fault.times - 1)
                return fault
        return None
