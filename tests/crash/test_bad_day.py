"""A bad day, while customers pay and buy: messages that nobody can read, an hour of a Telegram that answers 502, a way
to Telegram that dies, a database and a Redis that go away. Nothing is lost, nothing doubled, and everybody is told.

`BAD_DAYS` repeats it, `CRASH_SEED` repeats what chance did (as far as a machine repeats its timing)."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import make_url

from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_world, running_sandbox
from tests.crash.ending import audit_exit_code, check_all, settled_all
from tests.crash.opening import customers, environment_of, open_database, were_here_last_week
from tests.crash.victim import running_victim
from tests.support.databases import PostgresServer
from tests.support.odd_updates import messages
from tests.support.ports import free_port
from tests.support.proxy import Proxy, proxy_to
from tests.support.proxy_servers import ProxyServer, proxy_server
from tests.support.redis import find_redis

pytestmark = pytest.mark.skipif("BAD_DAYS" not in os.environ, reason="minutes: make crash")

DAYS = int(os.environ.get("BAD_DAYS", "1"))
SEED = int(os.environ.get("CRASH_SEED", random.randrange(2**32)))
CUSTOMERS = 6
AWAY_SECONDS = 2.0  # a notification that was sent waits 2.5 s here for the database to write that down
MINUTES = 60  # of 502
EXPECTED = (
    "background_task_crashed",
    "notification_not_settled",
    "telegram_conflict",
)  # how a bad day is logged, beside warnings


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """`ways`: to the shop's own servers; `proxy`: to Telegram."""

    sandbox: Sandbox
    people: list[Person]
    ways: dict[str, Proxy]
    proxy: ProxyServer

    async def odd_messages(self) -> None:
        for raw in messages(self.people[0].id).values():
            await self.sandbox.update(raw)
        await asyncio.sleep(AWAY_SECONDS)

    async def hour_of_502(self) -> None:
        for method in ("*", "getUpdates"):
            await self.sandbox.fault(method, "502", times=0)
        for _ in range(MINUTES):
            await self.sandbox.advance(60)
            await asyncio.sleep(0.15)
        await self.sandbox.clear_faults()

    async def dead_proxy(self) -> None:
        await self.proxy.die()
        await asyncio.sleep(AWAY_SECONDS)
        await self.proxy.start()

    def away(self, name: str) -> Callable[[], Awaitable[None]]:
        async def go() -> None:
            self.ways[name].cut()
            await asyncio.sleep(AWAY_SECONDS)
            self.ways[name].mend()

        return go


async def test_nothing_is_lost_on_a_bad_day(postgres_server: PostgresServer, tmp_path: Path) -> None:
    print(f"CRASH_SEED={SEED} BAD_DAYS={DAYS}")  # noqa: T201 - shown when it fails
    chance, url = random.Random(SEED), postgres_server.create()
    async with running_sandbox() as sandbox_url, new_world(sandbox_url) as sandbox, open_database(url) as database:
        port = free_port()
        yookassa = await sandbox.shop(webhook_url=f"http://127.0.0.1:{port}/webhooks/yookassa")
        people = [await sandbox.person(f"Анна {number}") for number in range(CUSTOMERS)]
        await were_here_last_week(database, people)
        ahead = tmp_path / "ahead"
        ahead.write_text(repr((await sandbox.make_it("wednesday"))["offset"]), encoding="ascii")
        async with _ways(url) as (ways, own), proxy_server("socks5", hosts={}, login=False) as proxy:
            environment = environment_of(sandbox, yookassa, own["DATABASE_URL"], port) | own
            environment["TELEGRAM_PROXY"] = f"socks5://127.0.0.1:{proxy.port}"
            world = World(sandbox=sandbox, people=people, ways=ways, proxy=proxy)
            clock = f"{sandbox.base_url}/sandbox/api/{sandbox.bot_id}", str(ahead)
            async with running_victim(environment, *clock) as victim:
                await victim.ready()
                async with customers(people, yookassa, chance):
                    await _bad_days(world, chance)
                await settled_all(database, yookassa, seconds=120)
            assert [line for line in victim.errors if not any(f'"{name}"' in line for name in EXPECTED)] == []
        await check_all(database, yookassa, people, cut_off=True)
    assert await audit_exit_code(environment | {"DATABASE_URL": url}) == 0


async def _bad_days(world: World, chance: random.Random) -> None:
    for _ in range(DAYS):
        weather = [
            world.odd_messages,
            world.hour_of_502,
            world.dead_proxy,
            *(world.away(name) for name in world.ways),
        ]
        chance.shuffle(weather)
        for trouble in weather:
            await asyncio.sleep(chance.uniform(1, 3))
            await trouble()
    await asyncio.sleep(AWAY_SECONDS)


@asynccontextmanager
async def _ways(url: str) -> AsyncIterator[tuple[dict[str, Proxy], dict[str, str]]]:
    """To PostgreSQL and Redis, and the settings that lead there."""
    database, redis = make_url(url), urlsplit(find_redis())
    async with (
        proxy_to(database.host or "127.0.0.1", database.port or 5432) as to_database,
        proxy_to(redis.hostname or "127.0.0.1", redis.port or 6379) as to_redis,
    ):
        there = database.set(host="127.0.0.1", port=to_database.port).render_as_string(hide_password=False)
        settings = {"DATABASE_URL": there, "REDIS_URL": f"redis://127.0.0.1:{to_redis.port}{redis.path}"}
        yield {"PostgreSQL": to_database, "Redis": to_redis}, settings
