"""Keeps the message of a prediction that takes its time up to date: its place in the queue, then that it runs."""

import asyncio
from datetime import timedelta

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError

from bot import chat
from bot.delivery import Delivery
from bot.i18n import Catalogues, Html, Translator
from bot.screens import Screen
from db.errors import DatabaseUnavailable
from db.predictions import PredictionStatus
from services.clock import Clock
from services.errors import ShopError
from services.predictions.history import History, Progress
from services.users import Users

log = structlog.get_logger()

EVERY_SECONDS = 2.0
PATIENCE = timedelta(seconds=2)  # quicker predictions need no progress


class ProgressBoard:
    """Shares `delivery`'s locks: a late "running" never covers an answer."""

    def __init__(
        self,
        bot: Bot,
        delivery: Delivery,
        *,
        history: History,
        users: Users,
        catalogues: Catalogues,
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._delivery = delivery
        self._history = history
        self._users = users
        self._catalogues = catalogues
        self._clock = clock
        self._shown: dict[int, Html] = {}  # by message id: what it says now

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.refresh()
            except (DatabaseUnavailable, AiogramError) as error:
                log.warning("progress_not_shown", error=str(error))

    async def refresh(self) -> None:
        waiting = await self._history.unfinished(self._clock() - PATIENCE)
        self._shown = {p.message_id: self._shown[p.message_id] for p in waiting if p.message_id in self._shown}
        for progress in waiting:
            user = await self._users.get(progress.user_id)
            text = progress_text(progress, self._catalogues[user.language])
            if self._shown.get(progress.message_id) != text:
                await self._show(progress, text)

    async def _show(self, progress: Progress, text: Html) -> None:
        async with self._delivery.messages.hold((progress.chat_id, progress.message_id)):
            try:
                view = await self._history.get(progress.prediction_id, user_id=progress.user_id)
            except ShopError:
                return
            if view.finished_at is None:
                await chat.edit(self._bot, progress.chat_id, progress.message_id, Screen(text=text))
                self._shown[progress.message_id] = text


def progress_text(progress: Progress, tr: Translator) -> Html:
    if progress.status is PredictionStatus.RUNNING:
        return tr.html("⚙️ The model is running…")
    if progress.place == 1:
        return tr.html("⏳ You are next in the queue…")
    return tr.html("⏳ Your place in the queue: {place}", place=progress.place)
