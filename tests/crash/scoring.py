"""A process to be killed: it answers tables and has customers of its own who send some. The real worker, only its
pauses and chunks are short.

`python -m tests.crash.scoring DATABASE_URL MODELS_DIR SEED USER…` prints `ready`, then `sold ID` after each order.
"""

import asyncio
import random
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from bot.wiring.inference import RUNTIMES
from db.engine import Database
from services.clock import system_clock
from services.inference.engine import Engine
from services.models.offers import Models
from services.scoring import chunks
from services.scoring import worker as worker_module
from services.scoring.queries import ScoringView
from services.scoring.service import Scorings
from services.scoring.submit import ScoringOrder
from services.scoring.worker import ScoringWorker
from services.values.intake import Intake, IntakeBusy
from tests.crash.process import say
from tests.support.files import files_of
from tests.support.tables import WORDING

LEASE = timedelta(seconds=1)
ROWS = (2_000, 4_000)
PRICE = 100


async def main(url: str, models_folder: Path, seed: int, users: list[int]) -> None:
    vars(worker_module)["LOOK_SECONDS"] = 0.1
    vars(chunks)["MOST_ROWS"] = 500
    db, engine, intake = Database(url), Engine(RUNTIMES, max_threads=2), Intake()
    models, files = Models(db, system_clock, models_folder, RUNTIMES.specs), files_of(db, system_clock)
    await models.sync(engine)
    worker = ScoringWorker(
        db, engine, system_clock, files, on_settled=lambda: None, on_away=lambda slug: None, lease=LEASE,
    )  # fmt: skip
    scorings = Scorings(db, system_clock, files, intake, models, on_ordered=worker.wake, on_settled=lambda: None)
    chance = random.Random(seed)
    say("ready")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run())
        for user in users:
            tasks.create_task(buy(scorings, models, intake, user, chance))


async def buy(scorings: Scorings, models: Models, intake: Intake, user: int, chance: random.Random) -> None:
    """One table after the other; some are ordered twice, some are wanted no more."""
    while True:
        view = await send(scorings, models, intake, user, chance)
        wish = ScoringOrder(scoring_id=view.id, user_id=user, total=view.good * PRICE)
        await asyncio.gather(*(scorings.order(wish) for _ in range(chance.choice([1, 2]))))
        say(f"sold {view.id}")
        if chance.random() < 0.25:
            await asyncio.sleep(chance.uniform(0, 1))
            await scorings.cancel(view.id, user_id=user)
        await ended(scorings, view)


async def send(scorings: Scorings, models: Models, intake: Intake, user: int, chance: random.Random) -> ScoringView:
    """Some rows cannot be taken; of "fragile" some have no answer."""
    slug = chance.choice(["double", "fragile"])
    offer, rows = await models.offer(slug), [str(number % 10) for number in range(chance.randint(*ROWS))]
    for at in chance.sample(range(len(rows)), 5):
        rows[at] = chance.choice(["what", "99"])
    while True:
        with suppress(IntakeBusy):
            async with intake.upload(user) as upload:
                upload.file.write("\n".join(["X", *rows]).encode())
                return await scorings.begin(
                    offer, upload, name="t.csv", user_id=user, wording=WORDING, say=lambda label, problem: label
                )


async def ended(scorings: Scorings, view: ScoringView) -> None:
    while (await scorings.get(view.id, user_id=view.user_id)).finished_at is None:  # noqa: ASYNC110 - another may end it
        await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), [int(user) for user in sys.argv[4:]]))
