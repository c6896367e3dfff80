"""Processes are killed at random moments while they answer tables of some thousand rows: each that was ordered ends
once, its file has each answer, and what was paid is for rows with one.

`CRASH_KILLS` and `CRASH_SEED`: see `workers.py`."""

import csv
import io
import random
from collections import Counter, defaultdict
from pathlib import Path
from uuid import UUID

import pytest

from db.base import AnyRow
from db.engine import Database
from db.tables.billing import Transaction
from db.tables.outbox import OutboxMessage
from db.tables.scorings import Scoring, ScoringPart, ScoringStatus
from services.billing.audit import run_audit
from services.clock import system_clock
from services.models.offers import Models
from tests.crash.scoring import PRICE
from tests.crash.workers import KILLS, SEED, KilledWorker, customer_with, finish_by, kill_one_after_another, rows_of
from tests.support.files import files_of
from tests.support.tables import models_folder

OPEN = {ScoringStatus.QUEUED, ScoringStatus.RUNNING}


@pytest.mark.parametrize("server", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], indirect=True)
async def test_killed_processes_lose_no_row(database: Database, database_url: str, tmp_path: Path) -> None:
    print(f"CRASH_SEED={SEED} CRASH_KILLS={KILLS}")  # noqa: T201 - shown when it fails
    chance = random.Random(SEED)
    folder = models_folder(tmp_path)
    assert not await Models(database, system_clock, folder).sync()
    users = [await customer_with(database, 10**9) for _ in range(3)]

    async def start(*customers: int) -> KilledWorker:
        worker = KilledWorker("tests.crash.scoring")
        return await worker.start(database_url, folder, chance.getrandbits(32), *customers)

    sold = await kill_one_after_another(start, users, chance, within=4)
    await finish_by(await start(), lambda: _all_ended(database), seconds=60 + 2 * KILLS)
    await _check(database, sold)


async def _check(database: Database, sold: set[str]) -> None:
    tables = [row for row in await rows_of(database, Scoring) if row.status != ScoringStatus.DRAFT]
    assert sold <= {str(row.id) for row in tables}, "an order that was confirmed is not there"
    told = Counter(row.key for row in await rows_of(database, OutboxMessage))
    assert told == Counter(f"scoring:{row.id}" for row in tables)
    lines: dict[UUID, int] = defaultdict(int)
    for line in await rows_of(database, Transaction):
        if line.scoring_id is not None:
            lines[line.scoring_id] += line.amount
    for row in tables:
        answered = await _answers(database, row)
        assert lines[row.id] == -PRICE * answered
        assert (row.status == ScoringStatus.SUCCEEDED) == (answered > 0)
    assert not await rows_of(database, ScoringPart)
    report = await run_audit(database)
    assert report.ok, str(report)
    ended = Counter(row.status for row in tables)
    print(f"{dict(ended)}, {sum(row.done_rows for row in tables)} rows answered")  # noqa: T201 - as above


async def _answers(database: Database, row: AnyRow) -> int:
    """How many are in the file that came back; each is its row's."""
    if row.result_file_id is None:
        return 0
    content = await files_of(database, system_clock).get(row.result_file_id, user_id=row.user_id)
    assert content is not None
    _, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    assert len(rows) == row.all_rows
    times = 2 if row.model_slug == "double" else 1
    answered = [(x, y) for x, y, *_ in rows if y]
    assert all(float(y) == times * float(x) for x, y in answered)
    return len(answered)


async def _all_ended(database: Database) -> bool:
    return not {row.status for row in await rows_of(database, Scoring)} & OPEN
