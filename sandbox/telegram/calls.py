"""Every call that the bot made, for tests to look at."""

from collections import deque

from sandbox.telegram.errors import BotApiError
from sandbox.telegram.wire import JsonObject

KEPT = 20_000


class CallLog:
    def __init__(self) -> None:
        self._calls: deque[JsonObject] = deque(maxlen=KEPT)
        self._count = 0

    def add(self, method: str, params: JsonObject, *, at: float, unknown: list[str]) -> JsonObject:
        """An entry is written when the call comes in; `ok` is None until it is answered."""
        self._count += 1
        entry: JsonObject = {"n": self._count, "method": method, "params": params, "ok": None, "at": at}
        if unknown:
            entry["unknown"] = unknown
        self._calls.append(entry)
        return entry

    @staticmethod
    def close(entry: JsonObject, error: BotApiError | None = None) -> None:
        entry["ok"] = error is None
        if error is not None:
            entry["error_code"] = error.code
            entry["description"] = error.description

    def find(self, *, method: str | None = None, after: int = 0) -> list[JsonObject]:
        wanted = method.lower() if method else None
        return [each for each in self._calls if each["n"] > after and wanted in (None, each["method"].lower())]
