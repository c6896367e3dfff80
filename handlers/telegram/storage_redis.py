"""Where aiogram's FSM lives when several processes share it: in Redis. A Redis that is away is told as the database is:
nothing was done, and the same may succeed later."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import Any

import structlog
from aiogram.fsm.storage.base import DefaultKeyBuilder, StateType, StorageKey
from aiogram.fsm.storage.redis import RedisEventIsolation, RedisStorage
from redis.asyncio.client import Redis
from redis.asyncio.connection import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from db.errors import DatabaseUnavailable

log = structlog.get_logger()

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 5.0
CONNECTIONS = 50
KEYS = DefaultKeyBuilder(with_bot_id=True, with_destiny=True)


class SharedStorage(RedisStorage):
    """Raises `DatabaseUnavailable`."""

    @classmethod
    def at(cls, url: str, *, ttl: timedelta) -> "SharedStorage":
        """Dialogs are forgotten after `ttl`. A Redis that takes calls and does not answer counts as away, too."""
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=ANSWER_SECONDS,  # for a free one: a crowd of updates waits, where it would be refused
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            retry=Retry(NoBackoff(), 1),  # a connection that was closed meanwhile
        )
        return cls(Redis(connection_pool=pool), key_builder=KEYS, state_ttl=ttl, data_ttl=ttl)

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


class SharedIsolation(RedisEventIsolation):
    """Events of one user one after another, in all processes. Raises `DatabaseUnavailable`, but not once the event was
    handled: its lock ends by itself."""

    @asynccontextmanager
    async def lock(self, key: StorageKey) -> AsyncGenerator[None, None]:
        turn = self.redis.lock(self.key_builder.build(key, "lock"), **self.lock_kwargs)
        with outages():
            await turn.acquire()
        try:
            yield
        finally:
            try:
                await turn.release()
            except (RedisError, OSError) as error:
                log.warning("turn_not_given_back", error=type(error).__name__)


@contextmanager
def outages() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise DatabaseUnavailable(f"Redis does not answer: {error}") from error
