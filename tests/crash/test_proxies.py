"""Both proxies of a shop die and come back while its customers pay and buy: nothing is lost, nothing doubled.

`PROXY_DEATHS` says how often (`make crash` does), `CRASH_SEED` repeats what chance did."""

import asyncio
import os
import random

import pytest

from sandbox.testing import new_world, running_sandbox
from tests.crash.ending import audit_exit_code, check_all, settled_all
from tests.crash.opening import customers, environment_of, open_database, were_here_last_week
from tests.crash.victim import running_victim
from tests.integration.reach.behind import TELEGRAM, YOOKASSA, address, hosts, port_of
from tests.support.databases import SqliteServer
from tests.support.ports import free_port
from tests.support.proxy_servers import proxy_server

DEATHS = int(os.environ.get("PROXY_DEATHS", "0"))
SEED = int(os.environ.get("CRASH_SEED", random.randrange(2**32)))
CUSTOMERS = 4


@pytest.mark.skipif(not DEATHS, reason="a minute: make crash")
async def test_dying_proxies_lose_no_money(sqlite_server: SqliteServer) -> None:
    print(f"CRASH_SEED={SEED} PROXY_DEATHS={DEATHS}")  # noqa: T201 - shown when it fails
    chance, shop_url = random.Random(SEED), sqlite_server.create()
    async with (
        running_sandbox() as url,
        new_world(url) as sandbox,
        proxy_server("socks5", hosts=hosts(port_of(sandbox))) as to_telegram,
        proxy_server("http", hosts=hosts(port_of(sandbox))) as to_yookassa,
        open_database(shop_url) as database,
    ):
        port = free_port()
        yookassa = await sandbox.shop(webhook_url=f"http://127.0.0.1:{port}/webhooks/yookassa")
        people = [await sandbox.person(f"Анна {number}") for number in range(CUSTOMERS)]
        await were_here_last_week(database, people)
        environment = environment_of(sandbox, yookassa, shop_url, port) | {
            "TELEGRAM_API_URL": f"http://{TELEGRAM}",
            "TELEGRAM_PROXY": address("socks5", to_telegram),
            "YOOKASSA_API_URL": f"http://{YOOKASSA}/yookassa/v3",
            "YOOKASSA_PROXY": address("http", to_yookassa),
        }
        async with running_victim(environment) as victim:
            await victim.ready()
            async with customers(people, yookassa, chance):
                for _ in range(DEATHS):
                    await asyncio.sleep(chance.uniform(0.5, 2))
                    dying = chance.choice([[to_telegram], [to_yookassa], [to_telegram, to_yookassa]])
                    for proxy in dying:
                        await proxy.die()
                    await asyncio.sleep(chance.uniform(0, 3))
                    for proxy in dying:
                        await proxy.start()
                await asyncio.sleep(1)
            await settled_all(database, yookassa, seconds=60 + 6 * DEATHS)
        await check_all(database, yookassa, people)
        assert any(each["status"] == "succeeded" for each in await yookassa.payments())
        assert set(to_telegram.went) == {f"{TELEGRAM}:80"}
        assert set(to_yookassa.went) == {f"{YOOKASSA}:80"}
    assert await audit_exit_code(environment) == 0
