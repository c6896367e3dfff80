"""The database is gone, and money came in that may be the shop's: its owners hear of it, whenever they come."""

import pytest

from sandbox.testing import new_token, new_world
from tests.conversations.payments.conftest import open_till
from tests.conversations.payments.tills import chooses, reconcile
from tests.conversations.stage import OWNER_ID
from tests.support.databases import SqliteServer

OWNERS = (OWNER_ID, OWNER_ID + 1)
NEWS = "300.00 RUB"


@pytest.mark.slow
async def test_each_owner_is_told_on_coming(sandbox_url: str, sqlite_server: SqliteServer) -> None:
    new_disk = sqlite_server.create()
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        anna = await sandbox.person("Анна", language_code="ru")
        olga, oleg = [await sandbox.person(name, id=i) for name, i in zip(("Ольга", "Олег"), OWNERS, strict=True)]
        async with open_till(sandbox, sqlite_server.create(), owner_ids=OWNERS):
            await chooses(anna)
            shop = await sandbox.shop()
            [payment] = await shop.payments(limit=1)
            await shop.tampers(metadata=payment["metadata"] | {"kassandra_proof": "0" * 64})
            await anna.pays("💳 Оплатить")
        async with open_till(sandbox, new_disk, owner_ids=OWNERS) as stage:
            await reconcile(stage)
            await anna.says("/start")
            await olga.says("/start")
            await olga.sees(NEWS)
        async with open_till(sandbox, new_disk, owner_ids=OWNERS) as stage:
            await reconcile(stage)
            await oleg.says("/start")
            await oleg.sees(NEWS)
            for owner in (olga, oleg):
                await owner.says("/menu")
                await owner.never_sees("RUB", during=1.0)
                assert len([each for each in owner.messages if each.holds(NEWS)]) == 1
            await anna.never_sees(NEWS)
