"""Faults on demand: what the next calls of a method meet instead of, before or after their work."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from sandbox.telegram.errors import BotApiError, Forbidden, TooManyRequests
from sandbox.telegram.wire import JsonObject

FaultKind = Literal["429", "400", "401", "403", "404", "409", "500", "502", "cut", "cut_after", "slow", "html", "late"]

REFUSALS: Final = {
    "400": "Bad Request: chat not found",
    "401": "Unauthorized",
    "404": "Not Found",
    "409": "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    "500": "Internal Server Error",
    "502": "Bad Gateway",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    method: str
    kind: FaultKind
    times: int = 1
    """0: until the faults are cleared."""
    retry_after: int = 1
    chat_id: int | None = None
    seconds: float = 1.0
    """Of `slow`, and of `late`: the connection is cut at once, and the call takes effect afterwards."""
    description: str | None = None

    def matches(self, method: str, params: JsonObject) -> bool:
        if self.method == "*":
            # A waiting bot polls all the time and would eat every fault meant for what it does.
            if method == "getupdates":
                return False
        elif self.method.lower() != method:
            return False
        return self.chat_id is None or str(params.get("chat_id")) == str(self.chat_id)

    def error(self) -> BotApiError | None:
        if self.kind == "429":
            return TooManyRequests(self.retry_after)
        if self.kind == "403":
            return Forbidden("bot was blocked by the user") if not self.description else self._error(403)
        if self.kind in REFUSALS:
            return self._error(int(self.kind), REFUSALS[self.kind])
        return None

    def _error(self, code: int, default: str = "") -> BotApiError:
        return BotApiError(code, self.description or default)


class Faults:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        self._faults.append(fault)

    def clear(self) -> None:
        self._faults.clear()

    def take(self, method: str, params: JsonObject) -> Fault | None:
        """The first fault that fits this call (`method` in lower case), used up once."""
        for index, fault in enumerate(self._faults):
            if fault.matches(method, params):
                if fault.times == 1:
                    del self._faults[index]
                elif fault.times > 1:
                    self._faults[index] = replace(fault, times=fault.times - 1)
                return fault
        return None
