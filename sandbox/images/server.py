"""One images server: its key, how it hands pictures out, what the next calls meet."""

from collections import deque
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any, Final, Literal

from sandbox.clock import Clock, Signal
from sandbox.faults import Fault, Faults

MODEL: Final = "sandbox-image-1"
ImagesFaultKind = Literal[
    "401", "403", "404", "429", "500", "503", "quota", "refuse", "html", "broken", "no_picture", "hang"
]
CALLS: Final = ("models", "pictures")
KEPT: Final = 1_000  # calls, and pictures that are handed out by address


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesFault(Fault[ImagesFaultKind]):
    """`on`: one of CALLS."""


@dataclass(slots=True, kw_only=True)
class ImagesSettings:
    """`key`: what `Authorization: Bearer …` must say, if anything. `hands_out`: base64 in the answer, or an address."""

    key: str | None = None
    hands_out: Literal["b64", "url"] = "b64"


class ImagesServer:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.settings = ImagesSettings()
        self.faults: Faults[ImagesFault] = Faults()
        self.calls: deque[dict[str, Any]] = deque(maxlen=KEPT)  # Any: JSON
        self.files: dict[int, bytes] = {}
        self.closing = Signal()
        self._numbers = count(1)

    def keep(self, picture: bytes) -> int:
        """A number under which it is handed out."""
        number = next(self._numbers)
        self.files[number] = picture
        self.files.pop(number - KEPT, None)
        return number

    def view(self) -> dict[str, Any]:  # Any: JSON
        faults = [asdict(fault) for fault in self.faults.armed()]
        return {**asdict(self.settings), "model": MODEL, "calls": len(self.calls), "faults": faults}


class ImagesServers:
    """One for each world."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._servers: dict[int, ImagesServer] = {}

    def of(self, bot: int) -> ImagesServer:
        """Made when it is first asked for."""
        if bot not in self._servers:
            self._servers[bot] = ImagesServer(self._clock)
        return self._servers[bot]

    def close(self) -> None:
        for server in self._servers.values():
            server.closing.notify()
