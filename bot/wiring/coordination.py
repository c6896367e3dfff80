"""What processes of one shop share besides its database: dialogs, turns, pace and news of each other."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from aiogram.fsm.storage.base import BaseStorage

from bot.settings import Settings
from db.engine import Database
from handlers.telegram.storage import SqlStorage
from services.clock import Clock
from services.coordination.base import Coordination
from services.coordination.deferred import DeferredStore, MemoryDeferredStore
from services.coordination.memory import MemoryCoordination
from services.dialogs import Dialogs

FORGET_DIALOGS: Final = timedelta(days=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """`ping`: whether what is shared is there; raises `DatabaseUnavailable`. None in a process alone."""

    coordination: Coordination
    storage: BaseStorage
    deferred: DeferredStore
    ping: Callable[[], Awaitable[None]] | None = None


def open_shared(settings: Settings, db: Database, clock: Clock) -> Shared:
    """With Redis any number of processes agree; without, one has all in its own memory and its database."""
    if settings.redis_url is None:
        storage = SqlStorage(Dialogs(db, clock), cache=db.is_sqlite)
        return Shared(coordination=MemoryCoordination(), storage=storage, deferred=MemoryDeferredStore())
    from handlers.telegram.storage_redis import SharedStorage
    from services.coordination.deferred_redis import RedisDeferredStore
    from services.coordination.redis import RedisCoordination
    from services.coordination.redis_client import connect

    redis, bot_id = connect(settings.redis_url), settings.bot_token.get_secret_value().partition(":")[0]
    in_redis = SharedStorage.over(redis, ttl=FORGET_DIALOGS)
    return Shared(
        coordination=RedisCoordination(redis, bot_id),
        storage=in_redis,
        deferred=RedisDeferredStore(redis, bot_id),
        ping=in_redis.ping,
    )
