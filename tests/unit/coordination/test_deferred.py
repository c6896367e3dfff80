"""What waits, chat by chat: in one process, and in the Redis of several."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from services.coordination.deferred import DeferredStore, MemoryDeferredStore
from tests.support.redis import find_redis

ANNA, JOHN = 1, 2


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[DeferredStore]:
    if request.param == "memory":
        yield MemoryDeferredStore()
        return
    from services.coordination.deferred_redis import RedisDeferredStore
    from services.coordination.redis_client import connect

    redis, name = connect(find_redis()), uuid4().hex
    yield RedisDeferredStore(redis, name)
    for key in await redis.keys(f"*{name}*"):
        await redis.delete(key)
    await redis.aclose(close_connection_pool=True)


async def test_in_the_order_of_their_numbers_and_each_once(store: DeferredStore) -> None:
    for number in (12, 9, 100, 9):
        await store.put(ANNA, number, f"text {number}")
    assert list((await store.items(ANNA)).items()) == [(9, "text 9"), (12, "text 12"), (100, "text 100")]
    assert (await store.is_waiting(ANNA), await store.is_waiting(JOHN)) == (True, False)


async def test_a_chat_waits_until_nothing_is_left(store: DeferredStore) -> None:
    await store.put(ANNA, 1, "one")
    await store.put(ANNA, 2, "two")
    await store.drop(ANNA, 1)
    assert await store.is_waiting(ANNA)
    await store.drop(ANNA, 2)
    assert not await store.is_waiting(ANNA)
    assert await store.nearest() is None


async def test_the_nearest_comes_first(store: DeferredStore) -> None:
    await store.postpone(ANNA, seconds=60)
    await store.put(ANNA, 1, "one")
    await store.put(JOHN, 2, "two")
    due = await store.nearest()
    assert due is not None
    assert (due.chat_id, due.seconds <= 0) == (JOHN, True)
    await store.drop(JOHN, 2)
    due = await store.nearest()
    assert due is not None
    assert (due.chat_id, 50 < due.seconds <= 60) == (ANNA, True)


async def test_one_of_those_who_want_it_gets_a_chat(store: DeferredStore) -> None:
    await store.put(ANNA, 1, "one")
    assert sorted(await asyncio.gather(*(store.take(ANNA, seconds=60) for _ in range(3)))) == [False, False, True]
    assert not await store.take(JOHN, seconds=60), "nothing waits there"


async def test_what_was_taken_and_not_done_is_due_again(store: DeferredStore) -> None:
    await store.put(ANNA, 1, "one")
    assert await store.take(ANNA, seconds=0.05)
    await asyncio.sleep(0.06)
    assert await store.take(ANNA, seconds=60)
    assert await store.items(ANNA) == {1: "one"}
