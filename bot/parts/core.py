"""What every process of the shop has, whatever its parts."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

from aiogram import Bot
from aiogram.fsm.storage.base import BaseStorage

from bot.errors import StartError
from bot.health import Health
from bot.settings import Settings
from bot.supervisor import Supervisor
from bot.wiring.coordination import open_shared
from bot.wiring.services import make_services
from db.engine import Database
from handlers.telegram.client import make_bot
from i18n.translator import Catalogues
from services.clock import Clock, SteadyClock
from services.container import Services
from services.coordination.base import Coordination, Topic
from services.coordination.deferred import DeferredStore
from services.inference.runtimes.registry import Runtimes


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """`name`: of this process, among those of the shop. `ping`: see `Shared`. `failures`: what it cannot go on with."""

    name: str
    settings: Settings
    clock: SteadyClock
    db: Database
    catalogues: Catalogues
    coordination: Coordination
    storage: BaseStorage
    deferred: DeferredStore
    ping: Callable[[], Awaitable[None]] | None
    services: Services
    bot: Bot
    supervisor: Supervisor
    health: Health
    failures: asyncio.Queue[StartError]

    async def close(self) -> None:
        self.services.books.close()
        await self.services.market.close()
        await self.storage.close()
        await self.bot.session.close()
        await self.db.close()


def open_core(settings: Settings, clock: Clock, runtimes: Runtimes) -> Core:
    steady, db, name = SteadyClock(clock), Database(settings.database_url), uuid4().hex
    shared = open_shared(settings, db, steady)
    coordination = shared.coordination
    bot = make_bot(settings.bot_token.get_secret_value(), settings.telegram_api_url, settings.telegram_proxy)
    services = make_services(
        settings, db, steady, runtimes, coordination, bot=bot, on_models=lambda: coordination.tell(Topic.MODELS, name)
    )
    return Core(
        name=name,
        settings=settings,
        clock=steady,
        db=db,
        catalogues=Catalogues(default=settings.default_language, zone=settings.timezone),
        coordination=coordination,
        storage=shared.storage,
        deferred=shared.deferred,
        ping=shared.ping,
        services=services,
        bot=bot,
        supervisor=Supervisor(),
        health=Health(services, steady),
        failures=asyncio.Queue(),
    )
