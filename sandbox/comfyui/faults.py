"""What the next calls, and the next runs, may meet."""

from dataclasses import dataclass
from typing import Final, Literal, get_args

from sandbox.faults import Fault

CallFault = Literal["500", "500_after", "html", "cut", "cut_after", "hang", "hang_after", "slow", "another"]
RunFault = Literal["oom", "error"]
FaultKind = CallFault | RunFault
CALL_FAULTS: Final = frozenset(get_args(CallFault))
RUN_FAULTS: Final = frozenset(get_args(RunFault))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComfyUIFault(Fault[FaultKind]):
    """`on`: a call (`prompt`, `history` …) or, for runs, a node's class."""
