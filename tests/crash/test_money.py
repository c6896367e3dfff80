"""The whole shop is killed at random moments while its customers pay and buy: every rouble is credited once, every
prediction is answered once or paid back, every bonus comes once.

`MONEY_KILLS` makes it longer, `CRASH_SEED` repeats what chance did (as far as a machine repeats its timing),
`CRASH_ON=postgresql` takes the other database."""

import asyncio
import os
import random
from contextlib import suppress
from typing import Any

from sandbox.client.shop import Shop
from sandbox.testing import new_world, running_sandbox
from tests.crash.ending import audit_exit_code, check_all, settled_all
from tests.crash.opening import customers, environment_of, open_database, were_here_last_week
from tests.crash.victim import Victim, running_victim
from tests.support.odd_updates import messages
from tests.support.ports import free_port
from tests.support.stores import quick_store
from tests.support.waiting import until

KILLS = int(os.environ.get("MONEY_KILLS", "1"))
SEED = int(os.environ.get("CRASH_SEED", random.randrange(2**32)))
CUSTOMERS = 5
ODD = 3  # updates that the types refuse, before each kill
WINDOWS = (
    ("slow", "payments.create"),
    ("slow", "payments.get"),
    ("cut_after", "payments.create"),
    ("hang_after", "payments.create"),
    ("500_after", "payments.create"),
    ("html", "payments.get"),
)
"""What keeps a call open between what the provider did and what the shop writes down."""
NOTICES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lose", {}),
    ("repeat", {"copies": 3}),
    ("delay", {"seconds": 1.0}),
    ("reorder", {"seconds": 1.0}),
)


async def test_killed_shops_lose_no_money(shop_url: str) -> None:
    print(f"CRASH_SEED={SEED} MONEY_KILLS={KILLS}")  # noqa: T201 - shown when it fails
    chance = random.Random(SEED)
    async with running_sandbox() as url, new_world(url) as sandbox, open_database(shop_url) as database:
        port = free_port()
        yookassa = await sandbox.shop(webhook_url=f"http://127.0.0.1:{port}/webhooks/yookassa")
        people = [await sandbox.person(f"Анна {number}") for number in range(CUSTOMERS)]
        stranger = await sandbox.person("Чужой")
        await were_here_last_week(database, [*people, stranger])
        environment = environment_of(sandbox, yookassa, shop_url, port) | {"MODELS_DIR": str(quick_store())}
        async with running_victim(environment) as victim:
            await stranger.says("/start")
            async with customers(people, yookassa, chance):
                for _ in range(KILLS):
                    for update in chance.sample(list(messages(stranger.id).values()), ODD):
                        await sandbox.update(update)
                    await _at_some_moment(victim, yookassa, chance)
                    await victim.kill()
                    await victim.start()
                await victim.ready()
                await asyncio.sleep(0.5)
            await yookassa.clear_faults()
            await settled_all(database, yookassa, seconds=30 + 6 * KILLS)
            await stranger.says("/balance")
            await stranger.sees("Баланс: ", within=30)
        await check_all(database, yookassa, people)
        assert victim.errors == []
    assert await audit_exit_code(environment) == 0


async def _at_some_moment(victim: Victim, yookassa: Shop, chance: random.Random) -> None:
    """Any moment, its start included; or, more often, while a call to the provider is under way or just answered."""
    if chance.random() < 0.15:
        await asyncio.sleep(chance.uniform(0, 2))
        return
    await victim.ready()
    kind, more = chance.choice(NOTICES)
    await yookassa.fault(kind, "payment.succeeded", **more)
    await asyncio.sleep(chance.uniform(0.5, 2))
    if chance.random() < 0.3:
        return
    kind, call = chance.choice(WINDOWS)
    seen = len(await yookassa.log(call))
    await yookassa.fault(kind, call, seconds=0.5)
    with suppress(AssertionError):  # nobody paid just then
        await until(lambda: _called(yookassa, call, seen), seconds=2)
    await asyncio.sleep(chance.choice([0, 0.003, 0.01, 0.05, 0.3, 0.55]))


async def _called(yookassa: Shop, call: str, seen: int) -> bool:
    return len(await yookassa.log(call)) > seen
