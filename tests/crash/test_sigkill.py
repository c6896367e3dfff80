"""Processes are killed at random moments while they sell and run predictions: no sale is lost, settled twice or paid
for without an answer, and everybody is told once.

`CRASH_KILLS` and `CRASH_SEED`: see `workers.py`."""

import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from db.engine import Database
from db.tables.outbox import OutboxMessage
from db.tables.predictions import Prediction, PredictionStatus
from services.billing.audit import run_audit
from services.clock import system_clock
from services.models.offers import Models
from tests.crash.workers import KILLS, SEED, KilledWorker, customer_with, finish_by, kill_one_after_another, rows_of
from tests.support.counter import STORE
from tests.unit.inference.models import NUMBER_X, NUMBER_Y, endless, write_model

FINAL = {PredictionStatus.SUCCEEDED, PredictionStatus.FAILED}
EXCUSES = {"wine": {"RunLost"}, "endless": {"RunLost", "RunTimeout"}}  # a busy machine is late for a tenth of a second


@pytest.mark.parametrize("server", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
async def test_killed_processes_lose_nothing(database: Database, database_url: str, tmp_path: Path) -> None:
    print(f"CRASH_SEED={SEED} CRASH_KILLS={KILLS}")  # noqa: T201 - shown when it fails
    chance = random.Random(SEED)
    folder = await _open_shop(database, tmp_path)
    users = [await customer_with(database, 6_000) for _ in range(4)]

    async def start(*customers: int) -> KilledWorker:
        return await KilledWorker().start(database_url, folder, chance.getrandbits(32), *customers)

    sold = await kill_one_after_another(start, users, chance, within=0.3)
    await finish_by(await start(), lambda: all_final(database), seconds=30 + KILLS)
    await _check(database, sold)


async def _check(database: Database, sold: set[str]) -> None:
    predictions = await rows_of(database, Prediction)
    by_key = Counter(row.request_key for row in predictions)
    assert sold <= set(by_key), "a sale that was confirmed is not there"
    assert set(by_key.values()) <= {1}
    told = Counter(row.key for row in await rows_of(database, OutboxMessage))
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


async def all_final(database: Database) -> bool:
    return {row.status for row in await rows_of(database, Prediction)} <= FINAL
