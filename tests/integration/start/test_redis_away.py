"""A Redis that is away, or takes calls and answers none, makes the shop busy, as its database does."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import uuid4

import pytest
from aiogram.fsm.storage.base import StorageKey

from bot.app import App
from db.errors import DatabaseUnavailable
from handlers.telegram.storage import OneAtATime
from handlers.telegram.storage_redis import SharedStorage
from sandbox.testing import new_world, running_sandbox
from services.coordination import redis_client
from services.coordination.redis import RedisCoordination
from tests.conversations.stage import shop_settings
from tests.integration.start.house import silence
from tests.support.proxy import Proxy, proxy_to
from tests.support.redis import find_redis
from tests.support.waiting import until

KEY = StorageKey(bot_id=1, chat_id=2, user_id=2)


@pytest.fixture
async def way() -> AsyncIterator[tuple[Proxy, str]]:
    """To the Redis of the tests, by its address through what can be cut."""
    address = find_redis()
    async with proxy_to("127.0.0.1", 6379) as proxy:
        yield proxy, f"redis://127.0.0.1:{proxy.port}/{address.rpartition('/')[2]}"


async def test_customers_hear_that_the_shop_is_busy(way: tuple[Proxy, str], sqlite_url: str) -> None:
    proxy, url = way
    async with (
        running_sandbox() as telegram,
        new_world(telegram) as sandbox,
        App(shop_settings(sandbox, sqlite_url, redis_url=url)).running() as app,
    ):
        anna = await sandbox.person("Анна")
        await anna.says("/balance")
        await anna.sees("Баланс: 10,00")
        await until(lambda: _is_free(app))
        proxy.cut()
        await anna.says("/balance")
        await anna.sees("Магазин сейчас занят")
        proxy.mend()
        await anna.says("/balance")
        await anna.sees("Баланс: 10,00")


async def _is_free(app: App) -> bool:
    """Whether nobody has the turn in any chat of the bot."""
    assert isinstance(app.storage, SharedStorage)
    return not await app.storage.redis.keys(f"*:{app.bot.id}*:turn:*")


async def test_silence_is_an_outage_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_client, "ANSWER_SECONDS", 0.1)
    async with silence() as address:
        url = address.replace("http", "redis")
        storage = SharedStorage.at(url, ttl=timedelta(days=1))
        turns = OneAtATime(RedisCoordination(storage.redis, "1"))
        async with asyncio.timeout(20):
            with pytest.raises(DatabaseUnavailable):
                await storage.get_data(KEY)
            with pytest.raises(DatabaseUnavailable):
                async with turns.lock(KEY):
                    raise AssertionError("nobody has the turn")
        await storage.close()


async def test_an_event_that_was_handled_is_not_undone(way: tuple[Proxy, str]) -> None:
    proxy, url = way
    storage = SharedStorage.at(url, ttl=timedelta(days=1))
    turns = OneAtATime(RedisCoordination(storage.redis, uuid4().hex))
    async with turns.lock(KEY):
        proxy.cut()
    await storage.close()
