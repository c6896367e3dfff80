"""Faults on demand: what the next API calls and notifications of a shop meet."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

CallFaultKind = Literal[
    "500", "500_after", "html", "html_after", "401", "403", "429", "cut", "cut_after", "hang", "hang_after", "slow",
    "broken", "amount",
]  # fmt: skip
NotificationFaultKind = Literal["lose", "repeat", "delay", "reorder"]
FaultKind = CallFaultKind | NotificationFaultKind
NOTIFICATION_FAULTS = frozenset(get_args(NotificationFaultKind))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    kind: FaultKind
    on: str = "*"
    """A call (`payments.create`) or, for notifications, an event (`payment.succeeded`); `*` is any."""
    times: int = 1
    """0: until the faults are cleared."""
    seconds: float = 60.0
    copies: int = 1
    value: str = "1.00"

    @property
    def is_for_notifications(self) -> bool:
        return self.kind in NOTIFICATION_FAULTS


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def armed(self) -> list[Fault]:
        return list(self._faults)

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def for_call(self, name: str) -> Fault | None:
        return self._take(name, for_notifications=False)

    def for_notification(self, event: str) -> Fault | None:
        return self._take(event, for_notifications=True)

    def _take(self, name: str, *, for_notifications: bool) -> Fault | None:
        """The first fault that fits, used up once."""
        for index, fault in enumerate(self._faults):
            if fault.is_for_notifications == for_notifications and fault.on in ("*", name):
                if fault.times == 1:
                    del self._faults[index]
                elif fault.times > 1:
                    self._faults[index] = replace(fault, times=fault.times - 1)
                return fault
        return None
