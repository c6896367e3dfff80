"""Sends what the outbox holds, at Telegram's pace, until each message has arrived or nobody is there to read it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError, TelegramRetryAfter

from bot import chat
from bot.i18n import Catalogues, Translator
from bot.locks import KeyedLocks
from bot.pace import Pace
from bot.screens import Screen
from bot.telegram import is_gone
from db.errors import DatabaseUnavailable
from services.outbox import Letter, Outbox
from services.users import Users

log = structlog.get_logger()

POLL_SECONDS = 1.0
AT_ONCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What to put into the chat; with `into`, the id of the message that becomes it, where that still can be done."""

    screen: Screen
    into: int | None = None


Present = Callable[[Letter, Translator], Awaitable[Parcel | None]]  # None: there is nothing to tell any more


class Delivery:
    """`presenters`: who turns the payload of each kind of letter into a screen."""

    def __init__(
        self, bot: Bot, outbox: Outbox, users: Users, catalogues: Catalogues, presenters: dict[str, Present]
    ) -> None:
        self.messages: KeyedLocks[tuple[int, int]] = KeyedLocks()  # who turns a message into something, by chat and id
        self._bot = bot
        self._outbox = outbox
        self._users = users
        self._catalogues = catalogues
        self._presenters = presenters
        self._wake = asyncio.Event()
        self._pace = Pace(asyncio.get_running_loop().time)

    def wake(self) -> None:
        """There is something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as letters:
            while True:
                self._wake.clear()
                claimed = await self._claim()
                for letter in claimed:
                    letters.create_task(self._deliver(letter), name=f"letter-{letter.id}")
                if not claimed:
                    await self._sleep()

    async def _claim(self) -> list[Letter]:
        try:
            return await self._outbox.claim(AT_ONCE)
        except DatabaseUnavailable as error:
            log.warning("delivery_waits_for_database", error=str(error))
            return []

    async def _sleep(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _deliver(self, letter: Letter) -> None:
        try:
            await self._pace.wait(letter.telegram_id)
            await self._try(letter)
        except DatabaseUnavailable as error:  # its lease runs out and it is tried again
            log.warning("letter_not_settled", letter_id=letter.id, error=str(error))
        except Exception as error:  # a letter that cannot be presented must not stop the others
            log.exception("letter_failed", letter_id=letter.id, kind=letter.kind)
            await self._outbox.retry(letter, f"{type(error).__name__}: {error}")
        self._wake.set()  # the chat's next letter may be waiting for this one

    async def _try(self, letter: Letter) -> None:
        present = self._presenters.get(letter.kind)
        if present is None:
            await self._outbox.fail(letter, f"nobody presents {letter.kind}")
            return
        try:
            parcel = await present(letter, self._catalogues[letter.language])
            if parcel is None:
                await self._outbox.skip(letter, "nothing to tell")
                return
            await self._put(letter.telegram_id, parcel)
        except TelegramRetryAfter as error:
            await self._outbox.retry(letter, "429", after=timedelta(seconds=error.retry_after))
        except TelegramForbiddenError as error:
            await self._users.mark_blocked(letter.telegram_id, blocked=True)
            await self._outbox.skip(letter, error.message)
        except TelegramBadRequest as error:
            await self._refused(letter, error)
        except AiogramError as error:
            await self._outbox.retry(letter, f"{type(error).__name__}: {error}")
        else:
            await self._outbox.sent(letter)

    async def _put(self, chat_id: int, parcel: Parcel) -> None:
        if parcel.into is not None:
            async with self.messages.hold((chat_id, parcel.into)):
                if await chat.edit(self._bot, chat_id, parcel.into, parcel.screen):
                    return
        await chat.send(self._bot, chat_id, parcel.screen)

    async def _refused(self, letter: Letter, error: TelegramBadRequest) -> None:
        if is_gone(error):
            await self._outbox.skip(letter, error.message)
            return
        log.error("letter_refused", letter_id=letter.id, kind=letter.kind, error=error.message)
        await self._outbox.fail(letter, error.message)
