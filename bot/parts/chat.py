"""What handles updates of Telegram, whether they are polled or pushed, and what brings messages."""

from functools import partial

import structlog
from aiogram import Dispatcher
from aiogram.fsm.storage.base import StorageKey
from aiogram.types import Update

from bot.connection import Connection
from bot.parts.core import Core
from db.errors import DatabaseUnavailable
from handlers.dispatcher import ALLOWED_UPDATES, make_dispatcher
from handlers.kit.deferred import DeferredUpdates
from handlers.kit.topics import InTopic
from handlers.kit.unfinished import Unfinished, read_unfinished
from handlers.notifications import presenters
from handlers.telegram.delivery import Delivery
from handlers.telegram.inbox import Inbox
from handlers.telegram.messages import NoteDoubts
from handlers.telegram.storage import OneAtATime
from services.coordination.base import Topic
from services.notifications.notification import Notification
from services.notifications.owners import tell_what_waited

log = structlog.get_logger()


class Chat:
    """`connection` introduces us to Telegram, `inbox` takes updates, `delivery` sends what the outbox holds."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.connection = Connection(core.bot, core.settings, ALLOWED_UPDATES)
        self.delivery = _open_delivery(core)
        self._deferred = DeferredUpdates(self._answer_deferred, core.deferred)
        self.dispatcher: Dispatcher = make_dispatcher(
            core.services,
            core.catalogues,
            core.storage,
            OneAtATime(core.coordination),
            deferred=self._deferred,
            messages=self.delivery.messages,
            on_entered=self._entered,
        )
        self.inbox = Inbox(core.bot, self.dispatcher, core.health.registry)

    def start(self) -> None:
        """Answer what waits for Telegram to take it."""
        self._core.supervisor.keep(self._deferred.run, name="deferred")

    async def _answer_deferred(self, update: Update) -> None:
        await self.dispatcher.feed_update(self._core.bot, update)

    async def _entered(self, telegram_id: int) -> None:
        """An owner who had not opened the bot, or had blocked it, could not be told what only owners can mend."""
        core = self._core
        if telegram_id not in core.settings.owner_ids:
            return
        try:
            if await tell_what_waited(core.db, telegram_id, core.clock()):
                core.coordination.tell(Topic.NEWS)
        except DatabaseUnavailable as error:  # it waits for their next message
            log.warning("owner_news_wait_for_database", error=str(error))


def _open_delivery(core: Core) -> Delivery:
    shown = presenters(core.services, core.clock, partial(_unfinished, core))
    services = core.services
    delivery = Delivery(
        core.bot, services.outbox, services.users, core.catalogues, shown, coordination=core.coordination
    )
    for note in (NoteDoubts(delivery.messages), InTopic()):  # inside of what repeats
        core.bot.session.middleware(note)
    core.health.registry.register(delivery.outcomes)
    core.coordination.hear(Topic.NEWS, lambda _: delivery.wake())
    return delivery


async def _unfinished(core: Core, notification: Notification) -> Unfinished:
    chat_id = notification.recipient.chat_id
    data = await core.storage.get_data(StorageKey(bot_id=core.bot.id, chat_id=chat_id, user_id=chat_id))
    return await read_unfinished(data, notification.user_id, core.services)
