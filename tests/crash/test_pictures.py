"""The shop is killed at random moments while customers have pictures painted, alone and by the album: every picture is
paid for once and there, every one that is not there is paid back, and no file stays that no row names.

`PICTURE_KILLS` makes it longer, `CRASH_SEED` repeats what chance did (as far as a machine repeats its timing)."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp import ClientError

from db.engine import Database
from db.tables.predictions import File, Prediction, PredictionStatus
from db.tables.users import User
from sandbox.client.person import Person
from sandbox.client.sandbox import SandboxError
from sandbox.testing import new_world, running_sandbox
from services.clock import system_clock
from services.files.cleanup import FileCleanup
from services.files.folder import FolderStore
from services.files.store import id_of
from tests.conversations.studio import jpeg, open_studio
from tests.crash.ending import audit_exit_code, check_all, settled_all
from tests.crash.opening import environment_of, open_database, were_here_last_week
from tests.crash.victim import Victim, running_victim
from tests.crash.workers import rows_of
from tests.support.ports import free_port
from tests.support.waiting import until

KILLS = int(os.environ.get("PICTURE_KILLS", "2"))
SEED = int(os.environ.get("CRASH_SEED", random.randrange(2**32)))
CUSTOMERS = 4
PATIENCE = 15.0  # seconds; then they begin anew
COLOURS = ("white", "red", "blue", "green")


@pytest.mark.slow
@pytest.mark.parametrize("server", ["sqlite_server", "postgres_server"])
async def test_killed_shops_lose_no_picture(request: pytest.FixtureRequest, server: str, tmp_path: Path) -> None:
    print(f"CRASH_SEED={SEED} PICTURE_KILLS={KILLS}")  # noqa: T201 - shown when it fails
    chance, shop_url = random.Random(SEED), request.getfixturevalue(server).create()
    store, models = FolderStore(tmp_path / "files"), tmp_path / "models"
    models.mkdir()
    open_studio(models)
    async with running_sandbox() as url, new_world(url) as sandbox, open_database(shop_url) as database:
        yookassa = await sandbox.shop()
        people = [await sandbox.person(f"Анна {number}") for number in range(CUSTOMERS)]
        await were_here_last_week(database, people)
        environment = environment_of(sandbox, yookassa, shop_url, free_port())
        environment |= {"MODELS_DIR": str(models), "FILES_URL": f"file:{store.root}"}
        async with running_victim(environment) as victim:
            await victim.ready()
            async with _painting(people, chance):
                for _ in range(KILLS):
                    await _at_some_moment(victim, store, chance)
                    await victim.kill()
                    await victim.start()
                await victim.ready()
                await asyncio.sleep(0.5)
            await settled_all(database, yookassa, seconds=60 + 6 * KILLS)
        await check_all(database, yookassa, people)
        await _check_pictures(database, store, careful=people[1:])
        assert victim.errors == []
    assert await audit_exit_code(environment) == 0


@asynccontextmanager
async def _painting(people: list[Person], chance: random.Random) -> AsyncIterator[None]:
    """The first of them also has her pictures deleted, now and then."""
    loop = asyncio.get_running_loop()
    busy = [loop.create_task(_paints(each, chance, deletes=each is people[0])) for each in people]
    try:
        yield
    finally:
        for customer in busy:
            customer.cancel()
        await asyncio.gather(*busy, return_exceptions=True)


async def _paints(person: Person, chance: random.Random, *, deletes: bool) -> None:
    """Until cancelled."""
    await person.says("/start")
    number = 0
    while True:
        number += 1
        with suppress(AssertionError, SandboxError, ClientError):  # the bot is dead, or the credits are spent
            await _orders(person, f"{person.id}-{number}", chance)
            if deletes and chance.random() < 0.4:
                await person.says("/privacy")
                await person.presses("Удалить мои файлы", within=PATIENCE)
                await person.presses("Да, удалить", within=PATIENCE)
        await asyncio.sleep(chance.uniform(0, 0.3))


async def _orders(person: Person, album: str, chance: random.Random) -> None:
    for _ in range(chance.choice([1, 1, 2, 3])):
        await person.sends_photo(jpeg(chance.choice(COLOURS)), album=album)
    await person.sees("стиля", within=PATIENCE)
    await person.presses("Тёмные", within=PATIENCE)
    await person.presses(f"{chance.randint(1, 6)}. ", within=PATIENCE)
    await person.presses("Взять этот стиль", within=PATIENCE)
    await person.presses("50 %", within=PATIENCE)
    summary = await person.sees_button("Нарисовать", within=PATIENCE)
    predict = summary.button("Нарисовать")
    assert predict is not None
    assert predict.data is not None
    taps = chance.choice([1, 1, 2])
    await asyncio.gather(*(person.forges(predict.data, summary.id, within=PATIENCE) for _ in range(taps)))


async def _at_some_moment(victim: Victim, store: FolderStore, chance: random.Random) -> None:
    """Any moment, its start included; or, more often, when a photo or a result has just been kept and perhaps no row
    names it yet."""
    if chance.random() < 0.1:
        await asyncio.sleep(chance.uniform(0, 2))
        return
    await victim.ready()
    enough = _count(store) + chance.randint(1, 16)
    with suppress(AssertionError):  # credits are spent
        await until(lambda: _has(store, enough), seconds=20)
    await asyncio.sleep(chance.choice([0, 0, 0.002, 0.005, 0.02, 0.1]))


def _count(store: FolderStore) -> int:
    return sum(1 for _ in store.root.glob("??/*"))


async def _has(store: FolderStore, count: int) -> bool:
    return _count(store) >= count


async def _check_pictures(database: Database, store: FolderStore, *, careful: list[Person]) -> None:
    """`careful`: those who have deleted none."""
    users = {row.id for row in await rows_of(database, User) if row.telegram_id in {each.id for each in careful}}
    files = {row.id for row in await rows_of(database, File)}
    predictions = await rows_of(database, Prediction)
    painted = [row for row in predictions if row.status == PredictionStatus.SUCCEEDED]
    assert painted
    for row in painted:
        if row.user_id in users:
            assert {UUID(each) for each in row.result["files"].values()} <= files
    for unfinished in store.root.glob("??/*.part"):
        os.utime(unfinished, (0, 0))
    terms = {"inputs_for": None, "results_for": None}
    swept = await FileCleanup(database, store, lambda: system_clock() + timedelta(days=2), **terms).sweep()
    kept = {id_of(each.key) async for page in store.list() for each in page}
    assert kept == files
    assert _count(store) == len(files)
    print(f"{len(predictions)} predictions, {len(painted)} painted, {swept} files swept")  # noqa: T201 - as above
