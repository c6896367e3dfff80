"""What an answer cost and what is left, as its customer reads it: what is held meanwhile is theirs."""

from services.billing.statement import Operation, Statement
from tests.support.talk import Talk


async def told(talk: Talk, user_id: int) -> list[tuple[int, int]]:
    """Amount and balance of each operation, newest first."""
    page = await Statement(talk.db).page(user_id, 0)
    assert all(_is_answer(each) for each in page.items[:-1])
    return [(each.amount, each.balance_after) for each in page.items[:-1]]  # the first is the gift


def _is_answer(operation: Operation) -> bool:
    return (operation.kind, operation.model_slug) == ("charge", "sage")


async def test_an_answer_is_one_operation(talk: Talk) -> None:
    anna = await talk.customer()
    session = await talk.begins(anna)
    for left in (994, 988):
        sold = await talk.says(session)
        assert (await told(talk, anna))[0] == (-sold.hold, left + 6 - sold.hold)  # not known yet
        await talk.answer_all()
        assert (await told(talk, anna))[0] == (-6, left)
    assert len(await told(talk, anna)) == 2


async def test_what_cost_nothing_is_none(talk: Talk) -> None:
    anna = await talk.customer()
    session = await talk.begins(anna)
    await talk.says(session, "One")
    await talk.says(session, "two")  # joined: the first is paid back
    await talk.chats.stop(user_id=anna)
    assert await told(talk, anna) == []


async def test_each_answer_tells_what_was_left_after_it(talk: Talk) -> None:
    """Whatever is held for others, and however late it is told."""
    anna = await talk.customer()
    answers = [(await talk.says(await talk.begins(anna))).answer_id for _ in range(3)]
    await talk.answer_all()
    left = [await talk.chats.remaining(each, user_id=anna) for each in answers]
    assert sorted(left) == [982, 988, 994]
    waiting = await talk.says(await talk.begins(anna))
    assert [await talk.chats.remaining(each, user_id=anna) for each in answers] == left
    assert await talk.chats.remaining(waiting.answer_id, user_id=anna) == 982
    await talk.audit()
