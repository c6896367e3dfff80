"""A shop that opens: its database, settings, customers."""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from typing import Any

from db.engine import Database
from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox
from sandbox.client.shop import Shop
from services.clock import system_clock
from services.users.accounts import Users, Visitor
from tests.crash.chatting import shops_around


@asynccontextmanager
async def open_database(shop_url: str) -> AsyncIterator[Database]:
    database = Database(shop_url)
    try:
        yield database
    finally:
        await database.close()


def customers(people: list[Person], yookassa: Shop, chance: random.Random) -> AbstractAsyncContextManager[None]:
    return busy(shops_around(each, yookassa, chance) for each in people)


@asynccontextmanager
async def busy(works: Iterable[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:  # Any: as in typing
    """Whatever customers do, until this is left."""
    loop = asyncio.get_running_loop()
    under_way = [loop.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def were_here_last_week(database: Database, people: list[Person]) -> None:
    """So that they get this week's bonus."""
    users = Users(database, lambda: system_clock() - timedelta(days=8), welcome_credits=1000)
    for person in people:
        visitor = Visitor(telegram_id=person.id, username=None, first_name=person.name, language="ru")
        await users.enter(visitor)


def environment_of(sandbox: Sandbox, yookassa: Shop, shop_url: str, port: int) -> dict[str, str]:
    assert sandbox.token is not None
    given: dict[str, Any] = {
        "BOT_TOKEN": sandbox.token,
        "TELEGRAM_API_URL": sandbox.base_url,
        "DATABASE_URL": shop_url,
        "WEB_PORT": port,
        "YOOKASSA_SHOP_ID": yookassa.shop_id,
        "YOOKASSA_SECRET_KEY": yookassa.secret_key,
        "YOOKASSA_API_URL": yookassa.api_url,
        "WEEKLY_BONUS_CRON": "0 0 * * mon",
        "LOG_FORMAT": "json",
        "OWNER_IDS": "",
    }
    return os.environ | {name: str(value) for name, value in given.items()}
