"""Faults on demand: what the next calls, and the next runs, meet."""

from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

CallFault = Literal["500", "500_after", "html", "cut", "cut_after", "hang", "hang_after", "slow", "another"]
RunFault = Literal["oom", "error"]
FaultKind = CallFault | RunFault
RUN_FAULTS: Final = frozenset(get_args(RunFault))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`on`: a call (`prompt`, `history` …) or, for runs, a node's class; `*` is any. `times` 0: until cleared."""

    kind: FaultKind
    on: str = "*"
    times: int = 1
    seconds: float = 60.0


class Faults:
    def __init__(self) -> None:
        self._armed: list[Fault] = []

    def armed(self) -> list[Fault]:
        return list(self._armed)

    def add(self, fault: Fault) -> None:
        self._armed.append(fault)

    def clear(self) -> None:
        self._armed.clear()

    def for_call(self, name: str) -> Fault | None:
        return self._take(name, of_runs=False)

    def for_run(self, node: str) -> Fault | None:
        return self._take(node, of_runs=True)

    def _take(self, name: str, *, of_runs: bool) -> Fault | None:
        """The first that fits, used up once."""
        for index, fault in enumerate(self._armed):
            if (fault.kind in RUN_FAULTS) == of_runs and fault.on in ("*", name):
                if fault.times == 1:
                    del self._armed[index]
                elif fault.times > 1:
                    self._armed[index] = replace(fault, times=fault.times - 1)
                return fault
        return None
