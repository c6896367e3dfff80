"""Several processes of one shop, on any machines: what they share is in Redis."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar
from uuid import uuid4

import structlog
from redis.asyncio.client import Redis
from redis.exceptions import RedisError

from db.errors import DatabaseUnavailable
from services.coordination import redis_scripts as scripts
from services.coordination.base import LEASE, Heard, Quota, Rate, Topic
from services.coordination.locks import KeyedLocks
from services.coordination.memory import MemoryCoordination
from services.coordination.redis_client import outages, prefix_of

log = structlog.get_logger()

T = TypeVar("T")
LOOK_SECONDS: Final = 0.05  # between two looks at what another process holds
LISTEN_SECONDS: Final = 60.0
RETRY_SECONDS: Final = 1.0  # a Redis that was away is listened to again
SHORT_SECONDS: Final = 1.0  # for what can be done without Redis, and for how long it is done so then


class RedisCoordination:
    """`shop` tells its keys from those of others in the same Redis. Needs `run` beside it."""

    def __init__(self, redis: Redis, shop: str) -> None:
        self._redis = redis
        self._prefix = prefix_of(shop)
        self._channel = f"{self._prefix}told"
        self._name = uuid4().hex
        self._alone = MemoryCoordination()
        self._locks: KeyedLocks[str] = KeyedLocks()
        self._held: dict[str, str] = {}  # key and what proves that it is ours
        self._told: dict[tuple[Topic, str], None] = {}  # that others have not heard yet, in order
        self._to_tell = asyncio.Event()
        self._listens = False
        self._now = asyncio.get_running_loop().time
        self._away_until = 0.0
        self._claim = redis.register_script(scripts.CLAIM)
        self._let_go = redis.register_script(scripts.LET_GO)
        self._allow = redis.register_script(scripts.ALLOW)
        self._take_one = redis.register_script(scripts.TAKE_ONE)
        self._book = redis.register_script(scripts.BOOK)

    async def seen(self, key: str) -> bool:
        with outages():
            return bool(await self._redis.exists(self._prefix + key))

    async def remember(self, key: str, *, seconds: float) -> None:
        with outages():
            await self._redis.set(self._prefix + key, "", px=_ms(seconds))

    async def claim(self, key: str, owner: str, *, seconds: float) -> bool:
        with outages():
            return bool(await self._claim(keys=[self._prefix + key], args=[owner, _ms(seconds)]))

    async def allow(self, key: str, *, times: int, seconds: float) -> bool:
        async def ask() -> bool:
            return bool(await self._allow(keys=[self._prefix + key], args=[times, _ms(seconds)]))

        try:
            return await self._shortly(ask)
        except DatabaseUnavailable:
            return await self._alone.allow(key, times=times, seconds=seconds)

    async def take(self, key: str, *, times: int, seconds: float) -> Quota:
        async def ask() -> Quota:
            count, left_ms = await self._take_one(keys=[self._prefix + key], args=[_ms(seconds)])
            return Quota(left=times - int(count), resets=int(left_ms) / 1000)

        try:
            return await self._shortly(ask)
        except DatabaseUnavailable:
            return await self._alone.take(key, times=times, seconds=seconds)

    async def book(self, crowd: Rate, own: Rate) -> float:
        keys, lengths = [self._prefix + rate.key for rate in (crowd, own)], [crowd.seconds * 1000, own.seconds * 1000]

        async def ask() -> float:
            return float(await self._book(keys=keys, args=lengths)) / 1000

        try:
            return await self._shortly(ask)
        except DatabaseUnavailable:
            return await self._alone.book(crowd, own)

    @asynccontextmanager
    async def hold(self, key: str, *, alone_if_away: bool = False) -> AsyncGenerator[None, None]:
        async with self._locks.hold(key):
            proof = await self._take(key, alone_if_away=alone_if_away)
            try:
                yield
            finally:
                if proof is not None:
                    await self._give_back(key, proof)

    def hear(self, topic: Topic, heard: Heard) -> None:
        self._alone.hear(topic, heard)

    def tell(self, topic: Topic, what: str = "") -> None:
        self._alone.tell(topic, what)
        self._told[topic, what] = None
        self._to_tell.set()

    async def run(self) -> None:
        """Until cancelled: keeps what is held, tells others and hears them. Waits for a Redis that is away."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._renew(), name="coordination-held")
            tasks.create_task(self._speak(), name="coordination-told")
            tasks.create_task(self._listen(), name="coordination-heard")

    async def _shortly(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Raises `DatabaseUnavailable`, after a moment; then for a while at once."""
        if self._now() < self._away_until:
            raise DatabaseUnavailable("Redis did not answer a moment ago")
        try:
            async with asyncio.timeout(SHORT_SECONDS):
                with outages():
                    return await ask()
        except (DatabaseUnavailable, TimeoutError) as error:
            log.warning("redis_done_without", error=str(error) or "no answer in time")
            self._away_until = self._now() + SHORT_SECONDS
            raise DatabaseUnavailable("Redis does not answer") from error

    async def _take(self, key: str, *, alone_if_away: bool) -> str | None:
        """What proves that it is ours; None where Redis is away and nobody asks."""
        proof = uuid4().hex
        try:
            while True:
                if await self._try(key, proof, shortly=alone_if_away):
                    break
                if not _goes_on():
                    raise asyncio.CancelledError
                await asyncio.sleep(LOOK_SECONDS)
        except DatabaseUnavailable:
            if alone_if_away:
                return None
            raise
        except BaseException:  # it may be ours by now
            await self._give_back(key, proof)
            raise
        self._held[key] = proof
        return proof

    async def _try(self, key: str, proof: str, *, shortly: bool) -> bool:
        async def ask() -> bool:
            return await self.claim(key, proof, seconds=LEASE)

        return await (self._shortly(ask) if shortly else ask())

    async def _give_back(self, key: str, proof: str) -> None:
        self._held.pop(key, None)
        try:
            async with asyncio.timeout(SHORT_SECONDS):
                await self._let_go(keys=[self._prefix + key], args=[proof])
        except (RedisError, OSError) as error:  # it ends by itself
            log.warning("turn_not_given_back", error=type(error).__name__)

    async def _renew(self) -> None:
        while _goes_on():
            await asyncio.sleep(LEASE / 3)
            for key, proof in list(self._held.items()):
                try:
                    if not await self.claim(key, proof, seconds=LEASE):
                        log.warning("turn_lost", key=key)  # this process stood still for long
                except DatabaseUnavailable as error:
                    log.warning("turn_not_renewed", error=str(error))
                if self._held.get(key) != proof:  # given back meanwhile
                    await self._give_back(key, proof)

    async def _speak(self) -> None:
        while _goes_on():
            await self._to_tell.wait()
            self._to_tell.clear()
            told, self._told = self._told, {}
            try:
                for topic, what in told:
                    await self._redis.publish(self._channel, f"{self._name} {topic} {what}")
            except (RedisError, OSError) as error:  # they look by themselves
                log.warning("others_not_told", error=str(error))

    async def _listen(self) -> None:
        while _goes_on():
            try:
                async with self._redis.pubsub() as ears:
                    await ears.subscribe(self._channel)
                    while _goes_on():
                        if (message := await ears.get_message(timeout=LISTEN_SECONDS)) is not None:
                            self._hear(message)
            except (RedisError, OSError) as error:
                log.warning("others_not_heard", error=str(error))
            await asyncio.sleep(RETRY_SECONDS)

    def _hear(self, message: dict[str, Any]) -> None:  # Any: as the client says it
        """The client connects anew by itself, and says only that it listens: what was told meanwhile is missed."""
        if message["type"] == "subscribe":
            for topic in Topic if self._listens else ():
                self._alone.tell(topic)
            self._listens = True
        elif message["type"] == "message":
            name, topic, what = message["data"].decode().split(" ", 2)
            if name != self._name and topic in set(Topic):  # others may be newer
                self._alone.tell(Topic(topic), what)


def _goes_on() -> bool:
    """The client takes a cancellation for an outage now and then, and loses it."""
    task = asyncio.current_task()
    return task is None or not task.cancelling()


def _ms(seconds: float) -> int:
    return max(round(seconds * 1000), 1)
