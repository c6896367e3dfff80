"""Where in a chat an answer goes, known while an update is handled or a letter is sent."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """`thread_id`: the topic of `chat_id`. `keeps`: the message of the button, where it must not become what the
    button opens."""

    chat_id: int | None = None
    thread_id: int | None = None
    keeps: int | None = None


NOWHERE = Place()
_place: ContextVar[Place] = ContextVar("place", default=NOWHERE)


def here() -> Place:
    return _place.get()


@contextmanager
def at(place: Place) -> Generator[None, None, None]:
    token = _place.set(place)
    try:
        yield
    finally:
        _place.reset(token)
