"""The whole shop is killed while programs buy by its API: each request is sold once, however often it is sent again.

`API_KILLS` makes it longer, `CRASH_SEED` repeats what chance did (as far as a machine repeats its timing)."""

import asyncio
import os
import random
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from db.engine import Database
from db.tables.identities import ApiScope
from db.tables.predictions import Prediction
from sandbox.testing import new_world, running_sandbox
from services.clock import system_clock
from services.identity.api_keys import ApiKeys
from services.users.accounts import Users, Visitor
from tests.crash.ending import audit_exit_code
from tests.crash.opening import environment_of, open_database
from tests.crash.victim import running_victim
from tests.crash.workers import SEED, rows_of
from tests.support.ports import free_port
from tests.support.stores import quick_store

KILLS = int(os.environ.get("API_KILLS", "2"))
PROGRAMS = 4
EACH = 5  # purchases
RICH = 1_000_00


@pytest.mark.parametrize(
    "server", [pytest.param(each, marks=pytest.mark.slow) for each in ("sqlite_server", "postgres_server")]
)
async def test_killed_shops_sell_each_request_once(request: pytest.FixtureRequest, server: str, tmp_path: Path) -> None:
    print(f"CRASH_SEED={SEED} API_KILLS={KILLS}")  # noqa: T201 - shown when it fails
    chance, shop_url, port = random.Random(SEED), request.getfixturevalue(server).create(), free_port()
    async with running_sandbox() as url, new_world(url) as sandbox, open_database(shop_url) as database:
        environment = environment_of(sandbox, await sandbox.shop(), shop_url, port)
        environment |= {"MODELS_DIR": str(quick_store())}
        async with running_victim(environment) as victim:
            await victim.ready()
            keys = [await _key(database, 930_000_000 + number) for number in range(PROGRAMS)]
            async with asyncio.TaskGroup() as tasks:
                buying = [tasks.create_task(_buys(port, key, chance)) for key in keys]
                for _ in range(KILLS):
                    await asyncio.sleep(chance.uniform(0.1, 1.0))
                    await victim.kill()
                    await victim.start()
                    await victim.ready()
            sold = [each for program in buying for each in program.result()]
            rows = await rows_of(database, Prediction)
        assert victim.errors == []
    assert sorted(str(row.id) for row in rows) == sorted(sold)
    assert len(sold) == PROGRAMS * EACH
    assert await audit_exit_code(environment) == 0


async def _key(database: Database, telegram_id: int) -> str:
    users = Users(database, system_clock, welcome_credits=RICH)
    user = await users.enter(Visitor(telegram_id=telegram_id, username=None, first_name="Anna", language="en"))
    return (await ApiKeys(database, system_clock).create(user.id, "a program", [ApiScope.PREDICT]))[1]


async def _buys(port: int, key: str, chance: random.Random) -> list[str]:
    """Ids of what was bought: each purchase is sent until it is answered."""
    bought = []
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
        for _ in range(EACH):
            headers = {"authorization": f"Bearer {key}", "idempotency-key": str(uuid4())}
            headers |= {"prefer": "wait=20"} if chance.random() < 0.5 else {}
            while True:
                try:
                    order = {"model": "wine", "input": {}}
                    answer = await client.post("/api/v1/predictions", json=order, headers=headers)
                except httpx.HTTPError:  # the shop is dead
                    answer = None
                if answer is not None and answer.status_code in (201, 202):
                    break
                assert answer is None or answer.status_code in (409, 503), answer.text
                await asyncio.sleep(0.2)
            bought.append(answer.json()["id"])
            await asyncio.sleep(chance.uniform(0, 0.1))
    return bought
