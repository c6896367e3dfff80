"""`kassandra outbox retry`: what was given up is sent once more."""

import asyncio

from bot.settings import load_store_settings
from db.engine import Database
from db.migrate import require_head
from services.clock import system_clock
from services.outbox import Outbox


def run_retry() -> int:
    url = load_store_settings().database_url
    require_head(url)
    number = asyncio.run(_reopen(url))
    print(f"{number} messages that were given up are sent once more.")
    return 0


async def _reopen(url: str) -> int:
    db = Database(url)
    try:
        return await Outbox(db, system_clock).reopen()
    finally:
        await db.close()
