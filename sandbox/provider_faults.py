"""What the next API calls and notifications of a shop at a payment provider may meet."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from sandbox.faults import Fault

CallFaultKind = Literal[
    "500", "500_after", "html", "html_after", "401", "403", "429", "cut", "cut_after", "hang", "hang_after", "slow",
    "broken", "amount",
]  # fmt: skip
NotificationFaultKind = Literal["lose", "repeat", "delay", "reorder"]
FaultKind = CallFaultKind | NotificationFaultKind
CALL_FAULTS: Final = frozenset(get_args(CallFaultKind))
NOTIFICATION_FAULTS: Final = frozenset(get_args(NotificationFaultKind))


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopFault(Fault[FaultKind]):
    """`on`: a call (`payments.create`) or, for notifications, an event (`payment.succeeded`, `pay`)."""

    copies: int = 1
    value: str = "1.00"
