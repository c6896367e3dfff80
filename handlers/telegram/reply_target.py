"""Where in a chat an answer goes, known while an update is handled or a notification is sent."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyTarget:
    """`thread_id`: the topic of `chat_id`. `keeps`: the message of the button, where it must not become what the
    button opens."""

    chat_id: int | None = None
    thread_id: int | None = None
    keeps: int | None = None


NOWHERE = ReplyTarget()
_current: ContextVar[ReplyTarget] = ContextVar("reply_target", default=NOWHERE)


def reply_target() -> ReplyTarget:
    return _current.get()


@contextmanager
def replying_to(target: ReplyTarget) -> Generator[None, None, None]:
    token = _current.set(target)
    try:
        yield
    finally:
        _current.reset(token)
