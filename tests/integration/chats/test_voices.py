"""Voice messages: listened to once, written into their row, paid for only with what is answered to them."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from db.base import table_of
from db.engine import Database
from db.tables.chats import AiRequest, FinishReason, MessageStatus
from db.tables.predictions import ErrorCode
from sandbox.ogg import silence
from services.chats.costs import MESSAGE_TOKENS, TEMPLATE_TOKENS
from services.chats.export import read_lines
from services.chats.limits import AllowanceUsedUp
from services.chats.orders import Accepted, MessageOrder
from services.chats.sessions import ChatSessionView
from services.chats.voices import SentVoice, VoiceNotTaken, VoiceTooLong
from services.chats.worker import LEASE
from services.files.cleanup import FileCleanup
from services.inference.chat import TokenUsage, spoken_bytes
from services.inference.errors import (
    ModelBroken,
    NothingHeard,
    RequestRefused,
    RunFailed,
    ServerAway,
    SoundRefused,
    StreamCut,
)
from tests.support.clock import FakeClock
from tests.support.files import files_of
from tests.support.talk import SAID, Talk, open_talk
from tests.support.waiting import until

SOUND = silence(3)
BOUND = TEMPLATE_TOKENS + MESSAGE_TOKENS + spoken_bytes(3)
FEE = 25
HOLD = FEE + -(-(100 * BOUND + 400 * 256) // 1000)


@pytest.fixture
async def talk(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Talk]:
    """With an assistant that has ears."""
    ears = '4\ntranscription = "ear-1"\nvoice_seconds = 40\nvoice_price = "0.25"'
    async with open_talk(database, clock, tmp_path / "store", parallel=ears) as made:
        yield made


async def aloud(talk: Talk, session: ChatSessionView, *, seconds: int = 3, **changes: Any) -> Accepted:
    file_id = await files_of(talk.db, talk.clock).put(session.user_id, SOUND, "audio/ogg")
    voice = SentVoice(file_id=file_id, seconds=seconds)
    return await talk.says(session, **{"text": "", "voice": voice, **changes})


async def requests(talk: Talk, answer_id: UUID) -> list[Any]:
    table = table_of(AiRequest)
    return sorted(await talk.rows(AiRequest, table.c.message_id == answer_id), key=lambda row: row.attempt)


def cleanup_of(talk: Talk) -> FileCleanup:
    store = files_of(talk.db, talk.clock)._store
    return FileCleanup(talk.db, store, talk.clock, inputs_for=None, results_for=None)


async def test_what_was_said_is_asked_and_known_from_then_on(talk: Talk) -> None:
    anna = await talk.customer()
    session = await talk.begins(anna)
    sold = await aloud(talk, session)
    assert sold.hold == HOLD
    await talk.answer_all()
    assert talk.sage.listened == [SOUND]
    assert [turn.text for turn in talk.sage.asked[-1].turns] == ["Why, then?"]
    view = await talk.chats.answer(sold.answer_id, user_id=anna)
    assert (view.question, view.heard, view.text, view.price) == ("Why, then?", True, SAID, FEE + 6)
    assert await talk.balance(anna) == 1_000 - FEE - 6
    await talk.says(session, "And now?")
    await talk.answer_all()
    assert [turn.text for turn in talk.sage.asked[-1].turns] == ["Why, then?", SAID, "And now?"]
    assert len(talk.sage.listened) == 1
    assert (await talk.sessions.get(session.id, user_id=anna)).title == "Why, then?"
    lines = await talk.db.read(read_lines, session.id)
    assert [line.text for line in lines] == ["Why, then?", SAID, "And now?", SAID]
    await talk.audit()


async def test_the_journal_has_both_requests_and_no_sound(talk: Talk) -> None:
    sold = await aloud(talk, await talk.begins(await talk.customer()))
    await talk.answer_all()
    heard, asked = await requests(talk, sold.answer_id)
    assert heard.request == {"model": "ear-1", "voice_seconds": 3}
    assert heard.response == {"text": "Why, then?"}
    assert asked.request["messages"] == [{"role": "user", "content": "Why, then?"}]
    assert asked.response["text"] == SAID
    assert asked.first_token_ms is not None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NothingHeard(problem="the server heard nothing"), ErrorCode.NOTHING_HEARD),
        (SoundRefused(problem="400"), ErrorCode.SOUND_REFUSED),
        (RequestRefused(problem="flagged"), ErrorCode.REFUSED),
        (RunFailed(problem="500", retryable=True), ErrorCode.RUN_FAILED),
        (StreamCut(problem="cut", retryable=True), ErrorCode.RUN_FAILED),
        (ServerAway(problem="503"), ErrorCode.MODEL_UNAVAILABLE),
        (ModelBroken(problem="401"), ErrorCode.MODEL_BROKEN),
        (ZeroDivisionError(), ErrorCode.UNEXPECTED),
    ],
)
async def test_nothing_heard_and_nothing_paid(talk: Talk, error: Exception, code: ErrorCode) -> None:
    """Nor is it tried again: a provider bills each time that it listens."""
    talk.sage.hears = error
    anna = await talk.customer()
    session = await talk.begins(anna)
    sold = await aloud(talk, session)
    await talk.answer_all()
    row = await talk.row(sold.answer_id)
    assert (row.status, row.error_code, row.price) == (MessageStatus.FAILED, code, 0)
    assert (len(talk.sage.listened), talk.sage.asked) == (1, [])
    assert talk.away == (["sage"] if isinstance(error, ServerAway | ModelBroken) else [])
    assert await talk.balance(anna) == 1_000
    (request,) = await requests(talk, sold.answer_id)
    assert request.error is not None
    talk.sage.hears = "Why, then?"
    order = MessageOrder(user_id=anna, session_id=session.id, text="", request_key="again")
    again = await talk.chats.again(sold.answer_id, order)
    assert again.hold == HOLD
    await talk.answer_all()
    assert (await talk.chats.answer(again.answer_id, user_id=anna)).question == "Why, then?"
    await talk.audit()


async def test_more_than_can_have_been_said_is_not_believed(talk: Talk) -> None:
    talk.sage.hears = "я" * 129  # 258 bytes, of 256 that three seconds may have
    anna = await talk.customer()
    sold = await aloud(talk, await talk.begins(anna))
    await talk.answer_all()
    assert (await talk.row(sold.answer_id)).error_code == ErrorCode.BAD_OUTPUT
    assert talk.sage.asked == []
    assert await talk.balance(anna) == 1_000
    await talk.audit()


async def test_all_that_can_be_said_fits_into_what_was_held_for(talk: Talk) -> None:
    talk.sage.hears, talk.sage.usage = "я" * 128, TokenUsage(prompt=BOUND, completion=256)
    anna = await talk.customer()
    sold = await aloud(talk, await talk.begins(anna))
    await talk.answer_all()
    row = await talk.row(sold.answer_id)
    assert (row.status, row.price, row.prompt_budget) == (MessageStatus.SUCCEEDED, HOLD, BOUND)
    await talk.audit()


async def test_each_begun_minute_is_paid(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    ears = '4\ntranscription = "ear-1"\nvoice_seconds = 125\nvoice_price = "0.25"'
    store = tmp_path / "store"
    async with open_talk(
        database, clock, store, parallel=ears, context=16_384, input_price="0", output_price="0"
    ) as talk:
        anna = await talk.customer()
        session = await talk.begins(anna)
        sold = [(await aloud(talk, session, seconds=seconds)).hold for seconds in (1, 60, 61, 120, 125)]
        assert sold == [25, 25, 50, 50, 75]
        assert (await talk.says(session)).hold == 0
        await talk.audit()


async def test_another_answer_to_what_was_heard_is_one_to_text(talk: Talk) -> None:
    anna = await talk.customer()
    session = await talk.begins(anna)
    talk.sage.says = [RunFailed(problem="400")]
    sold = await aloud(talk, session)
    await talk.answer_all()
    assert await talk.balance(anna) == 1_000
    talk.sage.says = [SAID]
    order = MessageOrder(user_id=anna, session_id=session.id, text="", request_key="again")
    again = await talk.chats.again(sold.answer_id, order)
    await talk.answer_all()
    row = await talk.row(again.answer_id)
    assert (row.fixed_price, row.price) == (0, 6)
    assert len(talk.sage.listened) == 1
    await talk.audit()


async def test_what_breaks_off_pays_its_share_of_the_minute(talk: Talk) -> None:
    talk.sage.says = ["x" * 512, StreamCut(problem="cut")]  # 128 tokens of the 256 that there may be
    anna = await talk.customer()
    sold = await aloud(talk, await talk.begins(anna))
    await talk.answer_all()
    row = await talk.row(sold.answer_id)
    assert row.finish == FinishReason.CUT
    assert row.price == FEE * 128 // 256 + -(-(100 * row.prompt_tokens + 400 * 128) // 1000)
    await talk.audit()


async def test_the_answer_is_still_tried_as_often_as_any_other(talk: Talk) -> None:
    failed = RunFailed(problem="500", retryable=True, retry_after=0.0)
    talk.sage.says, talk.sage.then = [failed], [SAID]
    anna = await talk.customer()
    sold = await aloud(talk, await talk.begins(anna))
    await talk.answer_all()
    assert (await talk.row(sold.answer_id)).status == MessageStatus.SUCCEEDED
    assert [row.attempt for row in await requests(talk, sold.answer_id)] == [1, 2, 3]
    assert len(talk.sage.listened) == 1
    await talk.audit()


async def test_stopped_while_it_is_listened_to(talk: Talk) -> None:
    talk.sage.gate.clear()
    anna = await talk.customer()
    sold = await aloud(talk, await talk.begins(anna))
    worker = talk.worker()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run_waiting())
        await until(lambda: _listened(talk))
        await talk.chats.stop(user_id=anna)
        worker.stop(sold.answer_id)
    row = await talk.row(sold.answer_id)
    assert (row.status, row.price) == (MessageStatus.CANCELED, 0)
    assert talk.sage.asked == []
    assert await talk.balance(anna) == 1_000
    await talk.audit()


async def test_deleted_while_it_is_listened_to(talk: Talk) -> None:
    """Nothing of it is written down, and nothing is asked."""
    talk.sage.gate.clear()
    anna = await talk.customer()
    session = await talk.begins(anna)
    sold = await aloud(talk, session)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(talk.answer_all())
        await until(lambda: _listened(talk))
        await talk.sessions.delete(session.id, user_id=anna)
        talk.sage.gate.set()
    row = await talk.row(sold.answer_id)
    question = await talk.row(row.reply_to)
    assert (row.status, question.text, question.voice) == (MessageStatus.CANCELED, None, None)
    assert talk.sage.asked == []
    assert all(each.request is None and each.response is None for each in await requests(talk, sold.answer_id))
    assert await talk.balance(anna) == 1_000
    await talk.audit()


async def test_a_worker_that_dies_while_it_listens_is_paid_back(talk: Talk) -> None:
    """It is not listened to again by itself."""
    talk.sage.gate.clear()
    anna = await talk.customer()
    sold = await aloud(talk, await talk.begins(anna))
    async with asyncio.TaskGroup() as tasks:
        dying = tasks.create_task(talk.answer_all())
        await until(lambda: _listened(talk))
        dying.cancel()
    talk.clock.advance(seconds=LEASE.total_seconds() + 1)
    talk.sage.gate.set()
    await talk.answer_all()
    row = await talk.row(sold.answer_id)
    assert (row.status, row.error_code) == (MessageStatus.FAILED, ErrorCode.RUN_LOST)
    assert len(talk.sage.listened) == 1
    assert await talk.balance(anna) == 1_000
    await talk.audit()


async def test_a_recording_is_kept_as_pictures_are(talk: Talk) -> None:
    """While it is to be listened to it stays; then it goes with the pictures, or with its conversation."""
    anna = await talk.customer()
    session = await talk.begins(anna)
    await aloud(talk, session)
    assert await cleanup_of(talk).delete_of(anna) == 0
    await talk.answer_all()
    assert talk.sage.listened == [SOUND]
    assert await cleanup_of(talk).expire() == 1
    await aloud(talk, session)
    await talk.answer_all()
    await talk.sessions.delete(session.id, user_id=anna)
    assert await cleanup_of(talk).expire() == 1
    await talk.audit()


async def test_without_its_recording_nothing_is_asked(talk: Talk) -> None:
    anna = await talk.customer()
    session = await talk.begins(anna)
    talk.sage.hears = NothingHeard(problem="noise")
    sold = await aloud(talk, session)
    await talk.answer_all()
    assert await cleanup_of(talk).delete_of(anna) == 1
    order = MessageOrder(user_id=anna, session_id=session.id, text="", request_key="again")
    again = await talk.chats.again(sold.answer_id, order)
    await talk.answer_all()
    assert (await talk.row(again.answer_id)).error_code == ErrorCode.VOICE_GONE
    assert len(talk.sage.listened) == 1
    assert await talk.balance(anna) == 1_000
    await talk.audit()


async def test_what_is_said_aloud_joins_nothing(talk: Talk) -> None:
    session = await talk.begins(await talk.customer(10_000))
    await talk.says(session, "One?")
    await aloud(talk, session)
    await talk.says(session, "Three?")
    assert (await talk.says(session, "Four?")).joined
    await talk.answer_all()
    assert [turn.text for turn in talk.sage.asked[-1].turns] == ["One?", SAID, "Why, then?", SAID, "Three?\nFour?"]
    await talk.audit()


async def test_what_waits_in_two_conversations_never_waits_for_each_other(talk: Talk) -> None:
    """Turns that were passed on make all as old as each other, in whatever order their ids are."""
    anna = await talk.customer(100_000)
    for _ in range(4):
        one = await talk.begins(anna)
        sold = [await aloud(talk, one) for _ in range(3)]
        other = await talk.begins(anna)
        sold += [await aloud(talk, other) for _ in range(3)]
        await talk.answer_all()
        rows = [await talk.row(each.answer_id) for each in sold]
        assert {row.status for row in rows} == {MessageStatus.SUCCEEDED}
    await talk.audit()


async def test_what_is_taken(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    with pytest.raises(VoiceTooLong):
        await aloud(talk, session, seconds=41)
    await aloud(talk, session, text="Listen:")
    await talk.answer_all()
    assert talk.sage.asked[-1].turns[-1].text == "Listen:\nWhy, then?"


async def test_without_ears_none_is_taken(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    async with open_talk(database, clock, tmp_path / "store") as talk:
        session = await talk.begins(await talk.customer())
        with pytest.raises(VoiceNotTaken):
            await aloud(talk, session)
        assert await talk.rows(AiRequest) == []


async def test_a_free_answer_is_free_aloud_and_no_other_is_sold(
    database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    ears = '4\ntranscription = "ear-1"\nvoice_seconds = 40\nvoice_price = "0.25"'
    store = tmp_path / "store"
    prices: dict[str, Any] = {"input_price": "0", "output_price": "0", "free_answers": 1}
    async with open_talk(database, clock, store, parallel=ears, **prices) as talk:
        anna = await talk.customer()
        session = await talk.begins(anna)
        sold = await aloud(talk, session)
        assert (sold.free, sold.hold) == (True, 0)
        await talk.answer_all()
        assert await talk.balance(anna) == 1_000
        with pytest.raises(AllowanceUsedUp):
            await aloud(talk, session)
        await talk.audit()


async def _listened(talk: Talk) -> bool:
    return bool(talk.sage.listened)
