"""An edited message is answered anew with all that had joined it, again and again."""

from services.chats.edits import EDIT
from services.chats.orders import MessageOrder
from services.chats.sessions import ChatSessionView
from tests.support.talk import Talk


async def edits(talk: Talk, session: ChatSessionView, key: str, mark: str, text: str) -> str:
    """What the assistant is asked then."""
    last = await talk.chats.editable(key, user_id=session.user_id)
    assert last is not None
    await talk.says(session, text, request_key=f"{key}{EDIT}{mark}", replaces=last.question_id)
    await talk.answer_all()
    assert len(talk.sage.asked[-1].turns) == 1
    return talk.sage.asked[-1].turns[0].text


async def test_edited_again_and_again(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    await talk.says(session, "Why?", request_key="say:1")
    await talk.answer_all()
    assert [await edits(talk, session, "say:1", str(number), f"Why {number}?") for number in range(3)] == [
        "Why 0?",
        "Why 1?",
        "Why 2?",
    ]
    await talk.audit()


async def test_edited_after_another_answer(talk: Talk) -> None:
    anna = await talk.customer()
    session = await talk.begins(anna)
    first = await talk.says(session, "Why?", request_key="say:1")
    await talk.answer_all()
    again = MessageOrder(user_id=anna, session_id=session.id, text="", request_key="again:1")
    await talk.chats.again(first.answer_id, again)
    await talk.answer_all()
    assert await edits(talk, session, "say:1", "1", "When?") == "When?"
    await talk.audit()


async def test_each_of_those_that_went_as_one(talk: Talk) -> None:
    anna = await talk.customer()
    session = await talk.begins(anna)
    for number, text in enumerate(("One", "Two", "Three")):
        await talk.says(session, text, request_key=f"say:{number}")
    assert await edits(talk, session, "say:0", "1", "ONE") == "ONE\nTwo\nThree"
    assert await edits(talk, session, "say:2", "1", "THREE") == "ONE\nTwo\nTHREE"
    assert await edits(talk, session, "say:1", "1", "TWO") == "ONE\nTWO\nTHREE"
    assert await edits(talk, session, "say:0", "2", "one") == "one\nTWO\nTHREE"
    assert len(talk.sage.asked) == 4
    await talk.audit()


async def test_what_came_before_the_last_one_is_not_edited(talk: Talk) -> None:
    session = await talk.begins(await talk.customer())
    await talk.says(session, "Why?", request_key="say:1")
    await talk.answer_all()
    await talk.says(session, "When?", request_key="say:10")
    assert await talk.chats.editable("say:1", user_id=session.user_id) is None
    assert await talk.chats.editable("say:2", user_id=session.user_id) is None
    assert await talk.chats.editable("say:10", user_id=session.user_id + 1) is None
