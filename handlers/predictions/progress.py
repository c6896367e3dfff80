"""Keeps the message of a prediction that takes its time up to date: its place in the queue, then that it runs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import structlog
from aiogram import Bot
from aiogram.exceptions import AiogramError

from db.errors import DatabaseUnavailable
from db.tables.outbox import OutboxKind
from handlers.predictions.screens import CANCEL
from handlers.telegram import sender
from handlers.telegram.delivery import Delivery
from handlers.telegram.screen import Button, Screen
from i18n.predictions import progress_words
from i18n.translator import Catalogues, Html, Translator
from services.clock import Clock
from services.errors import ShopError
from services.notifications.notification import About
from services.predictions.history import History, Progress
from services.predictions.service import Predictions
from services.users.accounts import Users

log = structlog.get_logger()

EVERY_SECONDS = 2.0
LEAD_SECONDS = 15.0  # another process edits when the one that does has not come round for so long
EDIT_SECONDS = 10.0  # of a chat that is busy or gets no answer; the round is over then
EDITS = 20  # a round: with a long queue the rest of Telegram's pace is for answers
PATIENCE = timedelta(seconds=2)  # quicker predictions need no progress

Leads = Callable[[], Awaitable[bool]]
"""Whether this process is the one of the shop that edits."""


class ProgressBoard:
    """Shares `delivery`'s locks: a late "running" never covers an answer. Of several processes one edits."""

    def __init__(
        self,
        bot: Bot,
        delivery: Delivery,
        *,
        history: History,
        predictions: Predictions,
        users: Users,
        catalogues: Catalogues,
        clock: Clock,
        leads: Leads,
    ) -> None:
        self._leads = leads
        self._bot = bot
        self._delivery = delivery
        self._history = history
        self._predictions = predictions
        self._users = users
        self._catalogues = catalogues
        self._clock = clock
        self._shown: dict[tuple[int, int], Progress] = {}  # what each message says, the oldest edit first

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                await self.refresh()
            except DatabaseUnavailable as error:
                log.warning("progress_not_shown", error=str(error))

    async def refresh(self) -> None:
        """One round: messages that say what is no longer so, those first that have said it longest."""
        if not await self._leads():
            return
        waiting = {_message(p): p for p in await self._history.unfinished(self._clock() - PATIENCE)}
        self._shown = {message: shown for message, shown in self._shown.items() if message in waiting}
        async with asyncio.TaskGroup() as edits:
            for progress in self._outdated(list(waiting.values()))[:EDITS]:
                self._shown.pop(_message(progress), None)
                self._shown[_message(progress)] = progress
                edits.create_task(self._try(progress), name=f"progress-{progress.prediction_id}")

    async def _try(self, progress: Progress) -> None:
        """Whoever is blocked, gone, told too much, busy or not answered holds up nobody else."""
        try:
            async with asyncio.timeout(EDIT_SECONDS):
                await self._show(progress)
        except (AiogramError, ShopError, TimeoutError) as error:
            log.info("progress_not_shown", prediction_id=str(progress.prediction_id), error=repr(error))
        except DatabaseUnavailable as error:
            log.warning("progress_not_shown", prediction_id=str(progress.prediction_id), error=str(error))

    def _outdated(self, waiting: Sequence[Progress]) -> list[Progress]:
        age = {message: number for number, message in enumerate(self._shown)}
        changed = [p for p in waiting if self._shown.get(_message(p)) != p]
        return sorted(changed, key=lambda p: age.get(_message(p), -1))

    async def _show(self, progress: Progress) -> None:
        about = About(kind=OutboxKind.PREDICTION, id=progress.prediction_id, user_id=progress.user_id)
        chat_id, message_id = _message(progress)
        async with self._delivery.messages.change(about, chat_id, message_id):
            if not await self._waits(progress):
                return
            user = await self._users.get(progress.user_id)
            may_cancel = self._predictions.may_cancel(progress.model_slug, progress.status)
            screen = progress_screen(progress, self._catalogues[user.language], may_cancel=may_cancel)
            await sender.edit(self._bot, chat_id, message_id, screen)
        if not await self._waits(progress):  # another process may have answered meanwhile
            await self._delivery.messages.recheck(about)

    async def _waits(self, progress: Progress) -> bool:
        view = await self._history.get(progress.prediction_id, user_id=progress.user_id)
        return view.finished_at is None


def _message(progress: Progress) -> tuple[int, int]:
    assert progress.shown_in.message_id is not None  # only those are asked for
    return progress.shown_in.chat_id, progress.shown_in.message_id


def progress_screen(progress: Progress, tr: Translator, *, may_cancel: bool) -> Screen:
    cancel = Button(text=tr.gettext("✖️ Cancel"), action=f"{CANCEL}:{progress.prediction_id.hex}")
    shown = may_cancel and not progress.canceling
    return Screen(text=Html(progress_words(progress, tr)), rows=((cancel,),) if shown else ())
