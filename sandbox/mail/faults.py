"""What the next letters meet instead of being taken."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

MailFaultKind = Literal["refuse", "later", "hang", "drop", "drop_after"]
"""`hang`: silence for `seconds`, then the connection is cut; `drop`: it is cut at once; `drop_after`: when the letter
was taken and before that is said."""

REFUSALS: Final = {
    "refuse": "550 5.1.1 There is no such mailbox here",
    "later": "451 4.7.1 Greylisted, please try again later",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFault:
    kind: MailFaultKind
    times: int = 1
    """0: until the faults are cleared."""
    seconds: float = 60.0
    to: str | None = None
    """Of this address only."""


class MailFaults:
    def __init__(self) -> None:
        self._faults: list[MailFault] = []

    def add(self, fault: MailFault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def take(self, address: str) -> MailFault | None:
        """The first that fits, used up once."""
        for index, fault in enumerate(self._faults):
            if fault.to is None or fault.to.lower() == address.lower():
                if fault.times == 1:
                    del self._faults[index]
                elif fault.times > 1:
                    self._faults[index] = replace(fault, times=fault.times - 1)
                return fault
        return None

    def __iter__(self) -> Iterator[MailFault]:
        return iter(list(self._faults))
