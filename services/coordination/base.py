"""What the processes of one shop must agree on, and what they tell each other.

Money does not hang on it: whatever costs something has keys of its own in the database. Durations are in seconds.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Topic(StrEnum):
    """What one process tells the others. Nothing is lost where they do not hear it, but for `MODELS` they look by
    themselves every second or two."""

    NEWS = "news"
    """The outbox has something to send."""
    SOLD = "sold"
    """A model has something to run; told with its slug."""
    ASKED = "asked"
    """An assistant has something to answer; told with its slug."""
    TABLES = "tables"
    """A table was ordered."""
    STOP = "stop"
    """An answer is wanted no more; told with its id."""
    ANSWER = "answer"
    """How far an answer has come; told with an `AnswerProgress`."""
    MODELS = "models"
    """The folders of models have changed."""
    UPLOADS = "uploads"
    """Another version of an uploaded model is on sale, or none."""


Heard = Callable[[str], None]
"""Gets what was told; an empty text where something may have been missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most one of `key` in so many seconds."""

    key: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """`left`: how often it may still happen before `resets` seconds have passed; below 0: this time was too much."""

    left: int
    resets: float


class Coordination(Protocol):
    """Of one shop. `seen`, `remember`, `claim` and `hold` raise `DatabaseUnavailable` where the memory that processes
    share does not answer; `book`, `allow` and `take` are then those of this process alone."""

    async def seen(self, key: str) -> bool:
        """Whether it is remembered."""

    async def remember(self, key: str, *, seconds: float) -> None: ...

    async def claim(self, key: str, owner: str, *, seconds: float) -> bool:
        """Whether the key is the owner's, from now on for so long: nobody else has claimed it lately. The owner may
        claim it again."""

    async def allow(self, key: str, *, times: int, seconds: float) -> bool:
        """Whether it happens no more than so many `times` within any so many `seconds`. If so it is counted."""

    async def take(self, key: str, *, times: int, seconds: float) -> Quota:
        """Count it once more. Each `seconds`, from the first time on, it may happen so many `times`: cheaper than
        `allow` where that is often, and it tells what is left."""

    async def book(self, crowd: Rate, own: Rate) -> float:
        """How long to wait for the next free place of both; it is taken. Who waits for their `own` place holds up
        nobody else of the crowd."""

    def hold(self, key: str, *, alone_if_away: bool = False) -> AbstractAsyncContextManager[None]:
        """Nobody else holds it meanwhile: in this process first come, first served, among processes in any order. Who
        dies lets go within `LEASE`. With `alone_if_away` it is this process's own affair while the shared memory is
        away, and nothing is raised."""

    def hear(self, topic: Topic, heard: Heard) -> None:
        """Call `heard` with whatever is told, here or by another process."""

    def tell(self, topic: Topic, what: str = "") -> None:
        """At once to those here; soon to other processes."""

    async def run(self) -> None:
        """What this needs in the background; until cancelled, or at once where it needs nothing."""


LEASE = 10.0  # how long what a process held stays held after its death
