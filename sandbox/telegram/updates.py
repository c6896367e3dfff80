"""The queue of updates of one bot: long polling, confirmation by offset, repeats."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.clock import Clock, Signal
from sandbox.telegram.errors import Conflict
from sandbox.telegram.wire import JsonObject

MAX_POLL_SECONDS = 50
MAX_POLL_UPDATES = 100
HISTORY = 20_000
FIRST_UPDATE_ID = 700_000_001
UPDATE_TYPES = (
    *("message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message"),
    *("edited_business_message", "deleted_business_messages", "message_reaction", "message_reaction_count"),
    *("inline_query", "chosen_inline_result", "callback_query", "shipping_query", "pre_checkout_query"),
    *("purchased_paid_media", "poll", "poll_answer", "my_chat_member", "chat_member", "chat_join_request"),
    *("chat_boost", "removed_chat_boost", "guest_message", "managed_bot", "subscription", "stopped_message_generation"),
)
OPT_IN_TYPES = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


@dataclass(slots=True, eq=False)
class Pending:
    update: JsonObject
    key: int
    """Who it is about: updates with one key reach a webhook one after another."""
    repeat: bool = False
    until: float | None = None
    """Telegram keeps it no longer."""


class UpdateQueue:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next_id = FIRST_UPDATE_ID
        self._allowed: frozenset[str] | None = None
        self._history: dict[int, Pending] = {}
        self._polls = 0
        self._conflict = ""
        self._closed = False
        self.pending: deque[Pending] = deque()
        self.arrived = Signal()

    @property
    def allowed(self) -> list[str] | None:
        return None if self._allowed is None else sorted(self._allowed)

    @property
    def last(self) -> JsonObject | None:
        return next(reversed(self._history.values())).update if self._history else None

    def allow(self, types: Iterable[str] | None) -> None:
        """None keeps the earlier choice; an empty list is the default of all but the opt-in types."""
        if types is not None:
            self._allowed = frozenset(set(types) & set(UPDATE_TYPES)) or None

    def _wanted(self, kind: str) -> bool:
        if self._allowed is None:
            return kind not in OPT_IN_TYPES
        return kind in self._allowed

    def push(self, update: JsonObject, *, key: int = 0, lives: float | None = None, lost: bool = False) -> JsonObject:
        """Give the update its id and queue it, unless the bot did not ask for its type or it is `lost`. `lives`: for so
        many seconds."""
        numbered = {"update_id": self._next_id, **update}
        self._next_id += 1
        entry = Pending(numbered, key, until=None if lives is None else self._clock.now() + lives)
        self._history[numbered["update_id"]] = entry
        if len(self._history) > HISTORY:
            del self._history[next(iter(self._history))]
        kind = next((name for name in update if name != "update_id"), "")
        if not lost and (self._wanted(kind) or kind not in UPDATE_TYPES):
            self.pending.append(entry)
            self.arrived.notify()
        return numbered

    def repeat(self, update_id: int) -> JsonObject | None:
        entry = self._history.get(update_id)
        if entry is None:
            return None
        self.pending.append(Pending(entry.update, entry.key, repeat=True))
        self.arrived.notify()
        return entry.update

    def drop_old(self) -> None:
        now = self._clock.now()
        if any(each.until is not None and each.until <= now for each in self.pending):
            self.pending = deque(each for each in self.pending if each.until is None or each.until > now)

    def drop(self) -> None:
        self.pending.clear()

    def confirm(self, offset: int) -> None:
        if offset > 0:
            # A repeat bears an old id, so it is not confirmed by the offset but by having been handed out once.
            self.pending = deque(each for each in self.pending if each.repeat or each.update["update_id"] >= offset)
        elif offset < 0:
            while len(self.pending) > -offset:
                self.pending.popleft()

    def _take(self, limit: int) -> list[JsonObject]:
        taken = [each for each, _ in zip(self.pending, range(limit), strict=False)]
        for each in taken:
            if each.repeat:
                self.pending.remove(each)
        return [each.update for each in taken]

    async def poll(self, *, offset: int, limit: int, seconds: int, is_heard: Callable[[], bool]) -> list[JsonObject]:
        """`limit` is 1..100 and `seconds` 0..50; values outside are clamped, as Telegram does."""
        limit = limit if 1 <= limit <= MAX_POLL_UPDATES else MAX_POLL_UPDATES
        self.interrupt("terminated by other getUpdates request; make sure that only one bot instance is running")
        self._polls += 1
        me = self._polls
        self.confirm(offset)
        deadline = self._clock.now() + min(max(seconds, 0), MAX_POLL_SECONDS)
        self.drop_old()
        while not self.pending and not self._closed:
            left = deadline - self._clock.now()
            arrived = left > 0 and await self.arrived.wait(self._clock, left)
            if me != self._polls:
                raise Conflict(self._conflict)
            if not arrived or not is_heard():
                return []
        return self._take(limit)

    def interrupt(self, reason: str) -> None:
        """End a waiting poll with 409."""
        self._conflict = reason
        self._polls += 1
        self.arrived.notify()

    def close(self) -> None:
        self._closed = True
        self.arrived.notify()
