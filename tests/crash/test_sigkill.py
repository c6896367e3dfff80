"""Processes are killed at random moments while they sell and run predictions: no sale is lost, settled twice or paid
for without an answer, and everybody is told once.

`CRASH_KILLS` makes it longer, `CRASH_SEED` repeats what chance did (as far as a machine repeats its timing)."""

import asyncio
import os
import random
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.billing import TransactionKind
from db.tables.outbox import OutboxMessage
from db.tables.predictions import Prediction, PredictionStatus
from services.billing import ledger
from services.billing.audit import run_audit
from services.clock import system_clock
from services.models.offers import Models
from tests.support.counter import STORE
from tests.support.shop import add_user
from tests.support.waiting import until
from tests.unit.inference.models import NUMBER_X, NUMBER_Y, endless, write_model

KILLS = int(os.environ.get("CRASH_KILLS", "3"))
SEED = int(os.environ.get("CRASH_SEED", random.randrange(2**32)))
FINAL = {PredictionStatus.SUCCEEDED, PredictionStatus.FAILED}
EXCUSES = {"wine": {"RunLost"}, "endless": {"RunLost", "RunTimeout"}}  # a busy machine is late for a tenth of a second
ROOT = Path(__file__).parents[2]


class Victim:
    """A process, and what it said it had sold. `module`: what runs in it."""

    def __init__(self, module: str = "tests.crash.process") -> None:
        self._module = module
        self.sold: set[str] = set()
        self.ready = asyncio.Event()

    async def start(self, *arguments: object) -> "Victim":
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, *map(str, arguments),
            stdout=asyncio.subprocess.PIPE, stderr=None, cwd=ROOT,
        )  # fmt: skip
        self._reader = asyncio.get_running_loop().create_task(self._read())
        return self

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            word, _, key = line.decode().rstrip().partition(" ")  # of its log, anything
            if word == "ready":
                self.ready.set()
            elif word == "sold" and line.endswith(b"\n"):  # cut off in the middle it says nothing
                self.sold.add(key)


@pytest.mark.parametrize("server", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
async def test_killed_processes_lose_nothing(database: Database, database_url: str, tmp_path: Path) -> None:
    print(f"CRASH_SEED={SEED} CRASH_KILLS={KILLS}")  # noqa: T201 - shown when it fails
    chance = random.Random(SEED)
    folder = await _open_shop(database, tmp_path)
    users = [await _customer(database) for _ in range(4)]

    async def start(*customers: int) -> Victim:
        return await Victim().start(database_url, folder, chance.getrandbits(32), *customers)

    alive = [await start(*users), await start(*users)]
    dead: list[Victim] = []
    for _ in range(KILLS):
        victim = alive.pop(chance.randrange(len(alive)))
        if chance.random() < 0.8:  # or in the middle of its start
            await victim.ready.wait()
        await asyncio.sleep(chance.uniform(0, 0.3))
        await victim.kill()
        dead.append(victim)
        alive.append(await start(*users))
    for victim in alive:
        await victim.kill()
    last = await start()
    await until(lambda: _all_final(database), seconds=30 + KILLS)
    await last.kill()
    await _check(database, set().union(*(victim.sold for victim in [*alive, *dead])))


async def _check(database: Database, sold: set[str]) -> None:
    predictions = await _rows(database, Prediction)
    by_key = Counter(row.request_key for row in predictions)
    assert sold <= set(by_key), "a sale that was confirmed is not there"
    assert set(by_key.values()) <= {1}
    told = Counter(row.key for row in await _rows(database, OutboxMessage))
    assert told == Counter(f"prediction:{row.id}" for row in predictions)
    for row in predictions:
        good = row.inputs != {} and row.inputs.get("x") != 1.0
        assert (row.result is not None) == (row.status == PredictionStatus.SUCCEEDED)
        assert row.status == PredictionStatus.FAILED or good
        assert not good or row.status == PredictionStatus.SUCCEEDED or row.error_code in EXCUSES[row.model_slug]
    report = await run_audit(database)
    assert report.ok, str(report)
    lost = sum(row.attempts > 1 for row in predictions)
    print(f"{len(predictions)} predictions, {lost} of them run more than once")  # noqa: T201 - as above


async def _open_shop(database: Database, tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copytree(STORE / "wine", folder / "wine")
    harmless = NUMBER_X.replace("label", "example = -1\nlabel") + NUMBER_Y
    write_model(folder, endless(), harmless, slug="endless", runtime="timeout = 0.1\nmax_batch = 8")
    problems = await Models(database, system_clock, folder).sync()
    assert not problems
    return folder


async def _customer(database: Database) -> int:
    user: int = await database.write(add_user)
    kind = TransactionKind.GRANT
    await database.write(ledger.grant, user_id=user, amount=6_000, kind=kind, key=f"grant:{user}", now=system_clock())
    return user


async def _all_final(database: Database) -> bool:
    return {row.status for row in await _rows(database, Prediction)} <= FINAL


async def _rows(database: Database, mapped: type[Prediction] | type[OutboxMessage]) -> list[AnyRow]:
    query = select(table_of(mapped))
    return await database.read(lambda session: list(session.execute(query)))
