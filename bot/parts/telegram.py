"""Talks to Telegram: polls, delivers, shows progress, tells owners what is wrong."""

import asyncio
from collections.abc import Callable, Mapping

import structlog
from aiogram.exceptions import AiogramError

from bot.connection import lasting
from bot.errors import StartError
from bot.incidents import IncidentNotices
from bot.leader import STANDING_BY, Leader
from bot.parts.chat import Chat
from bot.parts.core import Core
from bot.parts.part import Part
from bot.polling import Polling
from bot.probes import OK
from db.process_locks import LeaderLock
from handlers.chats.drafts import AnswerDrafts
from handlers.dispatcher import ALLOWED_UPDATES
from handlers.predictions.progress import LEAD_SECONDS, ProgressBoard
from handlers.scoring.progress import TableProgress

log = structlog.get_logger()


class TelegramPart(Part):
    def __init__(self, core: Core, chat: Chat) -> None:
        self._core = core
        self._delivery = chat.delivery
        self._polls = core.settings.telegram_mode == "polling"
        self._polling = Polling(core.bot, chat.inbox, core.supervisor, ALLOWED_UPDATES)
        self._leader = None if core.db.is_sqlite else Leader(LeaderLock(core.db))
        self._board = ProgressBoard(
            core.bot,
            chat.delivery,
            history=core.services.history,
            predictions=core.services.predictions,
            users=core.services.users,
            catalogues=core.catalogues,
            clock=core.clock,
            leads=self._leads,
        )
        self._tables = TableProgress(
            core.bot,
            chat.delivery,
            scorings=core.services.scorings,
            users=core.services.users,
            catalogues=core.catalogues,
            leads=self._leads,
        )
        self._drafts = AnswerDrafts(
            core.bot,
            core.services.answer_streams,
            chats=core.services.chats,
            users=core.services.users,
            catalogues=core.catalogues,
            messages=chat.delivery.messages,
            coordination=core.coordination,
            name=core.name,
        )
        self._incidents = IncidentNotices(
            core.bot,
            core.settings.owner_ids,
            core.health.readiness,
            users=core.services.users,
            catalogues=core.catalogues,
            clock=core.clock,
            coordination=core.coordination,
        )

    def talk(self) -> None:
        keep = self._core.supervisor.keep
        keep(self._incidents.run, name="incidents")
        keep(self._delivery.run, name="delivery")
        keep(self._board.run, name="progress")
        keep(self._tables.run, name="table-progress")
        keep(self._drafts.run, name="drafts")
        if self._polls:
            self._polling.last_ok = asyncio.get_running_loop().time()
            keep(self._poll, name="polling")

    @property
    def rounds(self) -> Mapping[str, Callable[[], float | None]]:
        return {"delivery": lambda: self._delivery.came_round}

    def telegram_state(self) -> str:
        if not self._polls:
            return OK
        return STANDING_BY if self._stands_by else self._polling.state or OK

    @property
    def _stands_by(self) -> bool:
        return self._leader is not None and self._leader.stands_by

    async def _leads(self) -> bool:
        """Whether it is for this process to show progress."""
        if self._stands_by:
            return False
        return await self._core.coordination.claim("progress", self._core.name, seconds=LEAD_SECONDS)

    async def _poll(self) -> None:
        """A token that is taken away while the shop runs ends it like one that never was good."""
        try:
            await (self._polling.run() if self._leader is None else self._leader.run(self._polling.run))
        except AiogramError as error:
            if (line := lasting(error, self._core.settings)) is None:
                raise
            self._core.failures.put_nowait(StartError(line))
