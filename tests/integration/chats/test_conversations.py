"""Conversations are begun, found again, named, taken along and deleted."""

import asyncio
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.chats import AiRequest, ChatMessage, ChatSession, FinishReason
from services.chats.sessions import BadTitle, ChatSessionNotFound
from services.chats.statistics import AssistantReports
from services.users.roles import Staff
from tests.support.talk import SAID, WORDS, Talk
from tests.support.waiting import until


async def test_one_is_active(talk: Talk) -> None:
    anna = await talk.customer()
    first = await talk.begins(anna)
    assert (await talk.begins(anna)).id == first.id  # nothing was said in it yet
    await talk.says(first)
    second = await talk.begins(anna)
    assert [second.id, second.is_active] == [(await talk.sessions.active(anna)).id, True]  # type: ignore[union-attr]
    again = await talk.sessions.resume(first.id, user_id=anna)
    assert again.is_active
    assert not (await talk.sessions.get(second.id, user_id=anna)).is_active


async def test_many_begun_at_once(talk: Talk) -> None:
    anna = await talk.customer()
    await asyncio.gather(*(talk.begins(anna) for _ in range(5)))
    assert len([row for row in await talk.rows(ChatSession) if row.is_active]) == 1


async def test_the_list_has_those_in_which_something_was_said(talk: Talk) -> None:
    anna = await talk.customer()
    for text in ("One?", "Two?", "Three?"):
        await talk.says(await talk.begins(anna), text)
        talk.clock.advance(seconds=1)
    await talk.begins(anna)
    page = await talk.sessions.page(anna, 0, size=2)
    assert ([each.title for each in page.items], page.pages) == (["Three?", "Two?"], 2)
    assert [each.title for each in (await talk.sessions.page(anna, 9, size=2)).items] == ["One?"]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("  Why\n is\tthis?  ", "Why is this?"),
        ("слово " * 30, "слово слово слово слово слово слово слово слово слово…"),
        ("ы" * 100, "ы" * 59 + "…"),
        ("a\u202eb\x00c\ud800", "a bc\ufffd"),
    ],
)
async def test_the_first_words_are_its_title(talk: Talk, text: str, title: str) -> None:
    session = await talk.begins(await talk.customer())
    await talk.says(session, text)
    await talk.says(session, "Another")
    assert (await talk.sessions.get(session.id, user_id=session.user_id)).title == title


async def test_it_is_named(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    named = await talk.sessions.rename(session.id, "  About\n tea ", user_id=session.user_id)
    assert named.title == "About tea"
    for bad in ("", " \n", "x" * 61, "a\u202eb"):
        with pytest.raises(BadTitle):
            await talk.sessions.rename(session.id, bad, user_id=session.user_id)


async def test_somebody_elses_is_none(talk: Talk) -> None:
    session, boris = await talk.begins(await talk.customer()), await talk.customer()
    await talk.says(session)
    for work in (talk.sessions.get, talk.sessions.resume, talk.sessions.delete):
        with pytest.raises(ChatSessionNotFound):
            await work(session.id, user_id=boris)
    with pytest.raises(ChatSessionNotFound):
        await talk.sessions.export(session.id, "json", WORDS, user_id=boris)
    with pytest.raises(ChatSessionNotFound):
        await talk.sessions.rename(uuid4(), "x", user_id=session.user_id)
    assert (await talk.sessions.page(boris, 0)).items == []


async def test_it_is_taken_along(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    await talk.says(session, "Why?\n```\n# no heading\n```")
    await talk.answer_all()
    told = json.loads(await talk.sessions.export(session.id, "json", WORDS, user_id=session.user_id))
    assert [(line["sender"], line.get("price")) for line in told["messages"]] == [("user", None), ("assistant", "0.06")]
    assert told["messages"][1]["text"] == SAID
    assert told["assistant"] == "Sage"
    facts = {"finish": "stop", "prompt_tokens": 20, "completion_tokens": 10}
    assert told["messages"][1].items() >= facts.items()
    text = (await talk.sessions.export(session.id, "md", WORDS, user_id=session.user_id)).decode()
    assert text.startswith("# Why?")
    assert f"\n\n### You · {talk.clock():%d.%m.%Y %H:%M}\n\nWhy?" in text
    assert "\n\n### Sage · " in text
    assert "\n\nWhy?\n```\n# no heading\n```\n" in text


async def test_what_was_stopped_says_so_where_it_is_taken_along(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    talk.sage.finish = FinishReason.STOPPED
    await talk.says(session)
    await talk.answer_all()
    text = (await talk.sessions.export(session.id, "md", WORDS, user_id=session.user_id)).decode()
    assert text.endswith(f"{SAID}\n\n*Stopped.*\n\n")


async def test_texts_go_and_amounts_stay(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    sold = await talk.says(session, "My secret?")
    await talk.answer_all()
    balance = await talk.balance(session.user_id)
    await talk.sessions.delete(session.id, user_id=session.user_id)
    everything = [*await talk.rows(ChatMessage), *await talk.rows(AiRequest), *await talk.rows(ChatSession)]
    assert not [row for row in everything if "secret" in str(row) or SAID in str(row)]
    row = await talk.row(sold.answer_id)
    assert (row.price, row.hold, row.prompt_tokens) == (6, sold.hold, 20)
    assert await talk.balance(session.user_id) == balance
    assert await talk.sessions.active(session.user_id) is None
    with pytest.raises(ChatSessionNotFound):
        await talk.says(session)
    await talk.audit()


async def test_deleted_while_it_is_answered(talk: Talk) -> None:
    """Neither what was asked nor what came is kept."""
    talk.sage.says = ["The answer ", "is long."]
    talk.sage.pause.clear()
    session = await talk.begins(await talk.customer())
    await talk.says(session, "My secret?")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(talk.answer_all())
        await until(lambda: _asked(talk))
        await talk.sessions.delete(session.id, user_id=session.user_id)
        talk.sage.pause.set()
    everything = [*await talk.rows(ChatMessage), *await talk.rows(AiRequest)]
    assert not [row for row in everything if "secret" in str(row) or "The answer" in str(row)]
    await talk.audit()


async def test_all_are_deleted(talk: Talk) -> None:
    anna, boris = await talk.customer(), await talk.customer()
    for user_id in (anna, anna, boris):
        await talk.says(await talk.begins(user_id))
    assert await talk.sessions.delete_all(anna) == 2
    assert await talk.sessions.delete_all(anna) == 0
    assert await talk.balance(anna) == 1_000  # nothing was answered yet
    assert len((await talk.sessions.page(boris, 0)).items) == 1
    await talk.audit()


async def test_payloads_have_an_age(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    await talk.says(session, "Old?")
    await talk.answer_all()
    talk.clock.advance(days=20)
    await talk.says(session, "New?")
    await talk.answer_all()
    talk.clock.advance(days=11)
    reports = AssistantReports(talk.db, talk.clock, Staff(()), journal_for=timedelta(days=30))
    assert [await reports.forget_old(), await reports.forget_old()] == [1, 0]
    old, new = sorted(await talk.rows(AiRequest), key=lambda row: row.created_at)
    assert (old.request, old.response, old.status_code) == (None, None, 200)
    assert "New?" in str(new.request)
    assert (await talk.sessions.export(session.id, "md", WORDS, user_id=session.user_id)).count(
        b"Old?"
    ) == 2  # title, text


async def test_old_payloads_go_in_steps(talk: Talk) -> None:
    """Others write meanwhile."""
    session = await talk.begins(await talk.customer())
    answer_id = (await talk.says(session)).answer_id
    old = [
        {"id": uuid4(), "message_id": answer_id, "attempt": number, "request": {}, "created_at": talk.clock()}
        for number in range(450)
    ]
    await talk.db.write(lambda session: session.execute(insert(table_of(AiRequest)), old))
    talk.clock.advance(days=31)
    reports, seen = AssistantReports(talk.db, talk.clock, Staff(()), journal_for=timedelta(days=30)), set[int]()
    forgetting = asyncio.get_running_loop().create_task(reports.forget_old())
    while not forgetting.done():
        seen.add(await talk.db.write(_payloads))
    assert forgetting.result() == len(old)
    assert len(seen - {0, len(old)}) >= 2


def _payloads(session: Session) -> int:
    requests = table_of(AiRequest)
    return session.scalar(select(func.count()).where(requests.c.request.is_not(None))) or 0


async def _asked(talk: Talk) -> bool:
    return len(talk.sage.asked) >= 1
