"""Dialogs in the database, with those of late in memory."""

from aiogram.fsm.storage.base import StorageKey

from db.engine import Database
from handlers.telegram.storage import SqlStorage
from services.dialogs import Dialogs
from tests.support.clock import FakeClock

ANNA = StorageKey(bot_id=1, chat_id=2, user_id=2)


async def test_long_answers_are_not_kept_in_memory(sqlite_database: Database, clock: FakeClock) -> None:
    here, elsewhere = (SqlStorage(Dialogs(sqlite_database, clock), cache=True) for _ in range(2))
    await here.set_data(ANNA, {"answers": {"amount": 1.0}})
    await elsewhere.set_data(ANNA, {"answers": {"amount": 2.0}})
    assert await here.get_data(ANNA) == {"answers": {"amount": 1.0}}, "it asks its memory, not the database"
    series = [float(number) for number in range(100_000)]
    await here.set_data(ANNA, {"answers": {"prices": series}})
    assert await here.get_data(ANNA) == {"answers": {"prices": series}}
    await elsewhere.set_data(ANNA, {"answers": {"amount": 3.0}})
    assert await here.get_data(ANNA) == {"answers": {"amount": 3.0}}, "it asks the database"
