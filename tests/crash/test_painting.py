"""Workers are killed at random moments while a server paints for them: whoever comes next finds the job or its picture
there, and nobody pays twice or for nothing. `CRASH_KILLS` and `CRASH_SEED`: see `workers.py`."""

import asyncio
import random
from pathlib import Path
from uuid import uuid4

import pytest

from bot.wiring.inference import RUNTIMES
from db.engine import Database
from db.tables.predictions import Prediction, PredictionStatus
from sandbox.client.comfyui import ComfyUIServer
from sandbox.testing import new_world, running_sandbox
from services.billing.audit import run_audit
from services.clock import system_clock
from services.models.offers import Models
from services.predictions.submit import Order, submit
from tests.crash.test_sigkill import all_final
from tests.crash.workers import KILLS, SEED, KilledWorker, customer_with, finish_by, rows_of
from tests.support.comfyui import photo, workflow, write_painting
from tests.support.files import files_of

PRICE = 100
PAINTINGS = 4 * KILLS


@pytest.mark.slow
@pytest.mark.parametrize("restarts", [False, True], ids=["", "the server restarts too"])
async def test_killed_workers_lose_no_painting(
    database: Database, database_url: str, tmp_path: Path, restarts: bool
) -> None:
    print(f"CRASH_SEED={SEED} CRASH_KILLS={KILLS}")  # noqa: T201 - shown when it fails
    chance = random.Random(SEED)
    async with running_sandbox() as url, new_world(url) as sandbox:
        comfyui = sandbox.comfyui
        await comfyui.change(pace=0.05)
        await _sell(database, tmp_path, comfyui.url)
        for number in range(KILLS):
            victim = await KilledWorker().start(database_url, tmp_path, number)
            await victim.ready.wait()
            await asyncio.sleep(chance.uniform(0.1, 1.0))
            await victim.kill()
            if restarts and chance.random() < 0.5:
                await comfyui.restarts()
        last = await KilledWorker().start(database_url, tmp_path, KILLS)
        await finish_by(last, lambda: all_final(database), seconds=30 + 3 * KILLS)
        await _check(database, comfyui, restarts=restarts)


async def _sell(database: Database, folder: Path, url: str) -> None:
    nodes = workflow()
    nodes["2"]["inputs"]["width"] = 24
    write_painting(folder, url, runtime="attempts = 10\nparallel = 3\ntimeout = 30", nodes=nodes)
    assert not await Models(database, system_clock, folder, RUNTIMES.specs).sync()
    user = await customer_with(database, PRICE * PAINTINGS)
    files = files_of(database, system_clock)
    for _ in range(PAINTINGS):
        file = await files.put(user, photo((24, 16)), "image/png")
        inputs = {"photo": {"file": file.hex}, "blur": 1}
        order = Order(
            user_id=user, model_slug="painting", model_version="1", inputs=inputs, price=PRICE, request_key=uuid4().hex
        )
        await database.write(submit, order, uuid4(), system_clock())


async def _check(database: Database, comfyui: ComfyUIServer, *, restarts: bool) -> None:
    predictions = await rows_of(database, Prediction)
    assert len(predictions) == PAINTINGS
    for row in predictions:
        assert (row.status, row.error) == (PredictionStatus.SUCCEEDED, None)
    posts, claims = len(await comfyui.log("prompt")), sum(row.attempts for row in predictions)
    assert posts <= claims
    if not restarts:
        ended = (await comfyui.look())["ended"]
        assert set(ended) == {str(row.id) for row in predictions}
    report = await run_audit(database)
    assert report.ok, str(report)
    print(f"{PAINTINGS} paintings, {claims} claims, {posts} jobs")  # noqa: T201 - as above
