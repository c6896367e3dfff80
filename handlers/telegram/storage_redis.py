"""Where aiogram's FSM lives when several processes share it: in Redis. A Redis that is away is told as the database is:
nothing was done, and the same may succeed later."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from aiogram.fsm.storage.base import DefaultKeyBuilder, StateType, StorageKey
from aiogram.fsm.storage.redis import RedisStorage
from redis.asyncio.client import Redis

from services.coordination.redis_client import connect, outages

KEYS = DefaultKeyBuilder(with_bot_id=True, with_destiny=True)


class SharedStorage(RedisStorage):
    """Raises `DatabaseUnavailable`."""

    @classmethod
    def at(cls, url: str, *, ttl: timedelta) -> "SharedStorage":
        return cls.over(connect(url), ttl=ttl)

    @classmethod
    def over(cls, redis: Redis, *, ttl: timedelta) -> "SharedStorage":
        """Dialogs are forgotten after `ttl`. Closes `redis` when it is closed."""
        return cls(redis, key_builder=KEYS, state_ttl=ttl, data_ttl=ttl)

    async def ping(self) -> None:
        with outages():
            await self.redis.ping()

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        with outages():
            await super().set_state(key, state)

    async def get_state(self, key: StorageKey) -> str | None:
        with outages():
            return await super().get_state(key)

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:  # Any: as in SqlStorage
        with outages():
            await super().set_data(key, data)

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        with outages():
            return await super().get_data(key)
