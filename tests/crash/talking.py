"""A process to be killed: it answers customers and has some of its own. The real worker, only its pauses are short.

`python -m tests.crash.talking DATABASE_URL MODELS_DIR SEED USER…` prints `ready`, then `sold KEY` after each message.
"""

import asyncio
import random
import sys
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.wiring.inference import RUNTIMES
from db.engine import Database
from services.chats import worker as worker_module
from services.chats.limits import ChatLimits
from services.chats.orders import MessageOrder
from services.chats.service import Chats
from services.chats.sessions import ChatSessions
from services.chats.streams import AnswerStreams
from services.chats.worker import AnswerWorker
from services.clock import system_clock
from services.coordination.memory import MemoryCoordination
from services.inference.engine import Engine
from services.models.offers import Models
from tests.crash.process import say
from tests.support.files import files_of

LEASE = timedelta(seconds=1)
LIMITS = ChatLimits(messages_a_minute=100_000, tokens_a_day=0, zone=ZoneInfo("Europe/Moscow"))
vars(worker_module)["LOOK_SECONDS"] = 0.1


async def main(url: str, models_folder: Path, seed: int, users: list[int]) -> None:
    db, engine = Database(url), Engine(RUNTIMES, max_threads=2)
    models = Models(db, system_clock, models_folder, RUNTIMES.specs)
    await models.sync(engine)
    worker = AnswerWorker(
        db, engine, system_clock, files_of(db, system_clock), AnswerStreams(MemoryCoordination()),
        on_settled=lambda: None, on_away=lambda slug: None, lease=LEASE,
    )  # fmt: skip
    chats = Chats(
        db, system_clock, models, LIMITS,
        on_asked=worker.wake, on_stop=lambda answer_id: None, on_settled=lambda: None,
    )  # fmt: skip
    sessions, chance = ChatSessions(db, system_clock, LIMITS), random.Random(seed)
    say("ready")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run())
        for user in users:
            tasks.create_task(talk(chats, sessions, user, chance))


async def talk(chats: Chats, sessions: ChatSessions, user: int, chance: random.Random) -> None:
    """Each text is said once in the world. Some come while the answer to the one before is awaited."""
    while True:
        session = await sessions.active(user) or await sessions.start(user_id=user, model_slug="sage")
        key = f"{chance.getrandbits(128):032x}"
        await chats.send(MessageOrder(user_id=user, session_id=session.id, text=key, request_key=key))
        say(f"sold {key}")
        await asyncio.sleep(chance.uniform(0, 1))
        if chance.random() < 0.1:
            await chats.stop(user_id=user)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), [int(user) for user in sys.argv[4:]]))
