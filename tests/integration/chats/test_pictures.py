"""Pictures of messages: none is sold and not sent, and they go with the conversation."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.engine import Database
from db.tables.chats import MessageStatus
from db.tables.predictions import ErrorCode
from services.chats.orders import MessageOrder, PicturesLeftOut
from services.files.cleanup import FileCleanup
from tests.support.clock import FakeClock
from tests.support.files import files_of
from tests.support.talk import Talk, open_talk

PHOTO = b"\xff\xd8\xff photo"


@pytest.fixture
async def talk(database: Database, clock: FakeClock, tmp_path: Path) -> AsyncIterator[Talk]:
    """With an assistant that looks at pictures."""
    async with open_talk(
        database, clock, tmp_path / "store", parallel="4\npictures = true\npicture_tokens = 500"
    ) as made:
        yield made


def cleanup_of(talk: Talk) -> FileCleanup:
    """Where pictures are kept for ever."""
    store = files_of(talk.db, talk.clock)._store
    return FileCleanup(talk.db, store, talk.clock, inputs_for=None, results_for=None)


async def test_a_picture_that_waits_to_be_looked_at_is_kept(talk: Talk) -> None:
    anna = await talk.customer()
    files = files_of(talk.db, talk.clock)
    photo = await files.put(anna, PHOTO, "image/jpeg")
    await talk.says(await talk.begins(anna), "", pictures=(photo,))
    assert await cleanup_of(talk).delete_of(anna) == 0
    await talk.answer_all()
    assert talk.sage.asked[-1].turns[-1].pictures == (PHOTO,)
    assert await cleanup_of(talk).expire() == 1
    assert await files.get(photo, user_id=anna) is None
    await talk.audit()


async def test_without_its_picture_a_message_is_not_sent(talk: Talk) -> None:
    anna = await talk.customer()
    photo = await files_of(talk.db, talk.clock).put(anna, PHOTO, "image/jpeg")
    session = await talk.begins(anna)
    first = await talk.says(session, "What is that?", pictures=(photo,))
    await talk.answer_all()
    paid = await talk.balance(anna)
    assert await cleanup_of(talk).delete_of(anna) == 1
    order = MessageOrder(user_id=anna, session_id=session.id, text="", request_key="again")
    again = await talk.chats.again(first.answer_id, order)
    await talk.answer_all()
    row = await talk.row(again.answer_id)
    assert (row.status, row.error_code) == (MessageStatus.FAILED, ErrorCode.PICTURE_GONE)
    assert len(talk.sage.asked) == 1
    assert await talk.balance(anna) == paid
    await talk.audit()


@pytest.mark.parametrize("everything", [False, True])
async def test_pictures_go_with_their_conversation(talk: Talk, everything: bool) -> None:
    anna = await talk.customer()
    files = files_of(talk.db, talk.clock)
    photo, other = [await files.put(anna, PHOTO, "image/jpeg") for _ in range(2)]
    session = await talk.begins(anna)
    await talk.says(session, "What is that?", pictures=(photo,))
    await talk.answer_all()
    if everything:
        await talk.sessions.delete_all(anna)
    else:
        await talk.sessions.delete(session.id, user_id=anna)
    talk.clock.advance(seconds=3600)
    assert await cleanup_of(talk).expire() == 1
    assert await files.get(photo, user_id=anna) is None
    assert await files.get(other, user_id=anna) == PHOTO
    await talk.audit()


async def test_an_album_waits_for_its_pictures_and_is_sold_once(talk: Talk) -> None:
    """However often an update comes, and however long a picture is on its way."""
    anna = await talk.customer()
    files, session = files_of(talk.db, talk.clock), await talk.begins(anna)
    photos = [await files.put(anna, PHOTO + bytes([number]), "image/jpeg") for number in range(3)]
    for number, photo in enumerate(photos):
        facts = {"pictures": (photo,), "request_key": f"say:{number}", "album": True, "more": number > 0}
        assert not number or await talk.chats.wait_for_more(anna, fetching=True)
        talk.clock.advance(seconds=10 if number else 0)
        await talk.answer_all()
        for repeat in (False, True):
            sold = await talk.says(session, "" if number else "What is that?", **facts)
            assert sold.repeated == repeat
    await talk.answer_all()
    assert talk.sage.asked == []
    talk.clock.advance(seconds=2)
    await talk.answer_all()
    (asked,) = talk.sage.asked
    assert (asked.turns[-1].text, len(asked.turns[-1].pictures)) == ("What is that?", 3)
    assert not await talk.chats.wait_for_more(anna, fetching=True)
    with pytest.raises(PicturesLeftOut):
        await talk.says(session, "", pictures=photos[:1], request_key="say:4", album=True, more=True)
    assert await talk.balance(anna) == 1_000 - ((await talk.row(sold.answer_id)).price or 0)
    await talk.audit()


async def test_a_picture_that_does_not_fit_leaves_the_others_as_they_are(talk: Talk) -> None:
    anna = await talk.customer()
    files, session = files_of(talk.db, talk.clock), await talk.begins(anna)
    photo = await files.put(anna, PHOTO, "image/jpeg")
    await talk.says(session, "What is that?", pictures=(photo,) * 7, album=True)
    with pytest.raises(PicturesLeftOut):
        await talk.says(session, "", pictures=(photo,), album=True, more=True)
    talk.clock.advance(seconds=2)
    await talk.answer_all()
    assert len(talk.sage.asked[-1].turns[-1].pictures) == 7
    await talk.audit()
