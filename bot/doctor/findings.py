"""What the doctor finds."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WARNING = "warn"
    """The shop works, but not as well as it could."""
    FAILED = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """`fix`: what to do about it."""

    name: str
    state: State
    text: str
    fix: str = ""


def good(name: str, text: str) -> Finding:
    return Finding(name=name, state=State.OK, text=text)


def poor(name: str, text: str, fix: str) -> Finding:
    return Finding(name=name, state=State.WARNING, text=text, fix=fix)


def bad(name: str, text: str, fix: str) -> Finding:
    return Finding(name=name, state=State.FAILED, text=text, fix=fix)
