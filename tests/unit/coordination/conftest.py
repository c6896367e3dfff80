"""Two processes of a shop: the same memory in one, or two ways to one Redis."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from uuid import uuid4

import pytest

from bot.supervisor import Supervisor
from services.coordination.base import Coordination
from services.coordination.memory import MemoryCoordination
from tests.support.redis import find_redis


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """`passes`: seconds of the clock that counts there."""

    one: Coordination
    other: Coordination
    passes: Callable[[float], Awaitable[None]]


@pytest.fixture(params=["memory", "redis"])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Processes]:
    if request.param == "memory":
        yield _in_memory()
        return
    async for processes in _in_redis():
        yield processes


def _in_memory() -> Processes:
    now = [100.0]
    memory = MemoryCoordination(lambda: now[0])

    async def passes(seconds: float) -> None:
        now[0] += seconds

    return Processes(one=memory, other=memory, passes=passes)


async def _in_redis() -> AsyncIterator[Processes]:
    """Its time cannot be moved: tests keep things for moments only."""
    address, supervisor, name = find_redis(), Supervisor(), uuid4().hex
    from services.coordination.redis import RedisCoordination
    from services.coordination.redis_client import connect

    clients = [connect(address), connect(address)]
    one, other = (RedisCoordination(client, name) for client in clients)
    for each in (one, other):
        supervisor.keep(each.run, name="coordination")
    try:
        yield Processes(one=one, other=other, passes=asyncio.sleep)
    finally:
        await supervisor.close()
        for key in await clients[0].keys(f"*{name}*"):
            await clients[0].delete(key)
        for client in clients:
            await client.aclose(close_connection_pool=True)
