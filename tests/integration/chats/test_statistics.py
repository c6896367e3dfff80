"""What owners see of assistants: figures of a period, and single requests, which they open under their name."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.chats import AiRequest
from db.tables.users import AuditAction, AuditEntry
from services.chats.orders import MessageNotFound
from services.chats.statistics import AssistantReports
from services.inference.errors import ModelBroken
from services.users.actor import Actor
from services.users.roles import NotAllowed, Staff
from tests.support.talk import SAID, Talk


def reports_of(talk: Talk) -> AssistantReports:
    return AssistantReports(talk.db, talk.clock, Staff(()), journal_for=timedelta(days=30))


async def test_nothing_was_asked(talk: Talk) -> None:
    figures = await reports_of(talk).figures("sage", days=1)
    assert (figures.answers, figures.earned, figures.half_ms, figures.most_ms) == (0, 0, None, None)
    assert await reports_of(talk).latest("sage", actor=Actor.system()) == []


async def test_figures_of_an_assistant(talk: Talk) -> None:
    session = await talk.begins(await talk.customer(balance=10_000))
    await talk.says(session, "Long ago?")
    await talk.answer_all()
    talk.clock.advance(days=2)
    for _ in range(20):
        await talk.says(session)
        await talk.answer_all()
        talk.clock.advance(seconds=1)
    talk.sage.says = [ModelBroken(problem="401")]
    await talk.says(session)
    await talk.answer_all()
    await talk.says(session)
    await talk.chats.stop(user_id=session.user_id)
    await _wait_times(talk)
    day = await reports_of(talk).figures("sage", days=1)
    assert (day.answers, day.failed, day.prompt_tokens, day.completion_tokens) == (20, 1, 400, 200)
    assert day.earned == 20 * 6
    assert (day.half_ms, day.most_ms) == (1_100, 2_000)  # of 200 to 2,100
    week = await reports_of(talk).figures("sage", days=7)
    assert (week.answers, week.earned) == (21, 21 * 6)


async def test_what_the_provider_says_it_charged(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    for cost in (None, 0.0001, 0.25, "dear", -1, {"much": 1}):
        talk.sage.cost = cost
        await talk.says(session)
        await talk.answer_all()
    assert (await reports_of(talk).figures("sage", days=1)).cost == Decimal("0.2501")


async def test_an_owner_opens_a_request(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    await talk.says(session, "My secret?")
    await talk.answer_all()
    reports, somebody = reports_of(talk), Actor(await talk.customer())
    (line,) = await reports.latest("sage", actor=Actor.system())
    assert (line.status_code, line.attempt, line.request) == (200, 1, None)
    with pytest.raises(NotAllowed):
        await reports.latest("sage", actor=somebody)
    with pytest.raises(NotAllowed):
        await reports.open(line.id, actor=somebody)
    assert await talk.rows(AuditEntry) == []
    opened = await reports.open(line.id, actor=Actor.system())
    assert "My secret?" in str(opened.request)
    assert SAID in str(opened.response)
    (entry,) = await talk.rows(AuditEntry)
    assert (entry.action, entry.subject) == (AuditAction.CHAT_REQUEST_OPEN, str(line.id))
    assert (entry.target_user_id, entry.after) == (session.user_id, {"assistant": "sage"})
    assert (line.user_id, line.model_slug) == (session.user_id, "sage")
    with pytest.raises(MessageNotFound):
        await reports.open(uuid4(), actor=Actor.system())


async def _wait_times(talk: Talk) -> None:
    """100 ms, 200 ms, …, for those that brought a text, in their order."""
    requests = table_of(AiRequest)
    rows = sorted(await talk.rows(AiRequest, requests.c.first_token_ms.is_not(None)), key=lambda row: row.created_at)

    def change(session: Session) -> None:
        for number, row in enumerate(rows, start=1):
            session.execute(update(requests).where(requests.c.id == row.id).values(first_token_ms=100 * number))

    await talk.db.write(change)
