"""What the next letters meet instead of being taken."""

from dataclasses import dataclass
from typing import Final, Literal

from sandbox.faults import Fault

MailFaultKind = Literal["refuse", "later", "hang", "drop", "drop_after"]
"""`hang`: silence for `seconds`, then the connection is cut; `drop`: it is cut at once; `drop_after`: when the letter
was taken and before that is said."""

REFUSALS: Final = {
    "refuse": "550 5.1.1 There is no such mailbox here",
    "later": "451 4.7.1 Greylisted, please try again later",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFault(Fault[MailFaultKind]):
    """`on`: an address in small letters; `to`: as it was written."""

    to: str | None = None
