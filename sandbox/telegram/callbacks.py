"""Presses of inline buttons that wait for the bot's answer."""

from dataclasses import dataclass

from sandbox.clock import Clock, Signal
from sandbox.telegram.errors import QUERY_TOO_OLD, BadRequest
from sandbox.telegram.wire import JsonObject

ANSWER_WITHIN_SECONDS = 60.0
KEPT = 20_000


@dataclass(slots=True, kw_only=True)
class Callback:
    id: str
    person_id: int
    pressed_at: float
    answer: JsonObject | None = None

    def state(self) -> JsonObject:
        return {"answered": self.answer is not None, **(self.answer or {})}


class Callbacks:
    def __init__(self, clock: Clock, bot_id: int) -> None:
        self._clock = clock
        self._next = bot_id * 1_000_000_000
        self._callbacks: dict[str, Callback] = {}
        self.answered = Signal()

    def press(self, person_id: int) -> Callback:
        self._next += 1
        callback = Callback(id=str(self._next), person_id=person_id, pressed_at=self._clock.now())
        self._callbacks[callback.id] = callback
        if len(self._callbacks) > KEPT:
            del self._callbacks[next(iter(self._callbacks))]
        return callback

    def get(self, callback_id: str) -> Callback | None:
        return self._callbacks.get(callback_id)

    def answer(self, callback_id: str, answer: JsonObject) -> Callback:
        """The first answer stands; one more in time is accepted and shows nothing."""
        callback = self._callbacks.get(callback_id)
        if callback is None or self._clock.now() - callback.pressed_at > ANSWER_WITHIN_SECONDS:
            raise BadRequest(QUERY_TOO_OLD)
        if callback.answer is None:
            callback.answer = answer
            self.answered.notify()
        return callback
