"""What goes wrong with a call on its way to a provider in memory."""

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from services.payments.providers.base import NotAuthorized, ResultUnknown

T = TypeVar("T")


class Fault(StrEnum):
    LOST = "lost"
    """It never arrives."""
    LOST_ANSWER = "lost_answer"
    """It is done; the answer does not come."""
    CRASH = "crash"
    """The shop's process dies before it is sent."""
    CRASH_AFTER = "crash_after"
    """It is done and answered; the process dies before it writes that down."""
    KEY = "key"
    """The shop's key is not taken."""


class Crash(BaseException):
    """The end of the shop's process, as a test sees it: nothing in it can catch that."""


def with_faults(faults: deque[Fault | None], work: Callable[[], T]) -> T:
    """`faults`: of the calls from this one on."""
    match faults.popleft() if faults else None:
        case Fault.LOST:
            raise ResultUnknown(code="ReadTimeout")
        case Fault.CRASH:
            raise Crash
        case Fault.KEY:
            raise NotAuthorized(code="invalid_credentials")
        case Fault.LOST_ANSWER:
            work()
            raise ResultUnknown(code="ReadTimeout")
        case Fault.CRASH_AFTER:
            work()
            raise Crash
    return work()
