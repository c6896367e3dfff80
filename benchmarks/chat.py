"""Updates of `/balance` a second through everything but the network, against a bare aiogram echo with aiogram's own
session."""

import asyncio
import itertools
import logging
import tempfile
import time
from pathlib import Path

import structlog
import uvloop
from aiogram import Bot, Dispatcher
from aiogram.types import Message, Update

from benchmarks.finding import Finding, ratio_finding, rounds
from benchmarks.local_telegram import TOKEN, BareTelegram, ShopTelegram, message_update
from bot.app import App
from bot.settings import load_settings
from db.migrate import upgrade
from handlers.telegram.client import Repeat

PEOPLE = 64
UPDATES = 1_280  # a round
AT_ONCE = 32  # updates under way, as a busy long poll brings them
_numbers = itertools.count(1)


def measure() -> list[Finding]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        numbers = itertools.count()
        ours, limit = rounds(
            lambda: uvloop.run(_shop(Path(folder) / f"{next(numbers)}.db")),
            lambda: uvloop.run(_echo()),
        )
    return [
        ratio_finding("Updates of /balance, against a bare aiogram echo", ours, limit, unit="updates/s", target=0.25)
    ]


async def _shop(path: Path) -> float:
    upgrade(f"sqlite:///{path}")
    settings = load_settings(_env_file=None, bot_token=TOKEN, database_url=f"sqlite+aiosqlite:///{path}")
    app = App(settings)
    await app.services.models.sync()
    session = ShopTelegram()
    session.middleware(Repeat())
    bot = Bot(TOKEN, session=session, default=app.bot.default)
    try:
        await _feed(bot, app.chat.dispatcher, session, PEOPLE, "/start")
        result = await _feed(bot, app.chat.dispatcher, session, UPDATES, "/balance")
        assert "10.00" in session.last_text or "10,00" in session.last_text, session.last_text
    finally:
        await app.bot.session.close()
        await app.db.close()
    return result


async def _echo() -> float:
    session = BareTelegram()
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(message.text or "")

    bot = Bot(TOKEN, session=session)
    await _feed(bot, dispatcher, session, PEOPLE, "/start")
    return await _feed(bot, dispatcher, session, UPDATES, "/balance")


async def _feed(bot: Bot, dispatcher: Dispatcher, session: BareTelegram | ShopTelegram, count: int, text: str) -> float:
    """From the update's JSON to the answer, a few at once."""
    raw = iter([message_update(next(_numbers), 1000 + number % PEOPLE, text) for number in range(count)])
    before, started = session.answered, time.perf_counter()

    async def handle() -> None:
        for update in raw:
            await dispatcher.feed_update(bot, Update.model_validate(update, context={"bot": bot}))

    await asyncio.gather(*(handle() for _ in range(AT_ONCE)))
    elapsed = time.perf_counter() - started
    assert session.answered - before >= count, "an update was not answered"
    return count / elapsed
