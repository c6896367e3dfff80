"""The whole shop is killed at random moments while eight customers talk: every answer comes once or is paid back, and
no message is asked of the provider twice.

`TALK_KILLS` makes it longer, `CRASH_SEED` repeats what chance did (as far as a machine repeats its timing)."""

import asyncio
import os
import random
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientError

from db.base import AnyRow
from db.engine import Database
from db.tables.chats import AiRequest, ChatMessage, FinishReason, MessageStatus, Sender
from db.tables.outbox import OutboxMessage, OutboxStatus
from db.tables.users import User
from sandbox.client.openai import OpenAIProvider
from sandbox.client.person import Person
from sandbox.client.sandbox import SandboxError
from sandbox.testing import new_world, running_sandbox
from tests.conversations.test_talking import place_oracle
from tests.crash.ending import audit_exit_code, settled_all
from tests.crash.opening import busy, environment_of, open_database, were_here_last_week
from tests.crash.victim import Victim, running_victim
from tests.crash.workers import SEED, rows_of
from tests.support.ports import free_port
from tests.support.waiting import until

KILLS = int(os.environ.get("TALK_KILLS", "1"))
CUSTOMERS = 8
PATIENCE = 5.0  # seconds; then they say something else
UNDER_WAY = {MessageStatus.QUEUED, MessageStatus.RUNNING}


@pytest.mark.slow  # that an answer outlives its worker is quick in tests/integration/chats/test_poison.py
@pytest.mark.parametrize("server", ["sqlite_server", "postgres_server"])
async def test_killed_shops_answer_once(request: pytest.FixtureRequest, server: str, tmp_path: Path) -> None:
    print(f"CRASH_SEED={SEED} TALK_KILLS={KILLS}")  # noqa: T201 - shown when it fails
    chance, shop_url = random.Random(SEED), request.getfixturevalue(server).create()
    async with running_sandbox() as url, new_world(url) as sandbox, open_database(shop_url) as database:
        provider, yookassa = sandbox.openai(), await sandbox.shop()
        await provider.change(pace=0.02)
        place_oracle(tmp_path, provider.url, free_answers="1")
        people = [await sandbox.person(f"Анна {number}") for number in range(CUSTOMERS)]
        await were_here_last_week(database, people)
        environment = environment_of(sandbox, yookassa, shop_url, free_port())
        environment |= {"MODELS_DIR": str(tmp_path), "CHAT_MESSAGES_A_MINUTE": "1000"}
        async with running_victim(environment) as victim:
            await victim.ready()
            async with busy(_talks(each, chance) for each in people):
                for _ in range(KILLS):
                    await _at_some_moment(victim, provider, chance)
                    await victim.kill()
                    await victim.start()
                await victim.ready()
                await until(lambda: _one_was_whole(database), seconds=60)
            await until(lambda: _all_ended(database), seconds=60 + 3 * KILLS)
            await settled_all(database, yookassa, seconds=60 + 6 * KILLS)
            await _check(database, provider, people)
        assert victim.errors == []
    assert await audit_exit_code(environment) == 0


async def _talks(person: Person, chance: random.Random) -> None:
    """Until cancelled. Each text is said once in the world, some before the answer to the one before is there."""
    while True:
        with suppress(AssertionError, SandboxError, ClientError):  # the shop is dead
            await person.says("/chat")
            await person.presses("Оракул песочницы", within=PATIENCE)
            await person.sees("✍️", within=PATIENCE)
            break
    number = 0
    while True:
        number += 1
        with suppress(AssertionError, SandboxError, ClientError):
            word = f"слово-{person.id}-{number}."
            await person.says(word)
            if chance.random() < 0.2:
                await asyncio.sleep(chance.uniform(0, 0.5))
                await person.says("/stop")
            elif chance.random() < 0.8:
                await person.sees(word, within=PATIENCE)
        await asyncio.sleep(chance.uniform(0, 0.5))


async def _at_some_moment(victim: Victim, provider: OpenAIProvider, chance: random.Random) -> None:
    """Any moment, its start included; or, more often, while answers are given or have just ended."""
    if chance.random() < 0.1:
        await asyncio.sleep(chance.uniform(0, 2))
        return
    await victim.ready()
    enough = len(await provider.log()) + chance.randint(2, 2 * CUSTOMERS)
    with suppress(AssertionError):  # credits are spent
        await until(lambda: _was_asked(provider, enough), seconds=20)
    await asyncio.sleep(chance.choice([0, 0.005, 0.02, 0.1, 0.5, 1.0]))


async def _was_asked(provider: OpenAIProvider, times: int) -> bool:
    return len(await provider.log()) >= times


async def _one_was_whole(database: Database) -> bool:
    return any(row.finish == FinishReason.STOP for row in await rows_of(database, ChatMessage))


async def _all_ended(database: Database) -> bool:
    return not UNDER_WAY & {row.status for row in await rows_of(database, ChatMessage)}


async def _check(database: Database, provider: OpenAIProvider, people: list[Person]) -> None:
    rows = {row.id: row for row in await rows_of(database, ChatMessage)}
    answers = [row for row in rows.values() if row.sender == Sender.ASSISTANT]
    calls = Counter(call["messages"][-1]["content"] for call in await provider.log())
    assert set(calls.values()) == {1}, f"asked more than once: {calls.most_common(3)}"
    assert calls.total() <= len(await rows_of(database, AiRequest)), "a call is not in the journal"
    news = {row.key: row for row in await rows_of(database, OutboxMessage)}
    users = {row.id: row.telegram_id for row in await rows_of(database, User)}
    chats = {each.id: [m.text for m in await each.looks() if m.from_bot] for each in people}
    for answer in answers:
        told = news.get(f"answer:{answer.id}")
        if answer.status == MessageStatus.CANCELED:  # joined with the next one, or stopped
            continue
        assert told is not None
        assert told.status == OutboxStatus.SENT
        _check_one(answer, rows[answer.reply_to].text, told, chats[users[answer.user_id]])
    ends = Counter(f"{row.status} {row.finish or ''}".strip() for row in answers)
    print(f"{len(answers)} answers: {dict(ends)}; {calls.total()} calls")  # noqa: T201 - as above
    assert ends[f"{MessageStatus.SUCCEEDED} {FinishReason.STOP}"]


def _check_one(answer: AnyRow, question: str, told: AnyRow, chat: list[str]) -> None:
    """A message that was on its way when its sender died may have arrived, and is sent again."""
    if answer.status == MessageStatus.FAILED:
        assert answer.error_code == "RunLost"
        assert answer.price == 0
        return
    if answer.finish == FinishReason.STOP:
        shown = sum(f"«{' '.join(question.split())}»" in text for text in chat)
        assert 1 <= shown <= told.attempts, f"{question} was answered {shown} times"
