"""A long text comes in messages into which an app has cut it: it is answered whole, or not at all."""

import pytest

from db.tables.chats import MessageStatus
from services.chats.orders import MessageTooLong, PasteTooLong
from tests.support.talk import Talk

PART = "word " * 400  # apps cut from half of 4,096 on


async def test_a_part_waits_for_the_next_one(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    await talk.says(session, PART)
    await talk.answer_all()
    assert talk.sage.asked == []
    assert (await talk.says(session, "the end")).joined
    await talk.answer_all()
    assert [turn.text for turn in talk.sage.asked[-1].turns] == [f"{PART}\nthe end"]
    assert len(talk.sage.asked) == 1
    await talk.audit()


async def test_emoji_count_as_telegram_counts_them(talk: Talk) -> None:
    await talk.says(await talk.begins(await talk.customer()), "🍷" * 100 + "x" * 1_850)
    await talk.answer_all()
    assert talk.sage.asked == []
    talk.clock.advance(seconds=2)
    await talk.answer_all()
    assert len(talk.sage.asked) == 1


async def test_parts_that_are_too_long_together_are_not_answered_at_all(talk: Talk) -> None:
    anna = await talk.customer()
    session = await talk.begins(anna)
    first = await talk.says(session, PART)
    with pytest.raises(PasteTooLong):
        await talk.says(session, PART)
    talk.clock.advance(seconds=5)
    await talk.answer_all()
    assert talk.sage.asked == []
    assert (await talk.row(first.answer_id)).status == MessageStatus.CANCELED
    assert await talk.balance(anna) == 1_000
    await talk.audit()


async def test_two_messages_that_do_not_fit_together_are_answered_one_by_one(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    await talk.says(session, "x" * 1_990)
    second = await talk.says(session, "y" * 1_990)
    assert (second.joined, second.waits) == (False, True)
    await talk.answer_all()
    assert [len(each.turns[-1].text) for each in talk.sage.asked] == [1_990, 1_990]
    await talk.audit()


async def test_what_is_too_long_alone_leaves_what_waits(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    await talk.says(session, "Why?")
    with pytest.raises(MessageTooLong):
        await talk.says(session, "y" * 4_000)
    await talk.answer_all()
    assert [each.turns[-1].text for each in talk.sage.asked] == ["Why?"]
