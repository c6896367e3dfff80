"""An answer that grows is shown by one process of many, in one message."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from aiogram.methods import EditMessageText, SendMessage, TelegramMethod

from handlers.chats.drafts import LEAD_SECONDS, AnswerDrafts
from handlers.telegram.messages import Messages
from i18n.translator import Catalogues
from services.chats.streams import AnswerProgress, AnswerStreams
from services.coordination.memory import MemoryCoordination
from services.notifications.message_ref import MessageRef
from services.notifications.sending import Outbox
from services.users.accounts import Users
from tests.support.talk import Talk
from tests.support.waiting import until
from tests.support.wire import Wire, bot_on


@dataclass
class Screen:
    """A chat that takes no drafts, and an answer that grows there."""

    talk: Talk
    answer: AnswerProgress
    now: float = 0.0
    coordination: MemoryCoordination = field(init=False)
    streams: AnswerStreams = field(init=False)

    def __post_init__(self) -> None:
        self.coordination = MemoryCoordination(lambda: self.now)
        self.streams = AnswerStreams(self.coordination)

    @asynccontextmanager
    async def process(self, name: str) -> AsyncIterator[Wire]:
        wire = Wire()
        assert self.answer.place is not None
        wire.refusals[self.answer.place.chat_id].append((400, "Bad Request: no drafts here"))
        drafts = AnswerDrafts(
            bot_on(wire),
            self.streams,
            chats=self.talk.chats,
            users=Users(self.talk.db, self.talk.clock, welcome_credits=0),
            catalogues=Catalogues(),
            messages=Messages(Outbox(self.talk.db, self.talk.clock), self.coordination),
            coordination=self.coordination,
            name=name,
        )
        running = asyncio.get_running_loop().create_task(drafts.run())
        yield wire
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    async def grows(self, text: str, wire: Wire) -> TelegramMethod[Any]:
        """Returns the call by which this process shows it."""
        self.streams.tell(replace(self.answer, text=text))

        async def shown() -> bool:
            return isinstance(wire.calls[-1], SendMessage | EditMessageText) and wire.calls[-1].text == text

        await until(lambda: shown() if wire.calls else asyncio.sleep(0, result=False))
        return wire.calls[-1]


async def growing(talk: Talk) -> Screen:
    session = await talk.begins(await talk.customer())
    sold = await talk.says(session)
    place = MessageRef(chat_id=session.user_id)
    return Screen(talk, AnswerProgress(answer_id=sold.answer_id, user_id=session.user_id, place=place))


async def test_whoever_shows_it_does_so_to_its_end(talk: Talk) -> None:
    screen = await growing(talk)
    async with screen.process("first") as first, screen.process("second") as second:
        for text in ("One", "One two", "One two three", "One two three four"):
            await screen.grows(text, first)
            screen.now += LEAD_SECONDS * 0.6
        assert second.calls == []
        assert [type(call) for call in first.calls[1:]] == [SendMessage, *[EditMessageText] * 3]


async def test_who_goes_on_for_one_that_died_changes_the_same_message(talk: Talk) -> None:
    screen = await growing(talk)
    async with screen.process("first") as first:
        await screen.grows("One", first)
        shown = await until(lambda: shown_in(screen))  # it is written down after Telegram's answer
    screen.now += LEAD_SECONDS + 1
    async with screen.process("second") as second:
        call = await screen.grows("One two", second)
        assert (type(call), call.message_id) == (EditMessageText, shown)  # type: ignore[attr-defined]  # it is one


async def test_one_message_shows_it(talk: Talk) -> None:
    screen = await growing(talk)
    answer_id = screen.answer.answer_id
    assert await talk.chats.shown_in(answer_id, 11)
    assert not await talk.chats.shown_in(answer_id, 12)
    assert (await talk.row(answer_id)).message_id == 11


async def shown_in(screen: Screen) -> int | None:
    row = await screen.talk.row(screen.answer.answer_id)
    return None if row.message_id is None else int(row.message_id)
