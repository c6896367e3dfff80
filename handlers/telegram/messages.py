"""Messages that become something else: one change in a chat at a time, and which of them may still show an older one.

An edit whose connection is cut may reach Telegram later, and cover what was put there after it. So a message in doubt
is looked at once more: a notification of the outbox puts the truth into it again.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import AiogramError, TelegramEntityTooLarge
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from handlers.telegram.client import PASSING
from services.coordination.base import Coordination
from services.coordination.locks import KeyedLocks
from services.notifications.notification import About
from services.notifications.sending import Outbox
from services.notifications.settle import RECHECK_AFTER

DOUBT_SECONDS = RECHECK_AFTER.total_seconds()  # a request that is not answered may take effect for so long


class ChatBusy(Exception):
    """Others do not let go of the chat's messages."""


class Messages:
    """Of all chats."""

    def __init__(self, outbox: Outbox, coordination: Coordination) -> None:
        self._outbox = outbox
        self._coordination = coordination
        self._chats: KeyedLocks[int] = KeyedLocks()
        self._doubts: dict[tuple[int, int], float] = {}  # until when
        self._now = asyncio.get_running_loop().time

    def is_held(self, chat_id: int) -> bool:
        """By this process."""
        return self._chats.is_held(chat_id)

    @asynccontextmanager
    async def hold(self, chat_id: int, *, within: float | None = None) -> AsyncGenerator[None, None]:
        """Nobody else changes the chat's messages that tell of payments and predictions: read what is true now and show
        that. Raises `ChatBusy` where others have them for so many seconds. Processes that cannot reach each other do
        without: who shows something looks again whether it is still true."""
        async with AsyncExitStack() as held:
            try:
                async with asyncio.timeout(within):
                    await held.enter_async_context(self._chats.hold(chat_id))
                    turn = self._coordination.hold(f"messages:{chat_id}", alone_if_away=True)
                    await held.enter_async_context(turn)
            except TimeoutError:
                raise ChatBusy(chat_id) from None
            yield

    @asynccontextmanager
    async def change(self, about: About, chat_id: int, message_id: int) -> AsyncGenerator[None, None]:
        """As `hold`, for the message of a payment or prediction. Where it is not sure that the message shows what was
        put into it, it is looked at again."""
        async with self.hold(chat_id):
            try:
                yield
            except (AiogramError, asyncio.CancelledError):
                await self._outbox.recheck(about)
                raise
            await self.recheck_if_in_doubt(about, chat_id, message_id)

    async def recheck(self, about: About) -> None:
        """Its message may show what is no longer so."""
        await self._outbox.recheck(about)

    async def recheck_if_in_doubt(self, about: About, chat_id: int, message_id: int) -> None:
        if self._doubts.get((chat_id, message_id), 0.0) > self._now():
            await self._outbox.recheck(about)

    def doubt(self, chat_id: int, message_id: int) -> None:
        """An edit of it was not answered."""
        now = self._now()
        self._doubts = {message: until for message, until in self._doubts.items() if until > now}
        self._doubts[chat_id, message_id] = now + DOUBT_SECONDS


class NoteDoubts(BaseRequestMiddleware):
    """Sees each try by itself, so it stands inside of what repeats them."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        try:
            return await make_request(bot, method)
        except TelegramEntityTooLarge:  # by its class a trouble of the network, in truth a plain no
            raise
        except (*PASSING, asyncio.CancelledError):
            chat_id, message_id = getattr(method, "chat_id", None), getattr(method, "message_id", None)
            if isinstance(chat_id, int) and isinstance(message_id, int):
                self._messages.doubt(chat_id, message_id)
            raise
