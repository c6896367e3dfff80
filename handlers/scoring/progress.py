"""Keeps the message of a table that is worked on up to date."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError

from db.errors import DatabaseUnavailable
from db.tables.outbox import OutboxKind
from handlers.scoring.screens import progress_screen
from handlers.telegram import sender
from handlers.telegram.delivery import Delivery
from handlers.telegram.screen import Screen
from i18n.translator import Catalogues
from services.errors import ShopError
from services.notifications.notification import About
from services.scoring.queries import ScoringView
from services.scoring.service import Scorings
from services.users.accounts import Users

log = structlog.get_logger()

EVERY_SECONDS: Final = 3.0
EDIT_SECONDS: Final = 10.0


class TableProgress:
    """Shares `delivery`'s locks: a late "running" never covers an answer. Of several processes one edits (`leads`)."""

    def __init__(
        self,
        bot: Bot,
        delivery: Delivery,
        *,
        scorings: Scorings,
        users: Users,
        catalogues: Catalogues,
        leads: Callable[[], Awaitable[bool]],
    ) -> None:
        self._bot, self._delivery = bot, delivery
        self._scorings, self._users, self._catalogues = scorings, users, catalogues
        self._leads = leads
        self._shown: dict[UUID, Screen] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.refresh()
            except DatabaseUnavailable as error:
                log.warning("table_progress_not_shown", error=str(error))

    async def refresh(self) -> None:
        """One round."""
        if not await self._leads():
            return
        views = await self._scorings.unfinished()
        open_ones = {view.id for view in views}
        self._shown = {row: screen for row, screen in self._shown.items() if row in open_ones}
        await asyncio.gather(*map(self._try, views))

    async def _try(self, view: ScoringView) -> None:
        """Whoever is blocked, gone, told too much or not answered holds up nobody else."""
        try:
            async with asyncio.timeout(EDIT_SECONDS):
                await self._show(view)
        except (AiogramError, ShopError, TimeoutError, DatabaseUnavailable) as error:
            log.info("table_progress_not_shown", scoring_id=str(view.id), error=repr(error))

    async def _show(self, view: ScoringView) -> None:
        user = await self._users.get(view.user_id)
        screen = progress_screen(view, self._catalogues[user.language])
        place = view.shown_in
        if self._shown.get(view.id) == screen or place is None or place.message_id is None:
            return
        about = About(kind=OutboxKind.SCORING, id=view.id, user_id=view.user_id)
        async with self._delivery.messages.change(about, place.chat_id, place.message_id):
            if (await self._scorings.get(view.id, user_id=view.user_id)).finished_at is not None:
                return
            await sender.edit(self._bot, place.chat_id, place.message_id, screen)
            self._shown[view.id] = screen
