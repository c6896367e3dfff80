"""What is done later by any process of the shop: it outlives the one that was asked."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from redis.asyncio.client import Redis

from services.coordination import redis_scripts as scripts
from services.coordination.deferred import DueChat
from services.coordination.redis_client import outages, prefix_of

FORGET: Final = timedelta(days=1)


class RedisDeferredStore:
    """`shop` tells its keys from those of others. A chat's texts are a hash; when chats are due is one sorted set."""

    def __init__(self, redis: Redis, shop: str) -> None:
        self._redis = redis
        self._due = f"{prefix_of(shop)}deferred"
        self._put = redis.register_script(scripts.DEFER)
        self._drop = redis.register_script(scripts.DEFERRED_DONE)
        self._postpone = redis.register_script(scripts.POSTPONE)
        self._nearest = redis.register_script(scripts.NEAREST)
        self._take = redis.register_script(scripts.TAKE)

    async def is_waiting(self, chat_id: int) -> bool:
        with outages():
            return await self._redis.zscore(self._due, str(chat_id)) is not None

    async def items(self, chat_id: int) -> Mapping[int, str]:
        with outages():
            found: dict[Any, Any] = await self._redis.hgetall(self._texts(chat_id))  # Any: bytes, as the client has it
        return dict(sorted((int(number), text.decode()) for number, text in found.items()))

    async def put(self, chat_id: int, number: int, text: str) -> None:
        with outages():
            await self._put(keys=self._keys(chat_id), args=[chat_id, number, text, _ms(FORGET.total_seconds())])

    async def drop(self, chat_id: int, *numbers: int) -> None:
        with outages():
            await self._drop(keys=self._keys(chat_id), args=[chat_id, *numbers])

    async def postpone(self, chat_id: int, *, seconds: float) -> None:
        with outages():
            await self._postpone(keys=[self._due], args=[chat_id, _ms(seconds)])

    async def nearest(self) -> DueChat | None:
        with outages():
            found = await self._nearest(keys=[self._due])
        return DueChat(chat_id=int(found[0]), seconds=float(found[1]) / 1000) if found else None

    async def take(self, chat_id: int, *, seconds: float) -> bool:
        with outages():
            return bool(await self._take(keys=[self._due], args=[chat_id, _ms(seconds)]))

    def _keys(self, chat_id: int) -> list[str]:
        return [self._due, self._texts(chat_id)]

    def _texts(self, chat_id: int) -> str:
        return f"{self._due}:{chat_id}"


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
