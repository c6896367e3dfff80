"""Telegram's rate limits for sending, as published: off unless a test turns them on."""

import math
from collections import deque

from sandbox.clock import Clock
from sandbox.telegram.errors import TooManyRequests

PER_SECOND_OVER_ALL = 30
PER_SECOND_IN_A_CHAT = 1
CHAT_BURST = 5
"""Telegram lets short bursts into one chat pass before it refuses."""


class RateLimit:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: deque[float] = deque(maxlen=PER_SECOND_OVER_ALL)
        self._chats: dict[int, float] = {}
        self.enabled = False

    def check(self, chat_id: int) -> None:
        if not self.enabled:
            return
        now = self._clock.now()
        if len(self._all) == PER_SECOND_OVER_ALL and now - self._all[0] < 1.0:
            raise TooManyRequests(1)
        # The moment at which the chat's backlog is paid off, one message a second.
        paid_off = max(self._chats.get(chat_id, now), now) + 1 / PER_SECOND_IN_A_CHAT
        if paid_off - now > CHAT_BURST:
            raise TooManyRequests(math.ceil(paid_off - now - CHAT_BURST))
        self._chats[chat_id] = paid_off
        self._all.append(now)
