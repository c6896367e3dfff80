"""What befalls updates about Stars on their way to the bot."""

from dataclasses import dataclass, replace
from typing import Literal

StarsUpdate = Literal["pre_checkout", "payment", "refund", "subscription"]
FaultKind = Literal["lose", "repeat", "late"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StarFault:
    """The next `times` updates (0: all) of the kind `on` are lost, come `copies` more times, or `seconds` late."""

    kind: FaultKind
    on: StarsUpdate
    times: int = 1
    copies: int = 1
    seconds: float = 60.0


class StarFaults:
    def __init__(self) -> None:
        self.armed: list[StarFault] = []

    def take(self, on: StarsUpdate) -> StarFault | None:
        for index, fault in enumerate(self.armed):
            if fault.on == on:
                if fault.times == 1:
                    del self.armed[index]
                elif fault.times > 1:
                    self.armed[index] = replace(fault, times=fault.times - 1)
                return fault
        return None
