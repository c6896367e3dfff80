"""What was asked while the answer could not be brought: Telegram lets nobody write to the chat for a while, or is away.
It is answered when that is over."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog
from aiogram import BaseMiddleware
from aiogram.exceptions import TelegramRetryAfter
from aiogram.types import CallbackQuery, Message, TelegramObject, Update

from handlers.kit.middlewares import Handler
from handlers.telegram.client import PASSING

log = structlog.get_logger()

MAX_WAITING = 20  # updates of a chat; the oldest go first
PACE_SECONDS = 1.0  # between two answers to one chat, so that the next refusal does not follow at once

FIRST_PAUSE = 2.0  # before a Telegram that was away is tried again; doubles
MAX_PAUSE = 30.0

Feed = Callable[[Update], Awaitable[Any]]  # Any: as aiogram's dispatcher answers


class DeferredUpdates(BaseMiddleware):
    """Keeps, in this process, updates whose answer Telegram refused to take yet, and those of the same chat that come
    meanwhile. They are handled anew in their order, so that what was typed is not lost; of commands that only ask, and
    of taps on one button, the last is answered. Handling an update twice is as safe as after a crash: what costs
    something has keys of its own."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._waiting: dict[int, list[Update]] = {}  # by chat, in Telegram's order
        self._due: dict[int, float] = {}
        self._tries: dict[int, int] = {}  # in vain, by chat
        self._anew: set[int] = set()  # updates that are handled now
        self._now = asyncio.get_running_loop().time
        self._wake = asyncio.Event()

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Update)
        chat_id = _chat_of(event)
        if chat_id is None or data.get("only_once"):
            return await handler(event, data)
        if chat_id in self._due and event.update_id not in self._anew:
            self._keep(chat_id, event)
            return None
        try:
            result = await handler(event, data)
        except (TelegramRetryAfter, *PASSING) as error:
            pause = self._pause(chat_id, error)
            log.warning("answer_waits", update_id=event.update_id, chat_id=chat_id, seconds=pause)
            self._keep(chat_id, event)
            self._due[chat_id] = self._now() + pause
            self._wake.set()
            return None
        self._tries.pop(chat_id, None)
        return result

    def _pause(self, chat_id: int, error: Exception) -> float:
        """Seconds: as told, or growing ones."""
        if isinstance(error, TelegramRetryAfter):
            return error.retry_after
        tries = self._tries[chat_id] = self._tries.get(chat_id, 0) + 1
        return min(FIRST_PAUSE * 2.0 ** min(tries - 1, 8), MAX_PAUSE)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as answers:
            while True:
                self._wake.clear()
                for chat_id in [chat_id for chat_id, due in self._due.items() if due <= self._now()]:
                    self._due[chat_id] = math.inf
                    answers.create_task(self._answer(chat_id), name=f"deferred-{chat_id}")
                nearest = min(self._due.values(), default=math.inf)
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(None if nearest == math.inf else nearest):
                        await self._wake.wait()

    async def _answer(self, chat_id: int) -> None:
        """The first of those that wait; the others a moment later."""
        update = self._waiting[chat_id].pop(0)
        self._anew.add(update.update_id)
        try:
            await self._feed(update)
        except Exception:  # it is one update's trouble; others wait, too
            log.exception("update_failed", update_id=update.update_id)
        finally:
            self._anew.discard(update.update_id)
            if not self._waiting[chat_id]:
                del self._waiting[chat_id], self._due[chat_id]
            elif self._due[chat_id] == math.inf:
                self._due[chat_id] = self._now() + PACE_SECONDS
            self._wake.set()

    def _keep(self, chat_id: int, update: Update) -> None:
        waiting = sorted([*self._waiting.get(chat_id, ()), update], key=lambda each: each.update_id)
        kept = [each for i, each in enumerate(waiting) if not any(_stands_for(late, each) for late in waiting[i + 1 :])]
        for each in kept[:-MAX_WAITING]:
            log.warning("update_given_up", update_id=each.update_id, chat_id=chat_id)
        self._waiting[chat_id] = kept[-MAX_WAITING:]


def _chat_of(update: Update) -> int | None:
    match update.event:
        case CallbackQuery() as query:
            return query.from_user.id
        case Message() as message:
            return message.chat.id
    return None


def _stands_for(later: Update, earlier: Update) -> bool:
    """Whether an answer to the later is one to the earlier."""
    if later.message is not None and earlier.message is not None:
        return _is_command(later.message) and _is_command(earlier.message)
    if later.callback_query is not None and earlier.callback_query is not None:
        return _button(later.callback_query) == _button(earlier.callback_query)
    return False


def _is_command(message: Message) -> bool:
    return (message.text or "").startswith("/")


def _button(query: CallbackQuery) -> tuple[str | None, int | None]:
    return query.data, None if query.message is None else query.message.message_id
