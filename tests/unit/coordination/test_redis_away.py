"""A Redis that goes away: what must be agreed on is refused, the rest each process does by itself."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from bot.supervisor import Supervisor
from db.errors import DatabaseUnavailable
from services.coordination import redis as module
from services.coordination.base import Rate, Topic
from services.coordination.redis import RedisCoordination
from services.coordination.redis_client import connect
from tests.support.proxy import Proxy, proxy_to
from tests.support.redis import find_redis
from tests.support.waiting import until


@pytest.fixture
async def way() -> AsyncIterator[tuple[Proxy, RedisCoordination]]:
    address = find_redis()
    async with proxy_to("127.0.0.1", 6379) as proxy:
        redis = connect(f"redis://127.0.0.1:{proxy.port}/{address.rpartition('/')[2]}")
        yield proxy, RedisCoordination(redis, uuid4().hex)
        await redis.aclose(close_connection_pool=True)


async def test_what_must_be_agreed_on_is_refused(way: tuple[Proxy, RedisCoordination]) -> None:
    proxy, shop = way
    proxy.cut()
    with pytest.raises(DatabaseUnavailable):
        await shop.seen("update:1")
    with pytest.raises(DatabaseUnavailable):
        await shop.remember("update:1", seconds=1)
    with pytest.raises(DatabaseUnavailable):
        await shop.claim("album", "first", seconds=1)
    with pytest.raises(DatabaseUnavailable):
        async with shop.hold("turn"):
            raise AssertionError("nobody has the turn")
    proxy.mend()
    async with shop.hold("turn"):
        assert not await shop.seen("update:1")


async def test_the_rest_goes_on(way: tuple[Proxy, RedisCoordination]) -> None:
    proxy, shop = way
    proxy.cut()
    crowd = Rate(key="all", seconds=10)
    waits = [await shop.book(crowd, Rate(key=f"chat:{number}", seconds=1)) for number in range(2)]
    assert waits == pytest.approx([0, 10], abs=1)
    assert [await shop.allow("searches", times=1, seconds=60) for _ in range(2)] == [True, False]
    async with shop.hold("messages:1", alone_if_away=True):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), shop.hold("messages:1", alone_if_away=True):
                raise AssertionError("this process holds it")


async def test_what_may_have_been_missed_is_looked_for(
    way: tuple[Proxy, RedisCoordination], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    proxy, shop = way
    heard: list[str] = []
    shop.hear(Topic.MODELS, heard.append)
    supervisor = Supervisor()
    supervisor.keep(shop.run, name="coordination")

    async def listens() -> bool:
        return bool(await shop._redis.pubsub_numsub(shop._channel) == [(shop._channel.encode(), 1)])

    await until(listens)
    proxy.cut()
    proxy.mend()

    async def is_heard() -> bool:
        return "" in heard

    await until(is_heard)
    await supervisor.close()


async def test_a_dead_process_lets_go(way: tuple[Proxy, RedisCoordination], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who lives keeps what it holds for longer than a lease; here nobody renews it."""
    monkeypatch.setattr(module, "LEASE", 0.1)
    _, shop = way
    other = RedisCoordination(shop._redis, shop._prefix.removeprefix("{kassandra:").removesuffix("}:"))
    async with shop.hold("turn"), asyncio.timeout(20), other.hold("turn"):
        pass


async def test_who_lives_keeps_its_turn(way: tuple[Proxy, RedisCoordination], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LEASE", 1)
    _, shop = way
    other = RedisCoordination(shop._redis, shop._prefix.removeprefix("{kassandra:").removesuffix("}:"))
    supervisor = Supervisor()
    supervisor.keep(shop.run, name="coordination")
    async with shop.hold("turn"):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5), other.hold("turn"):
                raise AssertionError("it is held")
    await supervisor.close()
