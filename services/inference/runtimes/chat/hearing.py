"""What a server says of a voice message."""

import json
from typing import Any

from services.inference.errors import (
    BadOutput,
    ContextTooLong,
    InferenceError,
    NothingHeard,
    RunFailed,
    ServerAway,
    SoundRefused,
)
from services.inference.runtimes.chat.judge import judge
from services.inference.runtimes.chat.plain_text import storable
from services.inference.runtimes.chat.said import Said, said_in

_OF_THE_SOUND = frozenset({400, 413, 415, 422})


def judge_hearing(said: Said) -> InferenceError:
    """The error for a refusal. What is nobody's fault but the recording's is told as that."""
    error = judge(said)
    if said.status in _OF_THE_SOUND and isinstance(error, RunFailed | ContextTooLong):
        refused = SoundRefused(problem=said.line)
        refused.facts = error.facts
        return refused
    return error


def text_heard(answer: bytes) -> str:
    """Raises NothingHeard, BadOutput, ServerAway for a page, and what an error in its place means."""
    if answer.lstrip()[:1] == b"<":
        raise ServerAway(problem="the server answers with a page, not as the API does")
    try:
        told: Any = json.loads(answer)  # Any: JSON
    except (ValueError, RecursionError):
        told = None
    if isinstance(told, dict) and told.get("error"):
        raise judge_hearing(said_in(told))
    text = told.get("text") if isinstance(told, dict) else None
    if not isinstance(text, str):
        raise BadOutput(problem="the server did not say what it heard")
    if not (heard := storable(text).strip()):
        raise NothingHeard(problem="the server heard nothing")
    return heard
