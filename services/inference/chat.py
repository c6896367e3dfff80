"""What an assistant is asked, what comes back, and what answers: a `ChatRuntime`."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    import asyncio

    from db.tables.chats import FinishReason  # with SQLAlchemy: 26 MB that a process without a database does not need


SPOKEN_BYTES: Final = 64  # a second, of what was said: nobody speaks as fast, in any writing


def spoken_bytes(seconds: int) -> int:
    """What was said in a voice message has no more bytes as text, so no more tokens."""
    return SPOKEN_BYTES * (seconds + 1)


class ChatRole(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatTurn:
    """`pictures`: the bytes of JPEG, PNG or WebP files."""

    role: ChatRole
    text: str
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatRequest:
    """`max_tokens`: as long as the answer may be."""

    turns: Sequence[ChatTurn]
    max_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenUsage:
    """As the server measured it, where that can be true."""

    prompt: int
    completion: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    """More of the answer; never of what the model thinks before it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamEnd:
    """`usage`: None where the server told none, or none that can be true. `facts`: for the journal, in the server's
    words: `finish_reason`, `model`, `id`, `status_code`, `usage`, `reasoning` (characters that were thought)."""

    finish: "FinishReason"
    usage: TokenUsage | None
    facts: dict[str, Any] = field(default_factory=dict)  # Any: JSON


ChatEvent: TypeAlias = TextDelta | StreamEnd


class ChatRuntime(Protocol):
    """Belongs to one event loop and never blocks it."""

    async def check(self) -> None:
        """The server has this model and would answer now. Raises ServerAway, or ModelBroken for what an operator must
        mend. Once a request was refused for a reason of the operator's, as an empty account, it asks for one token."""

    def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        """The answer as it comes: texts, then exactly one StreamEnd. `aclose()` and cancellation close the connection.
        Nothing is tried again here.

        Raises ServerAway, ModelUnavailable, ModelBroken, RunTimeout, RunFailed, StreamCut, RequestRefused,
        ContextTooLong, BadInput, BadOutput, EmptyAnswer.
        """

    async def transcribe(self, sound: bytes) -> str:
        """What is said in a voice message (Opus in Ogg). Asked once. Raises ServerAway, ModelUnavailable, ModelBroken,
        RunFailed, SoundRefused, RequestRefused, BadOutput, NothingHeard."""

    def retire(self) -> "asyncio.Future[None]":
        """No more streams; done after the last of those that run."""

    async def close(self) -> None:
        """Let go of connections. What still runs is cut."""
