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

from db.errors import DatabaseUnavailable
from handlers.kit.middlewares import Handler
from handlers.telegram.client import PASSING
from services.coordination.deferred import DeferredStore
from services.coordination.locks import KeyedLocks

log = structlog.get_logger()

MAX_WAITING = 20  # updates of a chat; the oldest go first
PACE_SECONDS = 1.0  # between two answers to one chat, so that the next refusal does not follow at once
LOOK_SECONDS = 5.0  # what a process that ended has left is found within that
LEASE = 60.0  # for an answer; whose process dies meanwhile is answered by another one after that

FIRST_PAUSE = 2.0  # before a Telegram that was away is tried again; doubles
MAX_PAUSE = 30.0

Feed = Callable[[Update], Awaitable[Any]]  # Any: as aiogram's dispatcher answers


class DeferredUpdates(BaseMiddleware):
    """Keeps in `store` updates whose answer Telegram refused to take yet, and those of the same chat that come
    meanwhile. They are handled anew in their order, so that what was typed is not lost; of commands that only ask, and
    of taps on one button, the last is answered. Handling an update twice is as safe as after a crash: what costs
    something has keys of its own."""

    def __init__(self, feed: Feed, store: DeferredStore) -> None:
        self._feed = feed
        self._store = store
        self._tries: dict[int, int] = {}  # in vain, by chat
        self._anew: set[int] = set()  # updates that are handled now
        self._refused: set[int] = set()  # those of them that wait on
        self._looks: KeyedLocks[int] = KeyedLocks()
        self._wake = asyncio.Event()

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Update)
        chat_id = _chat_of(event)
        if chat_id is None or data.get("only_once"):
            return await handler(event, data)
        async with self._looks.hold(chat_id):  # nobody overtakes: they take their turns in the order of their looks
            waiting = event.update_id not in self._anew and await self._is_waiting(chat_id)
        if waiting:
            await self._keep(chat_id, event)
            return None
        try:
            result = await handler(event, data)
        except (TelegramRetryAfter, *PASSING) as error:
            pause = self._pause(chat_id, error)
            log.warning("answer_waits", update_id=event.update_id, chat_id=chat_id, seconds=pause)
            await self._store.postpone(chat_id, seconds=pause)
            await self._keep(chat_id, event)
            if event.update_id in self._anew:
                self._refused.add(event.update_id)
            self._wake.set()
            return None
        self._tries.pop(chat_id, None)
        return result

    async def _is_waiting(self, chat_id: int) -> bool:
        """Who cannot know handles the update, and says what is away."""
        try:
            return await self._store.is_waiting(chat_id)
        except DatabaseUnavailable as error:
            log.warning("deferred_not_known", chat_id=chat_id, error=str(error))
            return False

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
                try:
                    wait = await self._begin_due(answers)
                except DatabaseUnavailable as error:
                    log.warning("deferred_not_looked_at", error=str(error))
                    wait = LOOK_SECONDS
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(wait, LOOK_SECONDS)):
                        await self._wake.wait()

    async def _begin_due(self, answers: asyncio.TaskGroup) -> float:
        """Seconds until the next chat is due."""
        while (nearest := await self._store.nearest()) is not None:
            if nearest.seconds > 0:
                return nearest.seconds
            if await self._store.take(nearest.chat_id, seconds=LEASE):
                answers.create_task(self._answer(nearest.chat_id), name=f"deferred-{nearest.chat_id}")
        return math.inf

    async def _answer(self, chat_id: int) -> None:
        """The first of those that wait; the others a moment later."""
        try:
            waiting = await self._store.items(chat_id)
            number = next(iter(waiting), 0)
            if waiting:
                await self._handle(number, waiting[number])
            if number not in self._refused:
                await self._store.postpone(chat_id, seconds=PACE_SECONDS)
                await self._store.drop(chat_id, number)
            self._refused.discard(number)
        except DatabaseUnavailable as error:  # it is taken up again when the lease is over
            log.warning("deferred_not_answered", chat_id=chat_id, error=str(error))
        finally:
            self._wake.set()

    async def _handle(self, number: int, text: str) -> None:
        self._anew.add(number)
        try:
            await self._feed(Update.model_validate_json(text))
        except Exception:  # it is one update's trouble; others wait, too
            log.exception("update_failed", update_id=number)
        finally:
            self._anew.discard(number)

    async def _keep(self, chat_id: int, update: Update) -> None:
        await self._store.put(chat_id, update.update_id, _written(update))
        waiting = [Update.model_validate_json(text) for text in (await self._store.items(chat_id)).values()]
        kept = [each for i, each in enumerate(waiting) if not any(_stands_for(late, each) for late in waiting[i + 1 :])]
        for each in kept[:-MAX_WAITING]:
            log.warning("update_given_up", update_id=each.update_id, chat_id=chat_id)
        left = {each.update_id for each in kept[-MAX_WAITING:]} | (self._anew - {update.update_id})
        if gone := {each.update_id for each in waiting} - left:
            await self._store.drop(chat_id, *gone)


def _written(update: Update) -> str:
    """As Telegram wrote it. What it did not say stays unsaid: aiogram fills it with marks that no JSON has."""
    return update.model_dump_json(by_alias=True, exclude_unset=True)


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
