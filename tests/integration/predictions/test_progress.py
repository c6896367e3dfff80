"""What the chat's message says while a prediction waits and runs, and that the answer has the last word."""

import asyncio
from contextlib import AsyncExitStack
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from handlers.predictions import progress
from handlers.predictions.progress import EDITS, LEAD_SECONDS, ProgressBoard
from handlers.telegram.delivery import Delivery, Present, Rendered
from handlers.telegram.screen import Screen
from i18n.translator import Catalogues, Translator
from services.coordination.memory import MemoryCoordination
from services.notifications.message_ref import MessageRef, message_of
from services.notifications.notification import Notification
from services.predictions import claims as queue
from services.users.accounts import Users
from tests.support.counter import Counter
from tests.support.waiting import until
from tests.support.wire import Wire, bot_on

ANSWER = "the answer"


class Stage:
    """A counter with a chat at the end of the wire."""

    def __init__(self, counter: Counter, wire: Wire) -> None:
        users, catalogues = Users(counter.db, counter.clock, welcome_credits=0), Catalogues(default="en")
        bot = bot_on(wire)
        self.counter, self.wire = counter, wire
        shown: dict[str, Present] = {"prediction": self._present}
        self.time = 0.0
        memory = MemoryCoordination(lambda: self.time)
        self.post = Delivery(bot, counter.outbox, users, catalogues, shown, coordination=memory)
        self.memory = memory
        self.board, self.other_board = self._board("one"), self._board("other")

    def _board(self, process: str) -> ProgressBoard:
        return ProgressBoard(
            bot_on(self.wire),
            self.post,
            history=self.counter.history,
            predictions=self.counter.predictions,
            users=Users(self.counter.db, self.counter.clock, welcome_credits=0),
            catalogues=Catalogues(default="en"),
            clock=self.counter.clock,
            leads=partial(self.memory.claim, "progress", process, seconds=LEAD_SECONDS),
        )

    async def _present(self, notification: Notification, tr: Translator) -> Rendered:
        view = await self.counter.history.get(UUID(notification.payload["prediction_id"]), user_id=notification.user_id)
        return Rendered(screen=Screen(text=ANSWER), into=message_of(view.shown_in))

    async def buy(self, chat: int) -> UUID:
        user = await self.counter.customer(telegram_id=chat)
        return (await self.counter.buy(user, shown_in=MessageRef(chat_id=chat, message_id=7))).prediction_id

    def seen(self, chat: int) -> list[str]:
        return [text for where, text in self.wire.told if where == chat]

    async def answer(self) -> None:
        """Run what waits and tell it."""
        await self.counter.worker().run_waiting()
        async with asyncio.TaskGroup() as notifications:
            await self.post.send_due(notifications)

    async def claim(self, number: int = 1) -> None:
        now = self.counter.clock()
        facts: dict[str, Any] = {"now": now, "lease_until": now, "worker": "w"}
        await self.counter.db.write(queue.claim, model_slug="wine", limit=number, **facts)


@pytest.fixture
async def stage(sqlite_counter: Counter) -> Stage:
    return Stage(sqlite_counter, Wire())


async def test_the_place_in_the_queue_then_the_run(stage: Stage) -> None:
    for chat in (1, 2, 3):
        await stage.buy(chat)
        stage.counter.clock.advance(seconds=1)
    await stage.board.refresh()
    assert stage.seen(3) == []  # bought a second ago: it may be answered at once
    stage.counter.clock.advance(seconds=2)
    await stage.board.refresh()
    assert stage.seen(1) == ["⏳ Ваша очередь следующая…"]
    assert "3" in stage.seen(3)[0]
    await stage.claim()
    await stage.board.refresh()
    assert stage.seen(1)[1:] == ["⚙️ Модель считает…"]
    assert stage.seen(2)[1:] == ["⏳ Ваша очередь следующая…"]
    told = len(stage.wire.calls)
    await stage.board.refresh()
    assert len(stage.wire.calls) == told  # nothing new is not told again


async def test_of_two_processes_one_edits(stage: Stage) -> None:
    """And when it is gone the other does."""
    await stage.buy(1)
    stage.counter.clock.advance(seconds=5)
    for board in (stage.board, stage.other_board):
        await board.refresh()
    assert len(stage.seen(1)) == 1
    await stage.claim()
    await stage.other_board.refresh()
    assert len(stage.seen(1)) == 1
    stage.time += LEAD_SECONDS
    await stage.other_board.refresh()
    await stage.board.refresh()
    assert stage.seen(1)[1:] == ["⚙️ Модель считает…"]


async def test_a_late_progress_never_covers_the_answer(stage: Stage) -> None:
    """The board has seen the row unfinished; before it gets to the message, the answer is there."""
    await stage.buy(1)
    stage.counter.clock.advance(seconds=5)
    async with stage.post.messages.hold(1):
        refreshing = asyncio.get_running_loop().create_task(stage.board.refresh())
        await asyncio.sleep(0.05)
        await stage.counter.worker().run_waiting()
    await refreshing
    assert stage.seen(1) == []
    await stage.answer()
    await stage.board.refresh()
    assert stage.seen(1) == [ANSWER]


async def test_an_answer_waits_for_progress_that_is_being_sent(stage: Stage) -> None:
    await stage.buy(1)
    stage.counter.clock.advance(seconds=5)
    gate = stage.wire.gate = asyncio.Event()
    refreshing = asyncio.get_running_loop().create_task(stage.board.refresh())
    await stage.wire.called.wait()
    answering = asyncio.get_running_loop().create_task(stage.answer())
    await asyncio.sleep(0.1)
    assert len(stage.wire.calls) == 1
    gate.set()
    await asyncio.gather(refreshing, answering)
    assert stage.seen(1)[-1] == ANSWER


async def test_two_chats_may_have_messages_of_one_number(stage: Stage) -> None:
    await stage.buy(1)
    await stage.buy(2)
    stage.counter.clock.advance(seconds=5)
    await stage.board.refresh()
    assert len(stage.seen(1)) == len(stage.seen(2)) == 1


@pytest.mark.parametrize("refusal", [(403, "Forbidden: bot was blocked by the user"), (429, "Too Many Requests", 9)])
async def test_who_cannot_be_told_holds_up_nobody(stage: Stage, refusal: tuple[Any, ...]) -> None:
    await stage.buy(1)
    await stage.buy(2)
    stage.wire.refusals[1].append(refusal)
    stage.counter.clock.advance(seconds=5)
    await stage.board.refresh()
    assert len(stage.seen(2)) == 1


@pytest.mark.parametrize("busy", [True, False])
async def test_a_chat_that_is_busy_or_never_answered_holds_up_nobody(stage: Stage, *, busy: bool) -> None:
    for chat in (1, 2, 3):
        await stage.buy(chat)
    stage.counter.clock.advance(seconds=5)
    async with AsyncExitStack() as held:
        if busy:
            await held.enter_async_context(stage.post.messages.hold(1))
        else:
            stage.wire.silent.add(1)
        refreshing = asyncio.get_running_loop().create_task(stage.board.refresh())
        await until(partial(_seen_in, stage, {2, 3}))
    refreshing.cancel()
    await asyncio.wait([refreshing])


async def test_a_round_ends_where_nobody_answers(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EDIT_SECONDS", 0.05)
    await stage.buy(1)
    stage.counter.clock.advance(seconds=5)
    stage.wire.silent.add(1)
    await asyncio.wait_for(stage.board.refresh(), timeout=5)


async def _seen_in(stage: Stage, chats: set[int]) -> bool:
    return all(stage.seen(chat) for chat in chats)


async def test_a_long_queue_leaves_room_for_answers(stage: Stage) -> None:
    """Everybody is told in turn, a few a round."""
    for chat in range(1, EDITS + 6):
        await stage.buy(chat)
    stage.counter.clock.advance(seconds=5)
    await stage.board.refresh()
    assert len(stage.wire.calls) == EDITS
    await stage.board.refresh()
    assert len({chat for chat, _ in stage.wire.told}) == EDITS + 5
