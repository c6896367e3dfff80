"""Every call that a shop made to its payment provider, for tests to look at."""

from collections import deque
from typing import Any

KEPT = 20_000
JsonObject = dict[str, Any]  # Any: JSON, as it was sent


class Calls:
    def __init__(self) -> None:
        self._calls: deque[JsonObject] = deque(maxlen=KEPT)
        self._count = 0

    def add(self, name: str, path: str, *, key: str | None, body: JsonObject, at: float) -> JsonObject:
        """An entry is written when the call comes in; `status` is None until it is answered, 0 if it was cut."""
        self._count += 1
        entry: JsonObject = {"n": self._count, "call": name, "path": path, "key": key, "body": body, "at": at}
        entry["status"] = None
        self._calls.append(entry)
        return entry

    def find(self, *, call: str | None = None, after: int = 0) -> list[JsonObject]:
        return [each for each in self._calls if each["n"] > after and call in (None, each["call"])]
