"""Shows answers while they grow: as drafts, or, where Telegram takes none, in a message that is edited.

What is shown here may be lost. The answer itself comes through the outbox, under the same lock of the chat, so nothing
shown late covers it."""

import asyncio
from typing import Final
from uuid import UUID

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramNotFound, TelegramRetryAfter

from db.errors import DatabaseUnavailable
from handlers.chats.formatting import draft_of
from handlers.chats.screens import growing_screen
from handlers.telegram import sender
from handlers.telegram.messages import ChatBusy, Messages
from handlers.telegram.pace import DraftPace
from handlers.telegram.reply_target import ReplyTarget, replying_to
from handlers.telegram.screen import Screen
from i18n.translator import Catalogues
from services.chats.service import Chats
from services.chats.streams import AnswerProgress, AnswerStreams
from services.coordination.base import Coordination
from services.notifications.message_ref import MessageRef
from services.users.accounts import Users
from services.waiting import wait

log = structlog.get_logger()

PACE: Final = 1.0  # seconds between two drafts in a chat
EDIT_PACE: Final = 2.0
TYPING_SECONDS: Final = 4.0
KEEP_SECONDS: Final = 20.0  # a draft is gone after 30
LOST_SECONDS: Final = 90.0  # without a word: whoever gave the answer has died
LEAD_SECONDS: Final = 60.0  # after the last look; longer than any pause between two
DRAFT_IDS: Final = 2**31 - 1


def draft_id(answer_id: UUID) -> int:
    """Names its draft, also in another process."""
    return answer_id.int % DRAFT_IDS + 1


class AnswerDrafts:
    """Of several processes one shows an answer: `name` is this one's."""

    def __init__(
        self,
        bot: Bot,
        streams: AnswerStreams,
        *,
        chats: Chats,
        users: Users,
        catalogues: Catalogues,
        messages: Messages,
        coordination: Coordination,
        name: str,
    ) -> None:
        self._bot, self._chats, self._users, self._catalogues = bot, chats, users, catalogues
        self._messages, self._coordination, self._name = messages, coordination, name
        self._pace = DraftPace(coordination)
        self._growing: dict[UUID, _Growing] = {}
        self._new: asyncio.Queue[_Growing] = asyncio.Queue()
        self._without_drafts: set[int] = set()  # chats that take none
        streams.hear(self._heard)

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                growing = await self._new.get()
                tasks.create_task(self._show(growing), name=f"draft-{growing.progress.answer_id}")

    def _heard(self, progress: AnswerProgress) -> None:
        place = progress.place
        if place is None:  # it is shown elsewhere
            return
        growing = self._growing.get(progress.answer_id)
        if growing is not None:
            growing.progress = progress
            growing.changed.set()
        elif not progress.done:
            growing = self._growing[progress.answer_id] = _Growing(progress, place)
            self._new.put_nowait(growing)

    async def _show(self, growing: "_Growing") -> None:
        answer_id = growing.progress.answer_id
        try:
            await self._follow(growing)
        except DatabaseUnavailable as error:
            log.info("answer_not_shown", answer_id=str(answer_id), error=repr(error))
        except Exception:  # a nicety: the answer comes through the outbox
            log.exception("answer_not_shown", answer_id=str(answer_id))
        finally:
            self._growing.pop(answer_id, None)

    async def _follow(self, growing: "_Growing") -> None:
        while await self._leads(growing):
            growing.changed.clear()
            pause = await self._show_once(growing)
            if pause:
                await asyncio.sleep(pause)
            if growing.shown == growing.progress.text:
                await wait(growing.changed, KEEP_SECONDS if growing.shown else TYPING_SECONDS)
            if growing.silent_for > LOST_SECONDS:
                return

    async def _leads(self, growing: "_Growing") -> bool:
        """Whether there is something to show, and no other process shows it; from now on for a while."""
        answer_id = growing.progress.answer_id
        if growing.progress.done:
            return False
        return await self._coordination.claim(f"draft:{answer_id}", self._name, seconds=LEAD_SECONDS)

    async def _show_once(self, growing: "_Growing") -> float:
        """How long to wait before the next time."""
        place = growing.place
        if not await self._pace.may_go(place.chat_id, lambda: not growing.progress.done):
            return 0.0
        text = growing.progress.text
        try:
            with replying_to(ReplyTarget(chat_id=place.chat_id, thread_id=place.thread_id)):
                if not text:
                    await self._bot.send_chat_action(place.chat_id, "typing")
                    growing.shown = ""
                    return 0.0
                return await self._draw(growing, text)
        except TelegramRetryAfter as error:
            return float(error.retry_after)
        except ChatBusy:
            return PACE
        except AiogramError as error:
            log.info("answer_not_shown", answer_id=str(growing.progress.answer_id), error=str(error))
            return 2 * PACE

    async def _draw(self, growing: "_Growing", text: str) -> float:
        place = growing.place
        by_edits = place.chat_id in self._without_drafts
        async with self._messages.hold(place.chat_id, within=PACE):
            if growing.progress.done:
                return 0.0
            if by_edits:
                await self._edit(growing, text)
            else:
                try:
                    await self._draft(growing, text)
                except (TelegramBadRequest, TelegramNotFound) as error:
                    log.info("no_drafts_here", chat_id=place.chat_id, error=str(error))
                    self._without_drafts.add(place.chat_id)
                    return 0.0
        growing.shown = text
        return EDIT_PACE if by_edits else PACE

    async def _draft(self, growing: "_Growing", text: str) -> None:
        shown = draft_of(text)
        screen = Screen(text=shown.text, entities=shown.entities)
        place = growing.place
        await self._bot.send_message_draft(
            place.chat_id,
            draft_id(growing.progress.answer_id),
            message_thread_id=place.thread_id,
            text=screen.text,
            can_stop=True,
            keep_on_stop=True,  # until the answer comes
            **sender.formatting(screen),
        )

    async def _edit(self, growing: "_Growing", text: str) -> None:
        progress = growing.progress
        user = await self._users.get(progress.user_id)
        screen = growing_screen(draft_of(text), progress.answer_id, self._catalogues[user.language])
        chat_id, message_id = growing.place.chat_id, growing.message_id or await self._shown_in(progress)
        if message_id is not None:
            await sender.edit(self._bot, chat_id, message_id, screen)
            growing.message_id = message_id
            return
        new = (await sender.send(self._bot, chat_id, screen)).message_id
        if await self._chats.shown_in(progress.answer_id, new):
            growing.message_id = new
        else:  # it has just ended, or another process was quicker
            await sender.delete(self._bot, chat_id, new)

    async def _shown_in(self, progress: AnswerProgress) -> int | None:
        """The message in which another process has begun to show it."""
        place = (await self._chats.answer(progress.answer_id, user_id=progress.user_id)).place
        return None if place is None else place.message_id


class _Growing:
    """`progress`: the latest that was heard; `place`: of the chat; `shown`: the text that the chat shows."""

    def __init__(self, progress: AnswerProgress, place: MessageRef) -> None:
        self.progress, self.place = progress, place
        self.changed = asyncio.Event()
        self.shown: str | None = None
        self.message_id: int | None = None
        self._heard = asyncio.get_running_loop().time()
        self._last = ""

    @property
    def silent_for(self) -> float:
        """Seconds without anything new."""
        now = asyncio.get_running_loop().time()
        if self.progress.text != self._last:
            self._last, self._heard = self.progress.text, now
        return now - self._heard
