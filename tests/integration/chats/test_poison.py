"""A message that cannot be read fails alone: it is paid back, and those behind it are answered."""

import asyncio
from typing import Any
from uuid import UUID

from sqlalchemy import update

from db.base import table_of
from db.tables.chats import AiRequest, ChatMessage, MessageStatus
from db.tables.predictions import ErrorCode
from tests.support.talk import Talk
from tests.support.waiting import until

messages, requests = table_of(ChatMessage), table_of(AiRequest)


async def spoil(talk: Talk, table: Any, where: Any, **values: Any) -> None:
    await talk.db.write(lambda session: session.execute(update(table).where(where).values(**values)) and None)


async def test_a_message_that_cannot_be_read_holds_up_nobody(talk: Talk) -> None:
    anna, boris = await talk.customer(), await talk.customer()
    bad = await talk.says(await talk.begins(anna))
    question = (await talk.row(bad.answer_id)).reply_to
    await spoil(talk, messages, messages.c.id == question, pictures=["no id at all"])
    good = await talk.says(await talk.begins(boris))
    await talk.answer_all()
    row = await talk.row(bad.answer_id)
    assert (row.status, row.error_code) == (MessageStatus.FAILED, ErrorCode.UNEXPECTED)
    assert await talk.balance(anna) == 1_000
    assert (await talk.row(good.answer_id)).status == MessageStatus.SUCCEEDED
    await talk.audit()


async def test_nor_does_one_whose_worker_died(talk: Talk) -> None:
    anna, boris, clara = [await talk.customer() for _ in range(3)]
    talk.sage.gate.clear()
    bad, lost = [await talk.says(await talk.begins(user_id)) for user_id in (anna, boris)]
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(talk.answer_all())
        await until(lambda: _asked(talk, 2))
        run.cancel()
    await spoil(talk, requests, requests.c.message_id == bad.answer_id, request={"messages": [1]})
    talk.sage.gate.set()
    talk.clock.advance(seconds=20)
    good = await talk.says(await talk.begins(clara))
    await talk.answer_all()
    assert [await _code(talk, each.answer_id) for each in (bad, lost, good)] == ["Unexpected", "RunLost", None]
    assert [await talk.balance(user_id) for user_id in (anna, boris)] == [1_000, 1_000]
    assert (await talk.row(good.answer_id)).status == MessageStatus.SUCCEEDED
    await talk.audit()


async def _asked(talk: Talk, count: int) -> bool:
    return len(talk.sage.asked) >= count


async def _code(talk: Talk, answer_id: UUID) -> str | None:
    code: str | None = (await talk.row(answer_id)).error_code
    return code
