"""Faults on demand: what the next calls of a server meet."""

from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

Kind_co = TypeVar("Kind_co", bound=str, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault(Generic[Kind_co]):
    """`on`: the name of what it strikes; `*` is any. `times` 0: until the faults are cleared."""

    kind: Kind_co
    on: str = "*"
    times: int = 1
    seconds: float = 60.0


OneFault = TypeVar("OneFault", bound=Fault[str])


class Faults(Generic[OneFault]):
    def __init__(self) -> None:
        self._armed: list[OneFault] = []

    def armed(self) -> list[OneFault]:
        return list(self._armed)

    def add(self, fault: OneFault) -> None:
        self._armed.append(fault)

    def clear(self) -> None:
        self._armed.clear()

    def take(self, name: str, kinds: Container[str] | None = None) -> OneFault | None:
        """The first that fits and is of these kinds, or of any, used up once."""
        for index, fault in enumerate(self._armed):
            if (kinds is None or fault.kind in kinds) and fault.on in ("*", name):
                if fault.times == 1:
                    del self._armed[index]
                elif fault.times > 1:
                    self._armed[index] = replace(fault, times=fault.times - 1)
                return fault
        return None
