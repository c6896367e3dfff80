"""An answer, from the message to the money."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.base import table_of
from db.engine import Database
from db.tables.chats import AiRequest, ChatMessage, DailyUsage, FinishReason, MessageStatus
from db.tables.outbox import OutboxMessage, OwnerNews
from db.tables.predictions import ErrorCode
from handlers.chats.answer import answer_part
from i18n.translator import Catalogues
from services.billing.ledger import InsufficientBalance
from services.chats import claims
from services.chats.answers import AnswerView
from services.chats.costs import MESSAGE_TOKENS, TEMPLATE_TOKENS
from services.chats.export import read_lines
from services.chats.orders import EmptyMessage, MessageNotLast, MessageOrder, MessageTooLong
from services.chats.sessions import ChatSessionView
from services.chats.worker import LEASE, AnswerWorker
from services.inference.chat import TokenUsage
from services.inference.errors import (
    ContextTooLong,
    EmptyAnswer,
    ModelBroken,
    RequestRefused,
    RunFailed,
    ServerAway,
    StreamCut,
)
from services.manifests.runtime import OnnxSpec
from services.notifications.kinds.chats import AnswerReady
from services.redaction import hide
from tests.support.clock import FakeClock
from tests.support.talk import OWNER, SAID, WORDS, Talk, open_talk
from tests.support.waiting import until

BOUND = TEMPLATE_TOKENS + MESSAGE_TOKENS + len("Why?")
HOLD = -(-(100 * BOUND + 400 * 256) // 1000)


async def test_what_was_used_is_paid(talk: Talk) -> None:
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    assert (sold.hold, sold.answer_limit, sold.limited) == (HOLD, 256, False)
    assert await talk.balance(anna) == 1_000 - HOLD
    await talk.answer_all()
    view = await talk.chats.answer(sold.answer_id, user_id=anna)
    assert (view.text, view.status, view.finish) == (SAID, MessageStatus.SUCCEEDED, FinishReason.STOP)
    assert (view.price, view.estimated) == (6, False)  # 20 tokens at 1.00, 10 at 4.00 for a thousand
    assert await talk.lines(sold.answer_id) == [("charge", -HOLD), ("charge_return", HOLD - 6)]
    assert await talk.balance(anna) == 994
    await talk.audit()


async def test_nobody_counted(talk: Talk) -> None:
    talk.sage.usage = None
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    await talk.answer_all()
    view = await talk.chats.answer(sold.answer_id, user_id=anna)
    assert (view.estimated, view.price) == (True, -(-(100 * 9 + 400 * 6) // 1000))
    await talk.audit()


async def test_more_than_was_held_is_not_taken(talk: Talk) -> None:
    """A server has a prompt and thoughts of its own."""
    talk.sage.usage = TokenUsage(prompt=BOUND + 1_000, completion=1_256)
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    await talk.answer_all()
    row = await talk.row(sold.answer_id)
    assert (row.price, row.prompt_tokens, row.completion_tokens) == (HOLD, BOUND, 256)
    assert await talk.lines(sold.answer_id) == [("charge", -HOLD)]
    await talk.audit()


@pytest.mark.parametrize(("prompt", "completion"), [(BOUND + 1_001, 10), (20, 1_257), (2**31 - 1, 2**31 - 1)])
async def test_a_wild_count_is_not_believed(talk: Talk, prompt: int, completion: int) -> None:
    """Nor does it use up what the customer may have on a day."""
    talk.sage.usage = TokenUsage(prompt=prompt, completion=completion)
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    await talk.answer_all()
    row = await talk.row(sold.answer_id)
    assert (row.estimated, row.prompt_tokens, row.completion_tokens) == (True, 9, 6)
    assert row.price == -(-(100 * 9 + 400 * 6) // 1000)
    (day,) = await talk.rows(DailyUsage)
    assert (day.prompt_tokens, day.completion_tokens) == (9, 6)
    assert [news.kind for news in await talk.rows(OwnerNews)] == ["answer_over_hold"]
    await talk.audit()


async def test_owners_know_once_that_the_provider_counts_more_than_can_be(talk: Talk) -> None:
    counts = [(BOUND, 256), (BOUND + 900, 900), (9_000, 90_000)]
    told = []
    for prompt, completion in counts:
        talk.sage.usage = TokenUsage(prompt=prompt, completion=completion)
        await talk.says(await talk.begins(await talk.customer()))
        await talk.answer_all()
        told.append(len(await talk.rows(OwnerNews)))
    assert told == [0, 1, 1]
    (news,) = await talk.rows(OwnerNews)
    assert (news.telegram_id, news.kind, news.payload["slug"]) == (OWNER, "answer_over_hold", "sage")
    assert news.payload["problem"] == f"{BOUND + 900} + 900 > {BOUND} + 256"
    await talk.audit()


async def test_the_history_goes_with_the_next_message(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    await talk.says(session, "One?")
    await talk.answer_all()
    await talk.says(session, "Two?")
    await talk.answer_all()
    assert [turn.text for turn in talk.sage.asked[-1].turns] == ["One?", SAID, "Two?"]
    assert (await talk.sessions.get(session.id, user_id=session.user_id)).title == "One?"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ModelBroken(problem="401"), ErrorCode.MODEL_BROKEN),
        (RunFailed(problem="400"), ErrorCode.RUN_FAILED),
        (StreamCut(problem="cut"), ErrorCode.RUN_FAILED),
        (ContextTooLong(problem="too long"), ErrorCode.CONTEXT_TOO_LONG),
        (ZeroDivisionError(), ErrorCode.UNEXPECTED),
    ],
)
async def test_nothing_came_and_nothing_is_paid(talk: Talk, error: Exception, code: ErrorCode) -> None:
    talk.sage.says = [error]
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    await talk.answer_all()
    view = await talk.chats.answer(sold.answer_id, user_id=anna)
    assert (view.status, view.error_code, view.price) == (MessageStatus.FAILED, code, 0)
    assert await talk.balance(anna) == 1_000
    assert len(talk.sage.asked) == 1
    await talk.audit()


async def test_the_journal_keeps_what_a_refusal_said(talk: Talk) -> None:
    error = RequestRefused(problem="flagged (HTTP 403)")
    error.facts = {"status_code": 403, "body": '{"error": {"message": "flagged"}}'}
    talk.sage.says = [error]
    sold = await talk.says(await talk.begins(await talk.customer()))
    await talk.answer_all()
    requests = table_of(AiRequest)
    asked = select(requests).where(requests.c.message_id == sold.answer_id)
    row = await talk.db.read(lambda session: session.execute(asked).one())
    assert (row.status_code, row.error) == (403, "flagged (HTTP 403)")
    assert row.response["body"] == '{"error": {"message": "flagged"}}'


async def test_a_key_in_an_error_is_not_kept(talk: Talk) -> None:
    """Whatever error it stands in."""
    hide("sk-proj-0123456789abcdef")
    talk.sage.says = [RuntimeError("no such header: Bearer sk-proj-0123456789abcdef")]
    sold = await talk.says(await talk.begins(await talk.customer()))
    await talk.answer_all()
    (request,) = await talk.rows(AiRequest)
    assert (await talk.row(sold.answer_id)).error == request.error == "no such header: Bearer ***"


@pytest.mark.parametrize("text", ["", "  \n", "\u200b\u200f", "\u3164\u2800\ufe0f", "&#8203;&nbsp;"])
async def test_an_answer_that_shows_nothing_is_none(talk: Talk, text: str) -> None:
    talk.sage.says = [text]
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    await talk.answer_all()
    assert (await talk.row(sold.answer_id)).error_code == ErrorCode.EMPTY_ANSWER
    assert await talk.balance(anna) == 1_000
    await talk.audit()


async def test_a_server_that_is_back_soon_is_asked_again(talk: Talk) -> None:
    talk.sage.away = RunFailed(problem="429", retryable=True, retry_after=0.01)
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(talk.answer_all())
        await until(lambda: _asked(talk, 1))
        talk.sage.away = None
    assert (await talk.row(sold.answer_id)).status == MessageStatus.SUCCEEDED
    assert 2 <= len(talk.sage.asked) <= 3
    await talk.audit()


async def test_thoughts_about_what_is_too_long_are_paid_for_once(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    await _answered(talk, session, "One?")
    error = ContextTooLong(problem="too long")
    error.retryable = False  # it had begun
    talk.sage.says = [error]
    sold = await talk.says(session, "Two?")
    await talk.answer_all()
    assert (await talk.row(sold.answer_id)).error_code == ErrorCode.CONTEXT_TOO_LONG
    assert len(talk.sage.asked) == 2
    await talk.audit()


async def test_a_server_that_is_away_is_told(talk: Talk) -> None:
    talk.sage.away = ServerAway(problem="refused")
    talk.sage.away.retryable = False
    sold = await talk.says(await talk.begins(await talk.customer()))
    await talk.answer_all()
    assert talk.away == ["sage"]
    assert (await talk.row(sold.answer_id)).error_code == ErrorCode.MODEL_UNAVAILABLE


async def test_cut_with_text(talk: Talk) -> None:
    """What came is delivered and paid for, and no more."""
    talk.sage.says = ["The answer ", StreamCut(problem="cut")]
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    await talk.answer_all()
    view = await talk.chats.answer(sold.answer_id, user_id=anna)
    assert (view.text, view.finish, view.estimated) == ("The answer ", FinishReason.CUT, True)
    assert 0 < (view.price or 0) < HOLD
    assert len(talk.sage.asked) == 1
    await talk.audit()


async def test_stopped_with_text(talk: Talk) -> None:
    talk.sage.says = ["The answer ", "is long."]
    talk.sage.pause.clear()
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    worker = talk.worker()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run_waiting())
        await until(lambda: _asked(talk, 1))
        await asyncio.sleep(0)
        assert await talk.chats.stop(user_id=anna)
        worker.stop(sold.answer_id)
    view = await talk.chats.answer(sold.answer_id, user_id=anna)
    assert (view.text, view.finish) == ("The answer ", FinishReason.STOPPED)
    assert talk.sage.closed == 1
    await talk.audit()


FIXED: dict[str, Any] = {"price": "5.00", "input_price": "0", "output_price": "0"}


@pytest.mark.parametrize(("came", "costs"), [("I", 1), ("word " * 102, 250), ("word " * 600, 500)])
async def test_of_a_fixed_price_a_cut_answer_costs_the_share_that_came(
    database: Database, clock: FakeClock, tmp_path: Path, came: str, costs: int
) -> None:
    async with open_talk(database, clock, tmp_path / "fixed", **FIXED) as talk:
        talk.sage.says = [came, StreamCut(problem="cut")]
        anna = await talk.customer()
        sold = await talk.says(await talk.begins(anna))
        assert sold.hold == 500
        await talk.answer_all()
        view = await talk.chats.answer(sold.answer_id, user_id=anna)
        assert (view.finish, view.price) == (FinishReason.CUT, costs)
        assert "Only what came was paid for." in _foot(view)
        await talk.audit()


async def test_who_stops_an_answer_pays_its_fixed_price(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    """Else each could be stopped before its last word."""
    async with open_talk(database, clock, tmp_path / "fixed", **FIXED) as talk:
        talk.sage.says = ["The answer ", "is long."]
        talk.sage.pause.clear()
        anna = await talk.customer()
        sold = await talk.says(await talk.begins(anna))
        worker = talk.worker()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(worker.run_waiting())
            await until(lambda: _has_text(worker))
            worker.stop(sold.answer_id)
        view = await talk.chats.answer(sold.answer_id, user_id=anna)
        assert (view.finish, view.price) == (FinishReason.STOPPED, 500)
        assert "The fixed price of an answer is paid however early it is stopped." in _foot(view)
        await talk.audit()


async def test_a_shop_that_ends_lets_its_answers_end(talk: Talk) -> None:
    talk.sage.says = ["The answer ", "is long."]
    talk.sage.pause.clear()
    sold = await talk.says(await talk.begins(await talk.customer()))
    worker = talk.worker()
    run = asyncio.get_running_loop().create_task(worker.run())
    await until(lambda: _has_text(worker))
    run.cancel()
    await asyncio.sleep(0)
    talk.sage.pause.set()
    await asyncio.gather(run, return_exceptions=True)
    row = await talk.row(sold.answer_id)
    assert (row.text, row.finish) == ("The answer is long.", FinishReason.STOP)
    await talk.audit()


async def test_a_shop_that_ends_before_anything_came(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody stopped it, and the model is not to blame."""
    monkeypatch.setattr("services.chats.worker.DRAIN_SECONDS", 0)
    talk.sage.gate.clear()
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    run = asyncio.get_running_loop().create_task(talk.worker().run())
    await until(lambda: _asked(talk, 1))
    run.cancel()
    await asyncio.gather(run, return_exceptions=True)
    row = await talk.row(sold.answer_id)
    assert (row.status, row.error_code) == (MessageStatus.FAILED, ErrorCode.RUN_LOST)
    (request,) = await talk.rows(AiRequest)
    assert request.error == row.error == "the shop was stopped"
    assert await talk.balance(anna) == 1_000
    await talk.audit()


async def test_stopped_before_anything_came(talk: Talk) -> None:
    talk.sage.gate.clear()
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    worker = talk.worker()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run_waiting())
        await until(lambda: _asked(talk, 1))
        worker.stop(sold.answer_id)
    assert (await talk.row(sold.answer_id)).status == MessageStatus.CANCELED
    assert await talk.balance(anna) == 1_000
    await talk.audit()


async def test_stopped_while_it_waits(talk: Talk) -> None:
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    assert await talk.chats.stop(user_id=anna)
    assert not await talk.chats.stop(user_id=anna)
    assert (await talk.row(sold.answer_id)).status == MessageStatus.CANCELED
    assert await talk.balance(anna) == 1_000
    await talk.audit()


async def test_two_messages_before_the_first_is_sent_are_one(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    first = await talk.says(session, "One,")
    second = await talk.says(session, "two.")
    assert (first.joined, second.joined) == (False, True)
    await talk.answer_all()
    assert [turn.text for turn in talk.sage.asked[-1].turns] == ["One,\ntwo."]
    assert len(talk.sage.asked) == 1
    assert await talk.lines(first.answer_id) == [("charge", -first.hold), ("charge_refund", first.hold)]
    await talk.audit()


async def test_what_a_worker_has_just_taken_is_not_joined(
    postgres_database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """Its text would go out twice. The claim is not committed yet when the next message comes."""
    async with open_talk(postgres_database, clock, tmp_path / "store") as talk:
        session = await talk.begins(await talk.customer())
        first = await talk.says(session, "One?")
        facts: dict[str, Any] = {
            "model_slug": "sage",
            "limit": 1,
            "now": clock(),
            "lease_until": clock() + LEASE,
            "worker": "another",
        }
        async with AsyncSession(postgres_database.async_engine) as claiming:
            await claiming.run_sync(claims.claim, **facts)
            async with asyncio.timeout(20):  # nor is the claim waited for
                second = await talk.says(session, "Two?")
            await claiming.commit()
        assert (second.joined, second.waits) == (False, True)
        row = await talk.row(first.answer_id)
        assert (row.status, row.stop_requested_at, row.replaced_at) == (MessageStatus.RUNNING, None, None)
        await talk.audit()


async def test_of_two_workers_one_has_the_customer(
    postgres_database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    """Neither sees what the other is about to commit: two assistants would answer one customer at once."""
    async with open_talk(postgres_database, clock, tmp_path / "store") as talk:
        await talk.hires("seer")
        anna, boris = await talk.customer(), await talk.customer()
        for slug in ("sage", "seer"):
            await talk.says(await talk.begins(anna, slug))
        await talk.says(await talk.begins(boris, "seer"))
        facts: dict[str, Any] = {"limit": 4, "now": clock(), "lease_until": clock() + LEASE}
        engine = postgres_database.async_engine
        async with AsyncSession(engine) as one, AsyncSession(engine) as other, asyncio.timeout(20):
            mine = await one.run_sync(claims.claim, model_slug="sage", worker="one", **facts)
            theirs = await other.run_sync(claims.claim, model_slug="seer", worker="other", **facts)
            assert [each.user_id for each in mine] == [anna]
            assert [each.user_id for each in theirs] == [boris]  # and nobody waits for anybody
            await one.commit()
            assert await other.run_sync(claims.claim, model_slug="seer", worker="other", **facts) == []
            await other.commit()
        running = await talk.rows(ChatMessage, table_of(ChatMessage).c.status == MessageStatus.RUNNING)
        assert sorted(row.user_id for row in running) == [anna, boris]


async def test_many_workers_give_a_customer_one_answer_at_once(
    postgres_database: Database, clock: FakeClock, tmp_path: Path
) -> None:
    async with open_talk(postgres_database, clock, tmp_path / "store", parallel=8) as talk:
        slugs = ["sage", *(f"seer{number}" for number in range(3))]
        for slug in slugs[1:]:
            await talk.hires(slug)
        customers = [await talk.customer() for _ in range(6)]
        for user_id in customers:
            for slug in slugs:
                await talk.says(await talk.begins(user_id, slug))
        talk.sage.gate.clear()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(4):
                tasks.create_task(talk.worker().run_waiting())
            await until(lambda: _asked(talk, len(customers)))
            running = await talk.rows(ChatMessage, table_of(ChatMessage).c.status == MessageStatus.RUNNING)
            assert sorted(row.user_id for row in running) == customers
            talk.sage.gate.set()
        for _ in slugs:  # what another assistant's answer held up is found at the next look
            await talk.answer_all()
        assert len(talk.sage.asked) == len(customers) * len(slugs)
        await talk.audit()


async def test_a_message_while_another_is_answered_waits_its_turn(talk: Talk) -> None:
    talk.sage.gate.clear()
    session = await talk.begins(await talk.customer())
    await talk.says(session, "One?")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(talk.answer_all())
        await until(lambda: _asked(talk, 1))
        second = await talk.says(session, "Two?")
        assert second.waits
        talk.sage.gate.set()
    await talk.answer_all()
    assert [turn.text for turn in talk.sage.asked[-1].turns] == ["One?", SAID, "Two?"]
    await talk.audit()


async def test_who_waits_for_one_assistant_is_answered_by_another(talk: Talk) -> None:
    await talk.hires("seer")
    anna = await talk.customer()
    first = await talk.says(await talk.begins(anna))
    talk.engine.rest("sage", True)
    talk.clock.advance(seconds=1)
    second = await talk.says(await talk.begins(anna, "seer"))
    assert not second.waits
    await talk.answer_all()
    rows = [await talk.row(each.answer_id) for each in (first, second)]
    assert [row.status for row in rows] == [MessageStatus.QUEUED, MessageStatus.SUCCEEDED]
    await talk.audit()


async def test_one_answer_at_a_time_whoever_gives_it(talk: Talk) -> None:
    await talk.hires("seer")
    anna = await talk.customer()
    talk.sage.gate.clear()
    await talk.says(await talk.begins(anna))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(talk.answer_all())
        await until(lambda: _asked(talk, 1))
        second = await talk.says(await talk.begins(anna, "seer"))
        assert second.waits
        await talk.answer_all()
        assert len(talk.sage.asked) == 1
        talk.sage.gate.set()
    await talk.answer_all()
    assert len(talk.sage.asked) == 2
    await talk.audit()


async def test_the_same_message_twice(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    first = await talk.says(session, request_key="k")
    again = await talk.says(session, request_key="k")
    assert (again.repeated, again.answer_id) == (True, first.answer_id)
    await talk.answer_all()
    assert (await talk.says(session, request_key="k")).repeated
    assert len(talk.sage.asked) == 1
    await talk.audit()


async def test_twenty_at_once_on_credits_for_three(talk: Talk) -> None:
    anna = await talk.customer(balance=3 * HOLD + 20)
    sessions = [await talk.begins(anna)]
    for _ in range(19):
        await talk.says(sessions[-1], request_key=f"t{len(sessions)}")
        await talk.chats.stop(user_id=anna)
        sessions.append(await talk.begins(anna))
    results = await asyncio.gather(*(talk.says(each) for each in sessions), return_exceptions=True)
    assert sum(isinstance(each, InsufficientBalance) for each in results) == 17
    await talk.answer_all()
    assert len(talk.sage.asked) == 3
    assert await talk.balance(anna) >= 0
    await talk.audit()


async def test_the_balance_covers_a_shorter_answer(talk: Talk) -> None:
    anna = await talk.customer(balance=60)
    sold = await talk.says(await talk.begins(anna))
    assert sold.limited
    assert 64 <= sold.answer_limit < 256
    assert sold.hold <= 60
    await talk.answer_all()
    assert talk.sage.asked[-1].max_tokens == sold.answer_limit
    await talk.audit()


async def test_the_balance_covers_nothing(talk: Talk) -> None:
    anna = await talk.customer(balance=20)
    with pytest.raises(InsufficientBalance):
        await talk.says(await talk.begins(anna))
    assert await talk.balance(anna) == 20
    await talk.audit()


async def test_another_answer(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    first = await talk.says(session, "One?")
    await talk.answer_all()
    talk.sage.says = ["Forty-three."]
    order = MessageOrder(user_id=session.user_id, session_id=session.id, text="", request_key="again")
    second = await talk.chats.again(first.answer_id, order)
    await talk.answer_all()
    assert [turn.text for turn in talk.sage.asked[-1].turns] == ["One?"]
    await talk.says(session, "Two?")
    await talk.answer_all()
    assert [turn.text for turn in talk.sage.asked[-1].turns] == ["One?", "Forty-three.", "Two?"]
    assert (await talk.chats.answer(first.answer_id, user_id=session.user_id)).replaced
    assert not (await talk.chats.answer(second.answer_id, user_id=session.user_id)).replaced
    await talk.audit()


async def test_edited_and_sent_again(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    await talk.says(session, "One?")
    await talk.answer_all()
    second = await talk.says(session, "Tow?")
    await talk.answer_all()
    question = (await talk.chats.answer(second.answer_id, user_id=session.user_id)).question_id
    await talk.says(session, "Two?", replaces=question)
    await talk.answer_all()
    assert [turn.text for turn in talk.sage.asked[-1].turns] == ["One?", SAID, "Two?"]
    await talk.audit()


async def test_an_edit_of_what_was_joined_keeps_the_rest(talk: Talk) -> None:
    """Also a second edit, and a message that joins what was edited."""
    session = await talk.begins(await talk.customer())
    await talk.says(session, "My dog is called Rex.")
    sold = await talk.says(session, "How old is he?")
    await talk.answer_all()
    for text in ("How big is he?", "How fast is he?"):
        question = (await talk.chats.answer(sold.answer_id, user_id=session.user_id)).question_id
        sold = await talk.says(session, text, replaces=question)
        assert not sold.joined
        await talk.answer_all()
        assert [turn.text for turn in talk.sage.asked[-1].turns] == [f"My dog is called Rex.\n{text}"]
    question = (await talk.chats.answer(sold.answer_id, user_id=session.user_id)).question_id
    await talk.says(session, "How loud is he?", replaces=question)
    assert (await talk.says(session, "And his brother?")).joined
    await talk.answer_all()
    together = "My dog is called Rex.\nHow loud is he?\nAnd his brother?"
    assert [turn.text for turn in talk.sage.asked[-1].turns] == [together]
    lines = await talk.db.read(read_lines, session.id)
    assert [line.text for line in lines] == [together, SAID]
    await talk.audit()


async def test_what_joins_a_message_that_is_answered_anew(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    first = await _answered(talk, session, "Two?")
    order = MessageOrder(user_id=session.user_id, session_id=session.id, text="", request_key="again")
    await talk.chats.again(first, order)
    await talk.says(session, "Three?")
    await talk.answer_all()
    assert [line.text for line in await talk.db.read(read_lines, session.id)] == ["Two?\nThree?", SAID]
    await talk.audit()


async def test_only_the_last_message_is_answered_anew(talk: Talk) -> None:
    """A button that is pressed late takes nothing out of a conversation that went on."""
    session = await talk.begins(await talk.customer())
    sold = await _answered(talk, session, "One?")
    first = await talk.chats.answer(sold, user_id=session.user_id)
    await _answered(talk, session, "Two?")
    balance = await talk.balance(session.user_id)
    with pytest.raises(MessageNotLast):
        await talk.says(session, "One!", replaces=first.question_id)
    order = MessageOrder(user_id=session.user_id, session_id=session.id, text="", request_key="again")
    with pytest.raises(MessageNotLast):
        await talk.chats.again(first.id, order)
    await _answered(talk, session, "Three?")
    assert [turn.text for turn in talk.sage.asked[-1].turns] == ["One?", SAID, "Two?", SAID, "Three?"]
    assert await talk.balance(session.user_id) == balance - 6
    await talk.audit()


async def test_what_cannot_be_asked(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    with pytest.raises(EmptyMessage):
        await talk.says(session, " \u200b ")
    with pytest.raises(MessageTooLong) as told:
        await talk.says(session, "ы" * 5_000)
    assert 1_500 < told.value.params["limit"] < 2_000


async def test_a_count_that_is_too_low_bounds_nothing(talk: Talk) -> None:
    """Or a conversation of any length would be sent for the hold of a short one."""
    session = await talk.begins(await talk.customer(balance=100_000))
    talk.sage.says, talk.sage.usage = ("x" * 1_600,), TokenUsage(prompt=1, completion=1)
    await _answered(talk, session, "Why?")
    second = await _answered(talk, session, "Why?")
    assert (await talk.row(second)).prompt_budget == BOUND + len("Why?") + MESSAGE_TOKENS + 112 + MESSAGE_TOKENS


async def test_older_messages_are_left_out_and_that_is_told_once(talk: Talk) -> None:
    session = await talk.begins(await talk.customer(balance=100_000))
    sold = [await _answered(talk, session, f"{number} {'long ' * 200}") for number in range(6)]
    assert [(await talk.row(each)).shortened for each in sold].count(True) == 1
    turns = talk.sage.asked[-1].turns
    assert turns[0].text.split()[0] != "0"
    assert turns[-1].text.startswith("5")
    await talk.audit()


async def test_that_they_are_left_out_is_told_with_an_answer_that_comes(talk: Talk) -> None:
    """The first one without them brings nothing."""
    session = await talk.begins(await talk.customer(balance=100_000))
    told = []
    for number in range(6):
        talk.sage.says = [EmptyAnswer(problem="nothing")] if number == 3 else [SAID]
        sold = await _answered(talk, session, f"{number} {'long ' * 200}")
        told.append((len(talk.sage.asked[-1].turns), (await talk.row(sold)).shortened))
    assert told == [(1, False), (3, False), (5, False), (5, False), (5, True), (5, False)]
    await talk.audit()


async def test_what_the_server_finds_too_long_is_shortened_and_told(talk: Talk) -> None:
    session = await talk.begins(await talk.customer(balance=100_000))
    for text in ("One?", "Two?"):
        await _answered(talk, session, text)
    talk.sage.says, talk.sage.then = [ContextTooLong(problem="too long")], [SAID]
    sold = await _answered(talk, session, "Three?")
    assert [len(request.turns) for request in talk.sage.asked[-2:]] == [5, 3]
    assert (await talk.row(sold)).shortened
    assert "Older messages of this conversation are not sent" in _foot(
        await talk.chats.answer(sold, user_id=session.user_id)
    )
    assert not (await talk.row(await _answered(talk, session, "Four?"))).shortened
    await talk.audit()


async def test_a_worker_dies_with_text(talk: Talk) -> None:
    """What it had kept is delivered; nobody is asked again."""
    talk.sage.says = ["The answer ", "is long."]
    talk.sage.pause.clear()
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    dead = talk.worker()
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(dead.run_waiting())
        await until(lambda: _asked(talk, 1))
        await until(lambda: _has_text(dead))
        await talk.db.write(dead._keep, list(dead._running.values()), talk.clock())
        dead._outcomes = []
        run.cancel()
    talk.clock.advance(seconds=20)
    await talk.answer_all()
    view = await talk.chats.answer(sold.answer_id, user_id=anna)
    assert (view.status, view.text, view.finish) == (MessageStatus.SUCCEEDED, "The answer ", FinishReason.CUT)
    assert len(talk.sage.asked) == 1
    await talk.audit()


async def test_a_worker_dies_before_anything_came(talk: Talk) -> None:
    talk.sage.gate.clear()
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    async with asyncio.TaskGroup() as tasks:
        run = tasks.create_task(talk.answer_all())
        await until(lambda: _asked(talk, 1))
        run.cancel()
    talk.clock.advance(seconds=20)
    await talk.answer_all()
    assert (await talk.row(sold.answer_id)).error_code == ErrorCode.RUN_LOST
    assert await talk.balance(anna) == 1_000
    assert len(talk.sage.asked) == 1
    await talk.audit()


async def test_an_answer_that_was_given_up_is_not_read_elsewhere(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    sold = await talk.says(session)
    await talk.answer_all()
    assert await talk.gives_up(AnswerReady(message_id=sold.answer_id), session.user_id)
    assert not await talk.gives_up(AnswerReady(message_id=sold.answer_id), session.user_id)
    assert await talk.balance(session.user_id) == 1_000
    assert SAID not in (await talk.sessions.export(session.id, "md", WORDS, user_id=session.user_id)).decode()
    (told,) = await talk.rows(OwnerNews)
    assert (told.kind, told.key) == ("answer_undelivered", "undelivered:sage:1")
    await talk.audit()


@pytest.mark.parametrize(("shown", "whole", "costs"), [(1, 2, 20), (1, 3, 13), (99, 100, 39), (1, 100, 0)])
async def test_of_an_answer_that_came_in_part_that_part_is_paid(talk: Talk, shown: int, whole: int, costs: int) -> None:
    """The share of its price, rounded down, and that share of its text."""
    talk.sage.usage = TokenUsage(prompt=0, completion=100)  # 40 hundredths
    session = await talk.begins(await talk.customer())
    sold = await talk.says(session)
    await talk.answer_all()
    assert (await talk.row(sold.answer_id)).price == 40
    lost = AnswerReady(message_id=sold.answer_id, part=1, shown=shown, whole=whole)
    assert await talk.gives_up(lost, session.user_id)
    assert not await talk.gives_up(lost, session.user_id)
    assert not await talk.gives_up(AnswerReady(message_id=sold.answer_id), session.user_id)
    row = await talk.row(sold.answer_id)
    assert (row.status, row.error_code, row.price) == (MessageStatus.SUCCEEDED, ErrorCode.NOT_DELIVERED, costs)
    assert row.text == SAID[: len(SAID) * shown // whole]
    assert await talk.balance(session.user_id) == 1_000 - costs
    assert (await talk.lines(sold.answer_id))[-1] == ("charge_refund", 40 - costs)
    (told,) = [each for each in await talk.rows(OutboxMessage) if each.payload.get("returned")]
    assert told.payload["back"] == 40 - costs
    await talk.audit()


async def test_of_an_answer_that_came_whole_nothing_is_paid_back(talk: Talk) -> None:
    """What was lost is the message below it, with its price."""
    session = await talk.begins(await talk.customer())
    sold = await talk.says(session)
    await talk.answer_all()
    assert not await talk.gives_up(AnswerReady(message_id=sold.answer_id, part=1, shown=9, whole=9), session.user_id)
    row = await talk.row(sold.answer_id)
    assert (row.text, row.price, row.finish, row.error_code) == (SAID, 6, FinishReason.STOP, None)


async def test_a_free_answer_that_came_in_part_was_given(database: Database, clock: FakeClock, tmp_path: Path) -> None:
    async with open_talk(database, clock, tmp_path / "free", free_answers=1) as talk:
        session = await talk.begins(await talk.customer())
        sold = await talk.says(session)
        await talk.answer_all()
        lost = AnswerReady(message_id=sold.answer_id, part=1, shown=1, whole=2)
        assert await talk.gives_up(lost, session.user_id)
        assert await talk.lines(sold.answer_id) == []
        assert not (await talk.says(session)).free
        await talk.audit()


async def test_an_assistant_that_became_something_else(talk: Talk) -> None:
    """Its author made a model with a form of it: who waited is paid back, and the others are answered."""
    anna = await talk.customer()
    sold = await talk.says(await talk.begins(anna))
    manifest = talk.engine.manifest("sage")
    assert manifest is not None
    spec = OnnxSpec(kind="onnx", file="m.onnx", sha256="0" * 64)
    loaded = talk.engine._models["sage"]
    talk.engine._models["sage"] = replace(loaded, manifest=manifest.model_copy(update={"runtime": spec}))
    await talk.answer_all()
    assert (await talk.row(sold.answer_id)).status == MessageStatus.FAILED
    assert await talk.balance(anna) == 1_000
    await talk.audit()


def _foot(view: AnswerView) -> str:
    part = answer_part(view, 0, 0, None, Catalogues()["en"])
    return part.screen.text


async def _answered(talk: Talk, session: ChatSessionView, text: str) -> UUID:
    sold = await talk.says(session, text)
    await talk.answer_all()
    return sold.answer_id


async def _asked(talk: Talk, count: int) -> bool:
    return len(talk.sage.asked) >= count


async def _has_text(worker: AnswerWorker) -> bool:
    return any(each.text for each in worker._running.values())


@pytest.mark.parametrize("turn", range(4))  # ids are random, and decide between what is due at once
async def test_conversations_of_one_customer_do_not_wait_for_each_other(talk: Talk, turn: int) -> None:
    """In one of them two messages wait, which are too long to be joined; in the other one."""
    anna = await talk.customer()
    first = await talk.begins(anna)
    await talk.says(first, "a" * 1_990)
    await talk.says(first, "b" * 1_990)
    second = await talk.begins(anna)
    await talk.says(second, "c")
    await talk.answer_all()
    asked = [each.turns[-1].text[:1] for each in talk.sage.asked]
    assert sorted(asked) == ["a", "b", "c"]
    assert asked.index("a") < asked.index("b")
    await talk.audit()
