"""`kassandra outbox retry`: what was given up is sent once more."""

import asyncio

from bot.cli.database import require_books
from bot.settings import load_store_settings
from db.engine import Database
from services.clock import system_clock
from services.notifications.sending import Outbox


def run_retry() -> int:
    url = load_store_settings().database_url
    require_books(url)
    number = asyncio.run(_reopen(url))
    print(f"{number} messages that were given up are sent once more.")
    return 0


async def _reopen(url: str) -> int:
    db = Database(url)
    try:
        return await Outbox(db, system_clock).reopen()
    finally:
        await db.close()
