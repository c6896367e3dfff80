"""Delivery of updates to a bot's webhook: in order for each person, repeated until 2xx."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from sandbox.clock import Clock
from sandbox.telegram.updates import Pending, UpdateQueue
from sandbox.telegram.wire import JsonObject, to_json

FIRST_BACKOFF_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 60.0
CHECK_SECONDS = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    status: int
    retry_after: float | None = None


Post = Callable[[str, bytes, dict[str, str]], Awaitable[Answer]]
"""Send a body with headers to an address; raises OSError when there is no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    url: str
    secret_token: str | None = None
    max_connections: int = 40
    ip_address: str | None = None
    has_certificate: bool = False


class Webhook:
    def __init__(self, updates: UpdateQueue, clock: Clock) -> None:
        self._updates = updates
        self._clock = clock
        self._target: Target | None = None
        self._busy: dict[int, Pending] = {}
        self._waits: dict[int, tuple[float, float]] = {}
        """Key of those whose delivery failed → (not before, back-off)."""
        self._last_error: tuple[int, str] | None = None

    @property
    def active(self) -> bool:
        return self._target is not None

    def set(self, target: Target | None) -> None:
        if target is None or self._target is None or target.url != self._target.url:
            self._last_error = None
            self._waits.clear()
        self._target = target
        self._updates.arrived.notify()

    def info(self) -> JsonObject:
        """The Bot API's WebhookInfo."""
        target = self._target
        info: JsonObject = {
            "url": target.url if target else "",
            "has_custom_certificate": bool(target and target.has_certificate),
            "pending_update_count": len(self._updates.pending),
        }
        if self._updates.allowed is not None:
            info["allowed_updates"] = self._updates.allowed
        if target:
            info["max_connections"] = target.max_connections
            info["ip_address"] = target.ip_address or "127.0.0.1"
        if self._last_error:
            info["last_error_date"], info["last_error_message"] = self._last_error
        return info

    async def run(self, post: Post) -> None:
        """Deliver for ever. One of it runs for each world."""
        async with asyncio.TaskGroup() as deliveries:
            while True:
                entry = self._next()
                if entry is None:
                    await self._updates.arrived.wait(self._clock, self._pause())
                    continue
                self._busy[entry.key] = entry
                deliveries.create_task(self._deliver(entry, post))

    def _next(self) -> Pending | None:
        if self._target is None or len(self._busy) >= self._target.max_connections:
            return None
        self._updates.drop_old()
        held = set(self._busy)
        now = self._clock.now()
        for entry in self._updates.pending:
            if entry.key not in held and self._waits.get(entry.key, (0.0, 0.0))[0] <= now:
                return entry
            held.add(entry.key)
        return None

    def _pause(self) -> float:
        now = self._clock.now()
        return min((until - now for until, _ in self._waits.values() if until > now), default=CHECK_SECONDS)

    async def _deliver(self, entry: Pending, post: Post) -> None:
        target = self._target
        try:
            if target is not None:
                await self._attempt(entry, target, post)
        finally:
            self._busy.pop(entry.key, None)
            self._updates.arrived.notify()

    async def _attempt(self, entry: Pending, target: Target, post: Post) -> None:
        headers = {"Content-Type": "application/json"}
        if target.secret_token:
            headers["X-Telegram-Bot-Api-Secret-Token"] = target.secret_token
        try:
            answer = await post(target.url, to_json(entry.update), headers)
        except OSError as error:
            self._failed(entry, str(error) or type(error).__name__, None)
            return
        if 200 <= answer.status < 300:
            self._waits.pop(entry.key, None)
            _discard(self._updates.pending, entry)
            return
        self._failed(entry, f"Wrong response from the webhook: {answer.status}", answer.retry_after)

    def _failed(self, entry: Pending, message: str, retry_after: float | None) -> None:
        now = self._clock.now()
        _, last = self._waits.get(entry.key, (0.0, FIRST_BACKOFF_SECONDS / 2))
        delay = min(last * 2, MAX_BACKOFF_SECONDS)
        self._last_error = (int(now), message)
        self._waits[entry.key] = (now + (retry_after or delay), delay)


def _discard(pending: deque[Pending], entry: Pending) -> None:
    if entry in pending:
        pending.remove(entry)
