"""Models that are sent to hurt a shop, all of them to one that runs: each is refused in a sentence, and whoever buys of
another model meanwhile gets every answer."""

import asyncio
import time
from pathlib import Path

import pytest

from db.engine import Database
from db.tables.models import ModelVersion, VersionStatus
from sandbox.client.person import Person
from sandbox.testing import new_world, running_sandbox
from services.billing.audit import run_audit
from tests.conversations.shopping import fills_in_wine
from tests.crash.opening import environment_of, open_database
from tests.crash.victim import running_victim
from tests.crash.workers import rows_of
from tests.support.databases import SqliteServer
from tests.support.ports import free_port
from tests.support.uploads import HOSTILE
from tests.support.waiting import until

MINUTES = 5.0
ANSWERED = 15.0  # seconds, on a machine that reads bombs meanwhile


@pytest.mark.slow
async def test_the_shop_sells_on(sqlite_server: SqliteServer, tmp_path: Path) -> None:
    shop_url = sqlite_server.create()
    files = [content for make, _ in HOSTILE.values() if (content := make())]  # Telegram takes no empty ones
    async with running_sandbox() as url, new_world(url) as sandbox, open_database(shop_url) as database:
        olga, anna = await sandbox.person("Ольга", language_code="ru"), await sandbox.person("Анна", language_code="ru")
        environment = environment_of(sandbox, await sandbox.shop(), shop_url, free_port())
        environment |= {"FILES_URL": f"file:{tmp_path}", "OWNER_IDS": str(olga.id), "WELCOME_CREDITS": "1000"}
        async with running_victim(environment) as victim:
            await victim.ready()
            for content in files:
                await olga.sends_file("model.onnx", content)
            looking = asyncio.get_running_loop().create_task(
                until(lambda: _decided(database, len(files)), seconds=60 * MINUTES)
            )
            took = []
            while not looking.done():
                took.append(await _buys(anna))
            await looking
            await olga.sees("⛔", within=ANSWERED)
            assert victim.errors == []
        versions = await rows_of(database, ModelVersion)
        assert {row.status for row in versions} == {VersionStatus.REFUSED}
        assert all(row.report["problem"] and row.report["fix"] for row in versions)
        report = await run_audit(database)
        assert report.ok, str(report)
    print(f"{len(took)} bought meanwhile, the slowest in {max(took):.1f} s")  # noqa: T201 - for whoever runs it


async def _decided(database: Database, count: int) -> bool:
    versions = await rows_of(database, ModelVersion)
    return len(versions) == count and all(row.status != VersionStatus.RECEIVED for row in versions)


async def _buys(anna: Person) -> float:
    """Seconds from the press to the answer."""
    await fills_in_wine(anna)
    begun = time.monotonic()
    await anna.presses("🔮", within=ANSWERED)
    await anna.sees("Сорт", within=ANSWERED)
    return time.monotonic() - begun
