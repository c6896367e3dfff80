"""A process to be killed: it runs predictions and has customers of its own. The real worker, only its pauses are short.

`python -m tests.crash.process DATABASE_URL MODELS_DIR SEED USER…` prints `ready`, then `sold KEY` after each sale.
"""

import asyncio
import random
import sys
from datetime import timedelta
from pathlib import Path

from bot.wiring.inference import RUNTIMES
from db.engine import Database
from services.billing.ledger import InsufficientBalance
from services.clock import system_clock
from services.inference.engine import Engine
from services.models.offers import Models
from services.predictions import settle
from services.predictions import worker as worker_module
from services.predictions.service import Predictions
from services.predictions.worker import Worker
from tests.crash.customer import random_order
from tests.support.files import files_of

LEASE = timedelta(seconds=0.5)


async def main(url: str, models_folder: Path, seed: int, users: list[int]) -> None:
    worker_module.POLL_SECONDS = 0.1
    settle.RETRY_PAUSE = timedelta(seconds=0.05)
    db, engine = Database(url), Engine(RUNTIMES, max_threads=2)
    models = Models(db, system_clock, models_folder, RUNTIMES.specs)
    await models.sync(engine)
    worker = Worker(db, engine, system_clock, files_of(db, system_clock), lambda: None, lease=LEASE)
    predictions = Predictions(db, system_clock, models, on_sold=worker.wake, on_settled=lambda: None)
    chance = random.Random(seed)
    say("ready")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run())
        for user in users:
            tasks.create_task(buy(predictions, user, chance))


async def buy(predictions: Predictions, user: int, chance: random.Random) -> None:
    while True:
        order = random_order(user, chance)
        try:
            await predictions.submit(order)
        except InsufficientBalance:
            await asyncio.sleep(0.05)  # perhaps something is paid back
            continue
        say(f"sold {order.request_key}")
        await asyncio.sleep(chance.uniform(0, 0.02))


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this is how it tells its parent


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), [int(user) for user in sys.argv[4:]]))
