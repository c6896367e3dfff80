"""Notifications of a payment provider: posted to the shop's address, repeated until it takes them."""

import asyncio
import heapq
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal

from sandbox.clock import Clock, Signal
from sandbox.faults import Faults
from sandbox.provider_faults import NOTIFICATION_FAULTS, ShopFault

KEPT = 20_000
AT_ONCE = 50
CHECK_SECONDS = 3600.0
NO_ADDRESS = "the shop has no webhook_url"
JsonObject = dict[str, Any]  # Any: JSON as a provider sends it


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    body: bytes


Post = Callable[[str, bytes, dict[str, str]], Awaitable[Reply]]
"""Send a body with headers to an address; raises OSError when there is no answer."""
Status = Literal["waiting", "held", "delivered", "lost", "unsent", "given_up", "refused"]


@dataclass(slots=True, kw_only=True)
class WebhookCall:
    n: int
    event: str
    object_id: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    created_at: float
    status: Status = "waiting"
    """`unsent`: the shop had no address; `held`: goes after the next one; `refused`: a forged one, and not taken."""
    attempts: list[JsonObject] = field(default_factory=list)
    next_at: float | None = None
    repeats: int = 0

    def view(self) -> JsonObject:
        """The control API's delivery."""
        return {
            "n": self.n,
            "event": self.event,
            "object_id": self.object_id,
            "status": self.status,
            "attempts": self.attempts,
            "next_at": self.next_at,
            "created_at": self.created_at,
            "body": self.body.decode("utf-8", "replace"),
        }


@dataclass(frozen=True, slots=True, order=True)
class Errand:
    """One attempt to be made. A repeat on demand is not followed by others, whatever comes of it."""

    due: float
    order: int
    notification: WebhookCall = field(compare=False)
    is_extra: bool = field(compare=False)


class Notifier(ABC):
    def __init__(self, clock: Clock, faults: Faults[ShopFault]) -> None:
        self._clock = clock
        self._faults = faults
        self._kept: deque[WebhookCall] = deque(maxlen=KEPT)
        self._errands: list[Errand] = []
        self._held: list[WebhookCall] = []
        self._busy = 0
        self._numbers = count(1)
        self._orders = count()
        self._changed = Signal()

    @abstractmethod
    def address(self, event: str) -> str | None:
        """Where such notifications go."""

    @abstractmethod
    def is_taken(self, reply: Reply) -> bool: ...

    @abstractmethod
    def pause(self, notification: WebhookCall) -> float | None:
        """Before it is repeated; None: not any more."""

    def send(self, event: str, object_id: str, body: bytes, headers: dict[str, str]) -> WebhookCall:
        notification = self._new(event, object_id, body, headers)
        fault = self._faults.take(event, NOTIFICATION_FAULTS)
        kind = fault.kind if fault else None
        if fault is not None and kind == "lose":
            notification.status = "lost"
        elif fault is not None and kind == "reorder":
            notification.status = "held"
            self._held.append(notification)
            self._plan(notification, fault.seconds)
        else:
            self._plan(notification, fault.seconds if fault is not None and kind == "delay" else 0.0)
            for _ in range(fault.copies if fault is not None and kind == "repeat" else 0):
                self._plan(notification, 0.0, is_extra=True)
        return notification

    def forge(self, body: bytes, headers: dict[str, str], event: str = "forged") -> WebhookCall:
        """Something that the provider never said, posted once."""
        notification = self._new(event, "", body, headers)
        self._plan(notification, 0.0, is_extra=True)
        return notification

    def send_again(self, notification: WebhookCall, times: int) -> None:
        for _ in range(times):
            self._plan(notification, 0.0, is_extra=True)

    def get(self, n: int) -> WebhookCall | None:
        index = n - self._kept[0].n if self._kept else -1
        return self._kept[index] if 0 <= index < len(self._kept) else None

    def after(self, n: int) -> list[WebhookCall]:
        return [each for each in self._kept if each.n > n]

    async def attempted(self, notification: WebhookCall, attempts: int, within: float) -> None:
        """Wait until it was posted so many times."""
        await self._until(lambda: len(notification.attempts) >= attempts, within)

    async def settled(self, within: float) -> None:
        """Wait until nothing is on its way or due."""
        await self._until(lambda: not self._busy and not (self._errands and self._is_due()), within)

    async def run(self, post: Post) -> None:
        """Deliver for ever. One of it runs for each shop."""
        async with asyncio.TaskGroup() as posts:
            while True:
                if self._busy < AT_ONCE and self._errands and self._is_due():
                    self._busy += 1
                    posts.create_task(self._do(heapq.heappop(self._errands), post))
                else:
                    await self._changed.wait(self._clock, self._pause())

    def _new(self, event: str, object_id: str, body: bytes, headers: dict[str, str]) -> WebhookCall:
        notification = WebhookCall(
            n=next(self._numbers),
            event=event,
            object_id=object_id,
            body=body,
            headers=headers,
            created_at=self._clock.now(),
        )
        self._kept.append(notification)
        return notification

    def _plan(self, notification: WebhookCall, pause: float, *, is_extra: bool = False) -> None:
        due = self._clock.now() + pause
        if not is_extra:
            notification.next_at = due
        heapq.heappush(self._errands, Errand(due, next(self._orders), notification, is_extra))
        self._changed.notify()

    def _is_due(self) -> bool:
        return self._errands[0].due <= self._clock.now()

    def _pause(self) -> float:
        if not self._errands or self._busy >= AT_ONCE:
            return CHECK_SECONDS
        return max(0.0, self._errands[0].due - self._clock.now())

    async def _until(self, happened: Callable[[], bool], within: float) -> None:
        deadline = self._clock.now() + within
        while not happened() and (left := deadline - self._clock.now()) > 0:
            await self._changed.wait(self._clock, left)

    async def _do(self, errand: Errand, post: Post) -> None:
        notification = errand.notification
        try:
            if errand.is_extra or notification.next_at == errand.due:  # else: it went already, by a quicker errand
                await self._attempt(notification, post, is_extra=errand.is_extra)
        finally:
            self._busy -= 1
            self._changed.notify()

    async def _attempt(self, notification: WebhookCall, post: Post, *, is_extra: bool) -> None:
        if not is_extra:
            notification.next_at = None
        reply = await self.post(notification, post)
        self._judge(notification, reply, is_extra=is_extra)
        if not is_extra:
            self._release(notification)

    async def post(self, notification: WebhookCall, post: Post) -> Reply | None:
        """Once, and written down; None where nobody answered."""
        attempt: JsonObject = {"at": self._clock.now(), "status": None}
        reply = None
        address = self.address(notification.event)
        if address is None:
            attempt["error"] = NO_ADDRESS
        else:
            try:
                reply = await post(address, notification.body, notification.headers)
                attempt["status"] = reply.status
            except OSError as error:
                attempt["error"] = str(error) or type(error).__name__
        notification.attempts.append(attempt)
        return reply

    def _judge(self, notification: WebhookCall, reply: Reply | None, *, is_extra: bool) -> None:
        if reply is not None and self.is_taken(reply):
            notification.status, notification.next_at = "delivered", None
        elif is_extra:
            if notification.status == "waiting" and notification.next_at is None:
                notification.status = "refused"
        elif notification.status == "delivered":
            return
        elif self.address(notification.event) is None:
            notification.status = "unsent"
        elif (pause := self.pause(notification)) is None:
            notification.status = "given_up"
        else:
            notification.status = "waiting"
            notification.repeats += 1
            self._plan(notification, pause)

    def _release(self, delivered: WebhookCall) -> None:
        """What was held back goes after another one went."""
        for held in [each for each in self._held if each is not delivered]:
            self._plan(held, 0.0)
        self._held.clear()
