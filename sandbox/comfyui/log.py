"""Every call that came, for tests to look at."""

from collections import deque

from sandbox.comfyui.wire import JsonObject

KEPT = 20_000


class Log:
    def __init__(self) -> None:
        self._calls: deque[JsonObject] = deque(maxlen=KEPT)
        self._count = 0

    def add(self, name: str, path: str, *, query: str, at: float) -> JsonObject:
        """`status` is None until it is answered, 0 if it was cut."""
        self._count += 1
        entry: JsonObject = {"n": self._count, "call": name, "path": path, "query": query, "at": at, "status": None}
        self._calls.append(entry)
        return entry

    def find(self, *, call: str | None = None, after: int = 0) -> list[JsonObject]:
        return [each for each in self._calls if each["n"] > after and call in (None, each["call"])]
