"""One AI provider: its key and dialect, what its next calls meet, what it was asked."""

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any, Final, Literal

from sandbox.clock import Clock, Signal

MODEL: Final = "sandbox-chat-1"
KEPT: Final = 10_000  # calls
AWAY: Final = frozenset({"401", "403", "500", "502", "503", "529"})
"""Faults that, armed for good, every call meets, also those for the list of models."""
Dialect = Literal["openai", "openrouter", "gateway"]
ChatFault = Literal[
    "400", "401", "402", "403", "404", "408", "409", "413", "422", "429", "500", "502", "503", "529",
    "quota", "refuse", "context", "context_text", "context_llama", "context_flat", "context_status", "detail",
    "picture", "no_stream_options",
    "html", "error_200", "plain_json", "cut_before", "hang",
    "cut", "truncated", "malformed", "stall", "error_in_stream", "error_chunk", "comments",
    "no_usage", "zero_usage", "negative_usage", "wild_usage", "bad_utf8", "drip", "endless",
    "reasoning", "empty",
]  # fmt: skip


@dataclass(slots=True, kw_only=True)
class OpenAISettings:
    """`key`: what `Authorization: Bearer …` must say, if anything. `pace`: seconds between two pieces of a stream.
    `context`: tokens that a request may have."""

    key: str | None = None
    dialect: Dialect = "openai"
    pace: float = 0.0
    context: int = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedChatFault:
    kind: ChatFault
    retry_after: float | None = None  # seconds


class OpenAIServer:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.settings = OpenAISettings()
        self.faults: deque[ArmedChatFault] = deque()
        self.standing: ArmedChatFault | None = None  # met once there are no others
        self.calls: deque[dict[str, Any]] = deque(maxlen=KEPT)  # Any: JSON
        self.open = 0  # streams under way
        self.closing = Signal()
        self._numbers = count(1)

    def next_id(self) -> str:
        return f"chatcmpl-sandbox-{next(self._numbers)}"

    def arm(self, fault: ArmedChatFault, times: int) -> None:
        """For so many calls; 0: until the faults are cleared."""
        if times:
            self.faults.extend([fault] * times)
        else:
            self.standing = fault

    def next_fault(self) -> ArmedChatFault | None:
        return self.faults.popleft() if self.faults else self.standing

    def clear_faults(self) -> None:
        self.faults.clear()
        self.standing = None

    def view(self) -> dict[str, Any]:  # Any: JSON
        """What the panel shows."""
        return {
            **asdict(self.settings),
            "model": MODEL,
            "faults": [each.kind for each in self.faults],
            "standing": None if self.standing is None else self.standing.kind,
            "calls": len(self.calls),
            "open": self.open,
        }


class OpenAIServers:
    """One for each world."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._servers: dict[int, OpenAIServer] = {}

    def __iter__(self) -> Iterator[OpenAIServer]:
        return iter(self._servers.values())

    def of(self, bot: int) -> OpenAIServer:
        """Made when it is first asked for."""
        if bot not in self._servers:
            self._servers[bot] = OpenAIServer(self._clock)
        return self._servers[bot]

    def close(self) -> None:
        for server in self:
            server.closing.notify()
