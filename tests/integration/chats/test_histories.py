"""Histories of conversations in any order: messages one upon another, changes of mind, answers that break at each
place, usage that is missing or wild, workers that die, answers that cannot be delivered. After every step the books are
right, and in the end every message has its answer or its credits back. `TALK_EXAMPLES=200` runs it longer."""

import asyncio
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from db.base import AnyRow
from db.engine import Database
from db.tables.chats import AiRequest, ChatMessage, FinishReason, MessageStatus, Sender
from services.chats.orders import MessageOrder
from services.chats.sessions import ChatSessionView
from services.errors import ShopError
from services.inference.chat import TokenUsage
from services.inference.errors import ContextTooLong, EmptyAnswer, ModelBroken, RunFailed, StreamCut
from services.notifications.kinds.chats import AnswerReady
from tests.support.clock import FakeClock
from tests.support.databases import PostgresServer, SqliteServer
from tests.support.talk import SAID, Talk, open_talk

EXAMPLES: Final = int(os.environ.get("TALK_EXAMPLES", "5"))
SENSIBLE: Final = TokenUsage(prompt=20, completion=10)
USAGES: Final = (SENSIBLE, None, TokenUsage(prompt=10**6, completion=10**6), TokenUsage(prompt=1, completion=1))
ENDS: Final[tuple[tuple[str | Exception, ...], ...]] = (
    (SAID,),
    ("Half ", SAID),
    ("Half ", StreamCut(problem="cut")),
    ("Half ", RunFailed(problem="429", retryable=True, retry_after=0.0)),
    (StreamCut(problem="cut"),),
    ("",),
    (EmptyAnswer(problem="nothing"),),
    (ModelBroken(problem="402"),),
    (RunFailed(problem="429", retryable=True, retry_after=0.0),),
    (RunFailed(problem="400"),),
    (ContextTooLong(problem="long"),),
    ("Half ", ZeroDivisionError()),
)
KINDS: Final = (
    *(
        "say",
        "say",
        "say",
        "say again",
        "again",
        "edit",
        "stop",
        "begin",
        "answer",
        "answer",
        "ends",
        "ends",
        "ends",
        "usage",
    ),
    *("hold", "go on", "work", "crash", "die", "pass", "lose delivery", "delete", "poor"),
)
Step = tuple[str, int]
STEPS: Final = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 10_000)), min_size=6, max_size=16)


@dataclass(slots=True, kw_only=True)
class TalkHistory:
    """What happens to two customers' conversations."""

    talk: Talk
    users: list[int]
    sessions: list[ChatSessionView] = field(default_factory=list)
    answers: list[UUID] = field(default_factory=list)
    keys: list[tuple[ChatSessionView, str]] = field(default_factory=list)
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def step(self, what: str, number: int) -> None:
        step: Callable[[int], Awaitable[None]] = getattr(self, "_" + what.replace(" ", "_"))
        with suppress(ShopError):  # not sold: then nothing was charged, which the audit proves
            await step(number)
        await self.talk.audit()

    async def _say(self, number: int) -> None:
        key = uuid4().hex
        session = await self._session(number)
        self.keys.append((session, key))
        sold = await self.talk.says(session, f"m{number} " * (1 + number % 40) + key, request_key=key)
        self.answers.append(sold.answer_id)

    async def _say_again(self, number: int) -> None:
        if self.keys:
            session, key = self.keys[number % len(self.keys)]
            await self.talk.says(session, "again", request_key=key)

    async def _again(self, number: int) -> None:
        if (row := await self._some(number)) is not None:
            order = MessageOrder(
                user_id=row.user_id, session_id=row.session_id, text="", request_key=f"again:{uuid4().hex}"
            )
            self.answers.append((await self.talk.chats.again(row.id, order)).answer_id)

    async def _edit(self, number: int) -> None:
        if (row := await self._some(number)) is not None:
            session = next(each for each in self.sessions if each.id == row.session_id)
            sold = await self.talk.says(session, f"edited {number} {uuid4().hex}", replaces=row.reply_to)
            self.answers.append(sold.answer_id)

    async def _stop(self, number: int) -> None:
        await self.talk.chats.stop(user_id=self.users[number % 2])

    async def _begin(self, number: int) -> None:
        self.sessions.append(await self.talk.begins(self.users[number % 2]))

    async def _answer(self, _number: int) -> None:
        await self._settle_tasks(cancel=False)
        if self.talk.sage.gate.is_set():
            await self.talk.answer_all()

    async def _ends(self, number: int) -> None:
        self.talk.sage.says = ENDS[number % len(ENDS)]
        self.talk.sage.finish = FinishReason.LENGTH if number % 3 else FinishReason.STOP
        await self._say(number)
        await self._answer(number)

    async def _usage(self, number: int) -> None:
        self.talk.sage.usage = USAGES[number % len(USAGES)]

    async def _hold(self, _number: int) -> None:
        self.talk.sage.gate.clear()

    async def _go_on(self, _number: int) -> None:
        self.talk.sage.gate.set()

    async def _work(self, _number: int) -> None:
        """In the background, while other things happen."""
        self.tasks.append(asyncio.get_running_loop().create_task(self.talk.answer_all()))
        await asyncio.sleep(0.02)

    async def _crash(self, _number: int) -> None:
        await self._settle_tasks(cancel=True)

    async def _die(self, number: int) -> None:
        """A worker, while it is answered: before its first word, or before its last one."""
        sage = self.talk.sage
        sage.says, held = ("Half ", SAID), sage.gate if number % 2 else sage.pause
        held.clear()
        with suppress(ShopError):
            await self._say(number)
        await self._work(number)
        await self._settle_tasks(cancel=True)
        held.set()
        self.talk.clock.advance(seconds=20)
        await self._answer(number)

    async def _pass(self, number: int) -> None:
        self.talk.clock.advance(seconds=number % 40)

    async def _lose_delivery(self, number: int) -> None:
        """Of the whole answer, or of what came after its first messages."""
        if (row := await self._some(number)) is not None:
            lost = AnswerReady(message_id=row.id)
            if number % 2:
                lost = replace(lost, part=1, shown=1 + number % 9, whole=10)
            await self.talk.gives_up(lost, row.user_id)

    async def _delete(self, number: int) -> None:
        if self.sessions:
            session = self.sessions[number % len(self.sessions)]
            await self.talk.sessions.delete(session.id, user_id=session.user_id)

    async def _poor(self, number: int) -> None:
        """A customer with credits for little."""
        self.users[number % 2] = await self.talk.customer(balance=number % 90)

    async def _session(self, number: int) -> ChatSessionView:
        mine = [each for each in self.sessions if each.user_id in self.users]
        if not mine or number % 7 == 0:
            await self._begin(number)
            return self.sessions[-1]
        return mine[number % len(mine)]

    async def _some(self, number: int) -> AnyRow | None:
        if not self.answers:
            return None
        return await self.talk.row(self.answers[number % len(self.answers)])

    async def _settle_tasks(self, *, cancel: bool) -> None:
        for task in self.tasks:
            if cancel or not self.talk.sage.gate.is_set():
                task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks.clear()

    async def end(self) -> None:
        """The dust settles: everything has ended, and nobody was asked for what had ended."""
        self.talk.sage.gate.set()
        self.talk.sage.says, self.talk.sage.usage = (SAID,), SENSIBLE
        await self._settle_tasks(cancel=True)
        for _ in range(20):
            self.talk.clock.advance(seconds=20)
            await self.talk.answer_all()
            if not await self.talk.rows(
                ChatMessage, ChatMessage.status.in_((MessageStatus.QUEUED, MessageStatus.RUNNING))
            ):
                break
        rows = await self.talk.rows(ChatMessage, ChatMessage.sender == Sender.ASSISTANT)
        assert all(row.status in {"succeeded", "failed", "canceled"} for row in rows)
        await self._nobody_was_asked_twice(rows)
        await self.talk.audit()

    async def _nobody_was_asked_twice(self, answers: Sequence[AnyRow]) -> None:
        """Each request is in the journal; no answer has another one once text has come, or its worker was lost."""
        requests = await self.talk.rows(AiRequest)
        assert len(self.talk.sage.asked) <= len(requests)
        begun = {request.message_id for request in requests}
        assert all(answer.attempts == 1 for answer in answers if answer.id in begun)
        questions = {row.id: row.text for row in await self.talk.rows(ChatMessage, ChatMessage.sender == Sender.USER)}
        to_give = Counter(questions[answer.reply_to] for answer in answers if answer.id in begun)
        given = Counter(request.turns[-1].text for request in self.talk.sage.heard)
        lost = to_give[None]  # what was deleted
        assert sum((given - to_give).values()) <= lost, "an answer that had come was asked for again"


async def _run(url: str, folder: Path, steps: list[Step]) -> None:
    clock, database = FakeClock(), Database(url)
    try:
        async with open_talk(database, clock, folder / uuid4().hex, free_answers=1, parallel=2) as talk:
            history = TalkHistory(talk=talk, users=[await talk.customer(30_000), await talk.customer(400)])
            for what, number in steps:
                await history.step(what, number)
            await history.end()
    finally:
        await database.close()


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
@settings(
    max_examples=EXAMPLES,
    phases=(Phase.explicit, Phase.generate),  # a failing history is told as it is: shrinking takes minutes
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_every_history_is_right(
    sqlite_server: SqliteServer, postgres_server: PostgresServer, tmp_path: Path, kind: str, steps: list[Step]
) -> None:
    server = sqlite_server if kind == "sqlite" else postgres_server
    url = server.create()
    try:
        asyncio.run(_run(url, tmp_path, steps))
    finally:
        server.give_back(url)
