"""Idempotence keys: the first answer to a key is the answer to its repeats, for a day."""

from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.yookassa.errors import ApiError
from sandbox.yookassa.wire import JsonObject

KEPT_SECONDS = 24 * 3600.0
MAX_LENGTH = 64
PARAMETER = "Idempotence-Key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    until: float
    path: str
    body: JsonObject
    answer: bytes


class Keys:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[str, Kept] = {}
        """In the order of `until`."""

    def find(self, key: str | None, path: str, body: JsonObject) -> bytes | None:
        """The first answer, if this is a repeat. Raises ApiError for a key that is missing, illegal or another's."""
        if not key:
            raise ApiError("Idempotence key is missing. Specify the Idempotence-Key header", PARAMETER)
        if len(key) > MAX_LENGTH:
            raise ApiError(f"Idempotence key is too long: {MAX_LENGTH} characters at most", PARAMETER)
        self._forget()
        kept = self._kept.get(key)
        if kept is None:
            return None
        if (kept.path, kept.body) != (path, body):
            raise ApiError("Idempotence key duplicated", PARAMETER)
        return kept.answer

    def keep(self, key: str, path: str, body: JsonObject, answer: bytes) -> None:
        self._kept[key] = Kept(until=self._clock.now() + KEPT_SECONDS, path=path, body=body, answer=answer)

    def _forget(self) -> None:
        now = self._clock.now()
        while self._kept and self._kept[oldest := next(iter(self._kept))].until <= now:
            del self._kept[oldest]
