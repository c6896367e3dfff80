"""What one customer may have of a shop's assistants in a minute and in a day, and what a day gives for nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.engine import Database
from db.tables.chats import DailyUsage
from services.chats import limits, usage
from services.chats.limits import AllowanceUsedUp, ChatLimits, TokensUsedUp, TooManyMessages
from services.chats.orders import MessageOrder
from services.chats.sessions import ChatSessionView
from services.inference.errors import ModelBroken
from tests.support.clock import FakeClock
from tests.support.talk import Talk, open_talk
from tests.support.waiting import until

MOSCOW = ZoneInfo("Europe/Moscow")
FEW = ChatLimits(messages_a_minute=2, tokens_a_day=50, zone=MOSCOW)


@pytest.fixture
async def gift(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Talk]:
    """Two answers a day and no others."""
    async with open_talk(
        database, clock, tmp_path / "store", free_answers=2, input_price="0", output_price="0"
    ) as talk:
        yield talk


async def test_a_day_begins_at_the_shops_midnight(clock: FakeClock) -> None:
    late = datetime(2026, 11, 21, 21, 30, tzinfo=UTC)  # in Moscow half past midnight
    assert FEW.day(late) == date(2026, 11, 22)
    assert FEW.next_day(late) == datetime(2026, 11, 22, 21, 0, tzinfo=UTC)


async def test_messages_within_a_minute(talk: Talk) -> None:
    anna, boris = await talk.customer(), await talk.customer()
    session = await talk.begins(anna)
    for words in ("One?", "Two?"):
        await talk.db.write(limits.check, FEW, user_id=anna, now=talk.clock())
        await talk.says(session, words)
        talk.clock.advance(seconds=10)
    with pytest.raises(TooManyMessages) as told:
        await talk.db.write(limits.check, FEW, user_id=anna, now=talk.clock())
    assert told.value.seconds == 40
    await talk.db.write(limits.check, FEW, user_id=boris, now=talk.clock())
    await talk.db.write(limits.check, FEW, user_id=anna, now=talk.clock() + timedelta(seconds=40))


async def test_messages_at_the_same_moment(postgres_database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """In several conversations of one customer, whose row somebody else holds: no more are taken than one after the
    other would be."""
    limits = ChatLimits(messages_a_minute=3, tokens_a_day=0, zone=MOSCOW)
    async with open_talk(postgres_database, clock, tmp_path / "store", limits) as talk:
        anna = await talk.customer()
        sessions = [await _begun(talk, anna) for _ in range(8)]
        async with postgres_database.async_engine.begin() as connection:
            await connection.execute(text(f"SELECT 1 FROM users WHERE id = {anna} FOR NO KEY UPDATE"))
            sending = asyncio.gather(*(talk.says(each) for each in sessions), return_exceptions=True)
            await until(lambda: _all_wait(connection, len(sessions)))
        sent = await sending
        assert [type(each) for each in sent if isinstance(each, BaseException)] == [TooManyMessages] * 5
        await talk.audit()


async def test_another_answer_counts_as_a_message(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    sold = await talk.says(session)
    await talk.answer_all()
    await talk.db.write(limits.check, FEW, user_id=session.user_id, now=talk.clock())
    order = MessageOrder(user_id=session.user_id, session_id=session.id, text="", request_key="again")
    await talk.chats.again(sold.answer_id, order)
    with pytest.raises(TooManyMessages):
        await talk.db.write(limits.check, FEW, user_id=session.user_id, now=talk.clock())


async def test_tokens_of_a_day(talk: Talk) -> None:
    anna = await talk.customer()
    session = await talk.begins(anna)
    for _ in range(2):  # 30 tokens each
        await talk.db.write(limits.check, FEW, user_id=anna, now=talk.clock() + timedelta(minutes=2))
        await talk.says(session)
        await talk.answer_all()
    now = talk.clock() + timedelta(minutes=2)
    with pytest.raises(TokensUsedUp) as told:
        await talk.db.write(limits.check, FEW, user_id=anna, now=now)
    await talk.db.write(limits.check, FEW, user_id=anna, now=told.value.until)
    assert told.value.until == FEW.next_day(now)


async def test_what_was_used_is_counted_by_day(talk: Talk) -> None:
    anna = await talk.customer()
    session = await talk.begins(anna)
    await talk.says(session)
    await talk.answer_all()
    talk.sage.says = [ModelBroken(problem="401")]
    await talk.says(session)
    await talk.answer_all()
    (row,) = await talk.rows(DailyUsage)
    assert (row.requests, row.prompt_tokens, row.completion_tokens, row.sessions) == (1, 20, 10, 1)


async def test_free_answers_of_a_day(gift: Talk) -> None:
    anna = await gift.customer(balance=0)
    session = await gift.begins(anna)
    for left in (1, 0):
        sold = await gift.says(session)
        assert (sold.free, sold.free_left, sold.hold) == (True, left, 0)
        await gift.answer_all()
    with pytest.raises(AllowanceUsedUp) as told:
        await gift.says(session)
    await gift.audit()
    gift.clock.now = told.value.until
    assert (await gift.says(session)).free
    await gift.audit()


async def test_a_free_answer_that_did_not_come_is_not_counted(gift: Talk) -> None:
    gift.sage.says = [ModelBroken(problem="401")]
    session = await gift.begins(await gift.customer(balance=0))
    for _ in range(3):
        assert (await gift.says(session)).free_left == 1
        await gift.answer_all()
    await gift.audit()


async def test_ten_at_once_want_the_last_two(gift: Talk) -> None:
    anna, day = await gift.customer(balance=0), FEW.day(gift.clock())
    take: dict[str, Any] = {"user_id": anna, "model_slug": "sage", "day": day, "most": 2}  # Any: arguments
    taken = await asyncio.gather(*(gift.db.write(usage.reserve_free, **take) for _ in range(10)))
    assert sorted(taken, key=str) == [0, 1, *[None] * 8]


async def test_nothing_is_given_back_twice(gift: Talk) -> None:
    anna, day = await gift.customer(balance=0), FEW.day(gift.clock())
    mine: dict[str, Any] = {"user_id": anna, "model_slug": "sage", "day": day}  # Any: arguments
    await gift.db.write(usage.reserve_free, **mine, most=2)
    for _ in range(2):
        await gift.db.write(usage.return_free, **mine)
    assert await gift.db.read(usage.free_left, **mine, most=2) == 2


async def _begun(talk: Talk, user_id: int) -> ChatSessionView:
    """A conversation in which something was said, long ago by now."""
    session = await talk.begins(user_id)
    await talk.says(session)
    talk.clock.advance(minutes=2)
    return session


async def _all_wait(connection: AsyncConnection, count: int) -> bool:
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
    return int(await connection.scalar(waiting) or 0) == count
