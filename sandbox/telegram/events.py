"""What a person's screen is told, in order: the source of the server-sent events."""

from collections import deque
from dataclasses import dataclass

from sandbox.clock import Signal
from sandbox.telegram.wire import JsonObject, to_json

HISTORY = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    id: int
    name: str
    data: JsonObject

    def encode(self) -> bytes:
        return b"id: %d\nevent: %b\ndata: %b\n\n" % (self.id, self.name.encode(), to_json(self.data))


class EventStream:
    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=HISTORY)
        self.last_id = 0
        self.closed = False
        self.changed = Signal()

    def next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def publish(self, name: str, data: JsonObject, *, event_id: int | None = None) -> int:
        event = Event(id=event_id or self.next_id(), name=name, data=data)
        self._events.append(event)
        self.changed.notify()
        return event.id

    def after(self, event_id: int) -> list[Event]:
        return [each for each in self._events if each.id > event_id]

    def close(self) -> None:
        self.closed = True
        self.changed.notify()
