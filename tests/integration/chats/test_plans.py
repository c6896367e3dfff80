"""Answers that a plan pays for, by requests and by tokens."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.engine import Database
from db.tables.plans import AllowanceUnit
from services.billing.ledger import InsufficientBalance
from services.chats.service import PlanShare
from services.inference.chat import TokenUsage
from services.inference.errors import ModelBroken
from services.models.offers import PlanLimit
from services.plans.months import end_of_months
from services.plans.paying import PlanCover
from tests.support.clock import FakeClock
from tests.support.plans import add_plan, used
from tests.support.talk import Talk, open_talk


@pytest.fixture
async def talk(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Talk]:
    async with open_talk(database, clock, tmp_path / "store") as talk:
        yield talk


async def _plan(talk: Talk, clock: FakeClock, unit: AllowanceUnit, amount: int) -> None:
    given = [(unit, amount, ["sage"])]
    await talk.db.write(add_plan, "free", kopecks=None, allowances=given, created_at=clock())


async def test_a_request_of_the_plan_is_an_answer(talk: Talk, clock: FakeClock) -> None:
    await _plan(talk, clock, AllowanceUnit.REQUESTS, 1)
    anna = await talk.customer(0)
    chat = await talk.begins(anna)
    accepted = await talk.says(chat)
    await talk.answer_all()
    row = await talk.row(accepted.answer_id)
    assert (accepted.hold, row.price, row.status) == (0, 0, "succeeded")
    assert await talk.db.read(used) == [1]
    with pytest.raises(InsufficientBalance):
        await talk.says(chat, "And then?")
    await talk.audit()


async def test_what_was_not_said_comes_back(talk: Talk, clock: FakeClock) -> None:
    await _plan(talk, clock, AllowanceUnit.REQUESTS, 1)
    anna = await talk.customer(0)
    talk.sage.says = [ModelBroken(problem="401")]
    accepted = await talk.says(await talk.begins(anna))
    await talk.answer_all()
    assert (await talk.row(accepted.answer_id)).status == "failed"
    assert await talk.db.read(used) == [0]


async def test_tokens_are_taken_at_most_and_used_in_part(talk: Talk, clock: FakeClock) -> None:
    await _plan(talk, clock, AllowanceUnit.TOKENS, 10_000)
    anna = await talk.customer(0)
    talk.sage.usage = TokenUsage(prompt=30, completion=12)
    accepted = await talk.says(await talk.begins(anna))
    held = (await talk.db.read(used))[0]
    assert held > 256
    await talk.answer_all()
    row = await talk.row(accepted.answer_id)
    assert await talk.db.read(used) == [row.prompt_tokens + row.completion_tokens]
    assert row.price == 0


async def test_few_tokens_make_a_short_answer(talk: Talk, clock: FakeClock) -> None:
    await _plan(talk, clock, AllowanceUnit.TOKENS, 200)
    anna = await talk.customer(0)
    accepted = await talk.says(await talk.begins(anna))
    assert accepted.hold == 0
    assert accepted.answer_limit < 256
    assert await talk.db.read(used) == [200]


async def test_what_is_left_is_told_before_anything_is_said(talk: Talk, clock: FakeClock) -> None:
    """Answers and tokens; when they are used up, until when and which plan gives more."""
    await _plan(talk, clock, AllowanceUnit.TOKENS, 200)
    more: list[tuple[AllowanceUnit, int, list[str]]] = [(AllowanceUnit.TOKENS, 900, [])]
    await talk.db.write(add_plan, "plus", allowances=more, created_at=clock())
    anna, cover = await talk.customer(0), PlanCover(talk.db, clock)

    async def told() -> PlanShare | None:
        return (await cover.of_assistant(await talk.chats.assistant("sage"), anna)).plan

    assert await told() == PlanShare(tokens=200, for_one=200)
    await talk.says(await talk.begins(anna))  # all of them are held
    until = end_of_months(clock(), 1, anchor_day=clock().day)
    title = {"ru": "Plus", "en": "Plus"}
    limit = PlanLimit(unit=AllowanceUnit.TOKENS, amount=200, renews_at=until, next_title=title, next_amount=900)
    assert await told() == PlanShare(limit=limit)
