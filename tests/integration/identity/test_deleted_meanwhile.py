"""Somebody deletes their account in the same moment in which something is ordered for nothing: the account that is gone
has no work under way, and whatever is under way keeps the account."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from db.engine import Database
from db.tables.chats import ChatSession
from db.tables.predictions import File, Prediction
from db.tables.scorings import Scoring, ScoringStatus
from db.tables.users import Edge
from services.chats.limits import ChatLimits
from services.chats.sessions import ChatSessions
from services.identity.deletion_rows import AtWork, delete_account
from services.scoring.queries import ScoringNotFound
from services.users.departures import PersonKey
from services.users.existing import AccountGone
from services.users.roles import Staff
from tests.support.clock import START, FakeClock
from tests.support.tables import TableDesk, models_folder, open_desk

KEY = PersonKey.of("a secret of the shop")
LIMITS = ChatLimits(messages_a_minute=10, tokens_a_day=10_000, zone=ZoneInfo("Europe/Moscow"))


@pytest.fixture
async def desk(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[TableDesk]:
    desk = await open_desk(database, clock, models_folder(tmp_path))
    async with desk.counter.exits:
        await desk.counter.reprice("double", 0)
        yield desk
        await desk.counter.check()


def leave(session: Session, user_id: int) -> bool:
    return delete_account(session, user_id, Staff([]), KEY, seen_balance=0, edge=Edge.CHAT, now=START)


async def test_a_table(desk: TableDesk) -> None:
    anna = await desk.counter.customer(0)
    draft = await desk.draft(anna, [1, 2])
    await desk.counter.db.write(leave, anna)
    with pytest.raises(ScoringNotFound):
        await desk.order(draft, total=0)


async def test_a_table_that_is_read_meanwhile(desk: TableDesk) -> None:
    anna = await desk.counter.customer(0)
    await desk.counter.db.write(leave, anna)
    with pytest.raises(AccountGone):
        await desk.draft(anna, [1])
    assert not await desk.counter.count(Scoring, Scoring.user_id == anna)


async def test_a_free_prediction(desk: TableDesk) -> None:
    counter = desk.counter
    anna = await counter.customer(0)
    await counter.db.write(leave, anna)
    with pytest.raises(AccountGone):
        await counter.buy(anna, "double", {"x": 1}, price=0)
    assert not await counter.count(Prediction, Prediction.user_id == anna)


async def test_a_picture(desk: TableDesk) -> None:
    counter = desk.counter
    anna = await counter.customer(0)
    await counter.db.write(leave, anna)
    with pytest.raises(AccountGone):
        await counter.files.put(anna, b"a picture", "image/png")
    assert not await counter.count(File, File.user_id == anna)


async def test_a_conversation(desk: TableDesk) -> None:
    counter = desk.counter
    anna = await counter.customer(0)
    await counter.db.write(leave, anna)
    with pytest.raises(AccountGone):
        await ChatSessions(counter.db, counter.clock, LIMITS).start(user_id=anna, model_slug="double")
    assert not await counter.count(ChatSession, ChatSession.user_id == anna)


@pytest.mark.parametrize("what", ["table", "prediction"])
async def test_at_once(desk: TableDesk, what: str) -> None:
    counter = desk.counter
    for _ in range(10):
        anna = await counter.customer(0)
        draft = await desk.draft(anna, [1, 2])
        order = (
            desk.order(draft, total=0)
            if what == "table"
            else counter.buy(anna, "double", {"x": 1}, price=0, request_key=uuid4().hex)
        )
        left, ordered = await asyncio.gather(counter.db.write(leave, anna), order, return_exceptions=True)
        under_way = await counter.count(Prediction, Prediction.user_id == anna)
        under_way += await counter.count(Scoring, (Scoring.user_id == anna) & (Scoring.status == ScoringStatus.QUEUED))
        if under_way:
            assert isinstance(left, AtWork)
        else:
            assert left is True
            assert isinstance(ordered, AccountGone)
