"""One inference server: its dialect, which models are loaded, what was asked of it."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sandbox.clock import Clock, Signal
from sandbox.faults import Faults
from sandbox.inference.dialects import DIALECTS, Dialect
from sandbox.inference.faults import ServerFault
from sandbox.inference.models import MODELS, ServedModel
from sandbox.inference.wire import JsonObject

KEPT: Final = 20_000  # calls


@dataclass(slots=True, kw_only=True)
class ServerSettings:
    """`header`: what every call must bring, as `Name: value`. `metadata`, `binary_out` and `max_bytes` of None are
    those of the dialect. `cuts`: what is too long is cut without an answer, else it gets a 413."""

    dialect: str = "triton"
    header: str | None = None
    metadata: bool | None = None
    binary_out: bool | None = None
    max_bytes: int | None = None
    cuts: bool = True


class InferenceServer:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.settings = ServerSettings()
        self.models = {model.name: model for model in MODELS}
        self.unloaded: set[str] = set()
        self.faults: Faults[ServerFault] = Faults()
        self.calls: deque[JsonObject] = deque(maxlen=KEPT)
        self.closing = Signal()
        self.worker_is_dead = False
        self._count = 0

    @property
    def dialect(self) -> Dialect:
        return DIALECTS[self.settings.dialect]

    @property
    def max_bytes(self) -> int | None:
        return self.settings.max_bytes or self.dialect.max_bytes

    def ready(self, name: str) -> bool:
        return name in self.models and name not in self.unloaded

    def find(self, name: str) -> ServedModel | None:
        return self.models.get(name)

    def log(self, call: str, path: str, *, size: int, binary: bool) -> JsonObject:
        """Written when the call comes in; `status` is None until it is answered, 0 if it was cut."""
        self._count += 1
        entry: JsonObject = {"n": self._count, "call": call, "path": path, "bytes": size, "binary": binary, "rows": 0}
        entry |= {"status": None, "at": self.clock.now()}
        self.calls.append(entry)
        return entry

    def close(self) -> None:
        self.closing.notify()


class InferenceServers:
    """One for each world."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._servers: dict[int, InferenceServer] = {}

    def __iter__(self) -> Iterator[InferenceServer]:
        return iter(self._servers.values())

    def of(self, bot: int) -> InferenceServer:
        """Made when it is first asked for."""
        if bot not in self._servers:
            self._servers[bot] = InferenceServer(self._clock)
        return self._servers[bot]

    def remove(self, bot: int) -> None:
        if (server := self._servers.pop(bot, None)) is not None:
            server.close()
