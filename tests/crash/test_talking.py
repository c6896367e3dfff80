"""Processes are killed at random moments while customers talk: every answer is told of, or paid back, and no message is
asked of the provider twice. `CRASH_KILLS` and `CRASH_SEED`: see `workers.py`."""

import random
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest

from bot.wiring.inference import RUNTIMES
from db.base import AnyRow
from db.engine import Database
from db.tables.chats import ChatMessage, FinishReason, MessageStatus, Sender
from db.tables.outbox import OutboxMessage
from sandbox.client.openai import OpenAIProvider
from sandbox.openai.server import MODEL
from sandbox.testing import new_world, running_sandbox
from services.billing.audit import run_audit
from services.clock import system_clock
from services.models.offers import Models
from tests.crash.workers import KILLS, SEED, KilledWorker, customer_with, finish_by, kill_one_after_another, rows_of
from tests.support.talk import MANIFEST, USUAL

CUSTOMERS = 8
PROCESS = "tests.crash.talking"


@pytest.mark.slow
async def test_killed_workers_ask_nothing_twice(database: Database, database_url: str, tmp_path: Path) -> None:
    print(f"CRASH_SEED={SEED} CRASH_KILLS={KILLS}")  # noqa: T201 - shown when it fails
    chance = random.Random(SEED)
    async with running_sandbox() as url, new_world(url) as sandbox:
        provider = sandbox.openai()
        await provider.change(pace=0.02)
        await _sell(database, tmp_path, provider.url)
        users = [await customer_with(database, 10_000_000) for _ in range(CUSTOMERS)]

        async def start(*customers: int) -> KilledWorker:
            return await KilledWorker(PROCESS).start(database_url, tmp_path, chance.getrandbits(32), *customers)

        sold = await kill_one_after_another(start, users, chance, within=1.5)
        await finish_by(await start(), lambda: all_ended(database), seconds=60 + 3 * KILLS)
        await _check(database, provider, sold)


async def _sell(database: Database, folder: Path, url: str) -> None:
    (folder / "sage").mkdir()
    terms = USUAL | {"parallel": CUSTOMERS, "max_answer": 128}
    manifest = MANIFEST.format(**terms).replace("http://127.0.0.1:9", url).replace("sage-1", MODEL)
    (folder / "sage" / "manifest.toml").write_text(manifest, encoding="utf-8")
    assert not await Models(database, system_clock, folder, RUNTIMES.specs).sync()


async def _check(database: Database, provider: OpenAIProvider, sold: set[str]) -> None:
    rows = {row.id: row for row in await rows_of(database, ChatMessage)}
    answers = [row for row in rows.values() if row.sender == Sender.ASSISTANT]
    assert sold <= {row.request_key for row in answers}, "a message that was taken is not there"
    calls = Counter(call["messages"][-1]["content"] for call in await provider.log())
    assert set(calls.values()) == {1}, "a message was asked twice"
    told = Counter(row.key for row in await rows_of(database, OutboxMessage))
    for answer in answers:
        _check_one(answer, rows[answer.reply_to].text, calls, told)
    report = await run_audit(database)
    assert report.ok, str(report)
    ends = Counter(f"{row.status} {row.finish or ''}".strip() for row in answers)
    print(f"{len(answers)} answers: {dict(ends)}; {calls.total()} calls")  # noqa: T201 - as above


def _check_one(answer: AnyRow, question: str, calls: Counter[str], told: Counter[str]) -> None:
    if answer.status == MessageStatus.CANCELED:  # joined with the next one, or stopped
        return
    assert told[f"answer:{UUID(str(answer.id))}"] == 1
    if answer.status == MessageStatus.FAILED:
        assert answer.error_code == "RunLost"
        return
    assert calls[question] == 1
    assert answer.text
    assert answer.finish in {FinishReason.STOP, FinishReason.STOPPED, FinishReason.CUT}
    assert answer.finish != FinishReason.STOP or question.split(maxsplit=1)[0] in answer.text


async def all_ended(database: Database) -> bool:
    open_ = {MessageStatus.QUEUED, MessageStatus.RUNNING}
    return not open_ & {row.status for row in await rows_of(database, ChatMessage)}
