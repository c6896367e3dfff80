"""The shop, or the process that reads a stranger's file, is killed at random moments while an owner uploads, compares
and publishes: one version is on sale and works, its card says so, nothing is published twice or by halves, and no file
stays that no version names.

`UPLOAD_KILLS` makes it longer, `CRASH_SEED` repeats what chance did (as far as a machine repeats its timing)."""

import asyncio
import hashlib
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from signal import SIGKILL
from uuid import UUID

import pytest
from aiohttp import ClientError

from db.base import AnyRow
from db.engine import Database
from db.tables.models import ComparisonStatus, Model, ModelComparison, ModelVersion, VersionStatus
from db.tables.users import AuditAction, AuditEntry
from sandbox.client.person import Person
from sandbox.client.sandbox import SandboxError
from sandbox.testing import new_world, running_sandbox
from services.clock import system_clock
from services.files.cleanup import FileCleanup
from services.files.folder import FolderStore
from services.files.store import id_of
from tests.crash.opening import environment_of, open_database
from tests.crash.victim import Victim, running_victim
from tests.crash.workers import rows_of
from tests.support.ports import free_port
from tests.support.uploads import linear
from tests.support.waiting import until

KILLS = int(os.environ.get("UPLOAD_KILLS", "2"))
SEED = int(os.environ.get("CRASH_SEED", random.randrange(2**32)))
PATIENCE = 15.0  # seconds
SLUG = "fares"
PROGRAMS = ("services.authoring.upload_process", "services.inference.runtimes.isolated")


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploading:
    olga: Person
    victim: Victim
    database: Database
    chance: random.Random

    async def version_of(self, content: bytes) -> AnyRow | None:
        """The latest row of this very file."""
        digest = hashlib.sha256(content).hexdigest()
        same = [row for row in await rows_of(self.database, ModelVersion) if row.sent_sha256 == digest]
        return max(same, key=lambda row: row.number, default=None)

    async def uploads(self, content: bytes) -> None:
        """Until it was checked; what was lost or refused is sent again."""
        async with self.killed(within=3):
            await self._send(content)
        while not await self._checked(content):
            await self._send(content)

    async def publishes(self, content: bytes) -> None:
        """As often as it takes."""
        async with self.killed(within=0.4):
            await self._press_publish()
        while not await self._is(content, VersionStatus.PUBLISHED):
            await self._press_publish()

    @asynccontextmanager
    async def killed(self, *, within: float) -> AsyncIterator[None]:
        """At some moment of what is done meanwhile, and after."""
        killing = asyncio.get_running_loop().create_task(self._kill(self.chance.uniform(0, within)))
        yield
        await killing

    async def _kill(self, after: float) -> None:
        await asyncio.sleep(after)
        children = list(_children(self.victim.pid))
        if children and self.chance.random() < 0.4:
            with suppress(ProcessLookupError):
                os.kill(self.chance.choice(children), SIGKILL)
            return
        await self.victim.kill()
        await self.victim.start()
        await self.victim.ready()

    async def _send(self, content: bytes) -> None:
        with suppress(AssertionError, SandboxError, ClientError):  # the bot is dead
            await self.olga.sends_file(f"{SLUG}.onnx", content)
            if any(row.status == VersionStatus.PUBLISHED for row in await rows_of(self.database, ModelVersion)):
                await self.olga.presses("⬆️ Новая версия", within=PATIENCE)

    async def _press_publish(self) -> None:
        with suppress(AssertionError, SandboxError, ClientError):
            await self.olga.presses("🟢 Опубликовать", within=PATIENCE)

    async def _checked(self, content: bytes) -> bool:
        """Waits for what is known of it."""

        async def decided() -> bool:
            row = await self.version_of(content)
            return row is not None and row.status != VersionStatus.RECEIVED

        with suppress(AssertionError):
            await until(decided, seconds=2 * PATIENCE)
        return await self._is(content, VersionStatus.CHECKED)

    async def _is(self, content: bytes, status: VersionStatus) -> bool:
        row = await self.version_of(content)
        return row is not None and row.status == status


@pytest.mark.slow
@pytest.mark.parametrize("server", ["sqlite_server", "postgres_server"])
async def test_killed_shops_publish_no_half_of_a_model(
    request: pytest.FixtureRequest, server: str, tmp_path: Path
) -> None:
    print(f"CRASH_SEED={SEED} UPLOAD_KILLS={KILLS}")  # noqa: T201 - shown when it fails
    chance, shop_url = random.Random(SEED), request.getfixturevalue(server).create()
    store, models = FolderStore(tmp_path / "files"), tmp_path / "models"
    models.mkdir()
    async with running_sandbox() as url, new_world(url) as sandbox, open_database(shop_url) as database:
        olga, anna = await sandbox.person("Ольга", language_code="ru"), await sandbox.person("Анна", language_code="ru")
        environment = environment_of(sandbox, await sandbox.shop(), shop_url, free_port())
        environment |= {"MODELS_DIR": str(models), "FILES_URL": f"file:{store.root}", "OWNER_IDS": str(olga.id)}
        async with running_victim(environment) as victim:
            await victim.ready()
            uploading = Uploading(olga=olga, victim=victim, database=database, chance=chance)
            await uploading.uploads(linear(0.0))
            await _named(olga)
            await uploading.publishes(linear(0.0))
            for number in range(1, KILLS + 1):
                await uploading.uploads(linear(float(number)))
                await uploading.publishes(linear(float(number)))
            await until(lambda: _compared(database), seconds=4 * PATIENCE)
            sold = await _check_rows(database)
            await olga.sees(f"Версия {sold.number} модели", within=PATIENCE)
            card = await olga.sees("🟢 Продаётся", within=PATIENCE)
            assert f"Версия {sold.number} модели" in card.text
            await _buys(anna, answer=40 + KILLS)
        await _check_files(database, store)
        assert not list((tmp_path / "upload-checks").iterdir())  # folders of killed checks


async def _named(olga: Person) -> None:
    """Which `publishes` would ask for."""
    for button, told in (("Название (рус.)", "Проезд"), ("Название (англ.)", "Fares"), ("Цена", "0")):
        await olga.presses(button, within=PATIENCE)
        await olga.says(told)
        await olga.sees("✅ Сохранено", within=PATIENCE)


async def _buys(anna: Person, *, answer: int) -> None:
    await anna.says("/models")
    await anna.presses("Проезд", within=PATIENCE)
    await anna.presses("▶️", within=PATIENCE)
    await anna.says("20")
    await anna.presses("🔮", within=PATIENCE)
    await anna.sees(f"Roubles: {answer}", within=PATIENCE)


async def _compared(database: Database) -> bool:
    return all(row.status != ComparisonStatus.QUEUED for row in await rows_of(database, ModelComparison))


async def _check_rows(database: Database) -> AnyRow:
    """The version on sale, which is the last one that was published."""
    versions = await rows_of(database, ModelVersion)
    (sold,) = [row for row in versions if row.status == VersionStatus.PUBLISHED]
    published = [row for row in versions if row.published_at is not None]
    assert sold.number == max(row.number for row in published)
    assert {row.status for row in published} <= {VersionStatus.PUBLISHED, VersionStatus.RETIRED}
    (model,) = await rows_of(database, Model)
    assert (model.version, model.present) == (str(sold.number), True)
    log = await rows_of(database, AuditEntry)
    told = Counter(row.after["version"] for row in log if row.action == AuditAction.UPLOAD_PUBLISH)
    assert told == Counter(row.number for row in published)
    return sold


async def _check_files(database: Database, store: FolderStore) -> None:
    """What is there is named by a version, and all that versions name is there."""
    later = system_clock() + timedelta(days=2)
    await FileCleanup(database, store, lambda: later, inputs_for=None, results_for=None).sweep()
    kept = {id_of(file.key) async for page in store.list() for file in page}
    wanted = [row for row in await rows_of(database, ModelVersion) if row.status != VersionStatus.DISCARDED]
    assert kept == {UUID(hex=entry["file"]) for row in wanted for entry in row.files.values()}


def _children(parent: int) -> list[int]:
    """Those that hold a stranger's graph."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            mine = int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent
            if mine and any(program in (folder / "cmdline").read_text() for program in PROGRAMS):
                found.append(int(folder.name))
    return found
