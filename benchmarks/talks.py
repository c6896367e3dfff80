"""Conversations: answers a second with a provider that answers at once, against paid predictions; the time until the
first word, against the bare SDK; and, of `streams`, 500 at once."""

import asyncio
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import uvloop

from benchmarks.assistant_shop import Shop, instant
from benchmarks.finding import Finding, ratio_finding, rounds
from benchmarks.sales import CUSTOMERS, sell
from benchmarks.streams import many_streams
from bot.wiring.inference import RUNTIMES
from sandbox.testing import new_world, running_sandbox
from services.chats.sessions import ChatSessionView

MESSAGES = 1_280  # a round
FIRST_WORDS = 30


def measure() -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        numbers = itertools.count()
        ours, limit = rounds(
            lambda: uvloop.run(_answers(Path(folder) / f"talk{next(numbers)}")),
            lambda: uvloop.run(sell(Path(folder) / f"shop{next(numbers)}.db")),
            count=3,
        )
        first = uvloop.run(_first_words(Path(folder) / "first"))
        many = uvloop.run(many_streams(Path(folder) / "many"))
    name = f"Answers of an assistant, said to settled, {CUSTOMERS} customers, against paid predictions"
    return [ratio_finding(name, ours, limit, unit="a second", target=0.5, counts=False), first, *many]


async def _answers(folder: Path) -> float:
    shop = Shop(folder, instant())
    sessions = await shop.customers(CUSTOMERS)

    async def talk(session: ChatSessionView, count: int) -> None:
        for number in range(count):
            if number % 5 == 0:  # a history as people have it, not one without an end
                session = await shop.sessions.start(user_id=session.user_id, model_slug=session.model_slug)
            await shop.say(session)

    async with asyncio.TaskGroup() as tasks:
        worker = tasks.create_task(shop.worker.run())
        await asyncio.gather(*(talk(each, 1) for each in sessions))
        started = time.perf_counter()
        await asyncio.gather(*(talk(each, MESSAGES // CUSTOMERS) for each in sessions))
        elapsed = time.perf_counter() - started
        worker.cancel()
    await shop.close()
    return MESSAGES / elapsed


async def _first_words(folder: Path) -> Finding:
    """Milliseconds from a message to the first word of its answer, through the shop and by the SDK alone."""
    async with running_sandbox() as address, new_world(address) as sandbox:
        url = sandbox.openai().url
        shop = Shop(folder, RUNTIMES, url)
        (session,) = await shop.customers(1)
        bare, ours = _bare(url), []
        async with asyncio.TaskGroup() as tasks:
            worker = tasks.create_task(shop.worker.run())
            alone = []
            for _ in range(FIRST_WORDS):
                alone.append(await bare())
                begun = time.perf_counter()
                ours.append((shop.said[await shop.say(session)] - begun) * 1000)
                session = await shop.sessions.start(user_id=session.user_id, model_slug=session.model_slug)
            worker.cancel()
        await shop.close()
    added = statistics.median(ours) - statistics.median(alone)
    return Finding(
        name="First word of an answer, against the bare SDK",
        ours=f"{statistics.median(ours):.1f} ms",
        limit=f"{statistics.median(alone):.1f} ms",
        result=f"+{added:.1f} ms",
        target="< +20 ms",
        met=added < 20,
    )


def _bare(url: str) -> Callable[[], "asyncio.Future[float]"]:
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=url, api_key="none", max_retries=0)

    async def ask() -> float:
        begun = time.perf_counter()
        stream = await client.chat.completions.create(
            model="sandbox-chat-1",
            messages=[{"role": "user", "content": "Why is it so?"}],
            stream=True,
            max_tokens=1024,
        )
        async for chunk in stream:
            if chunk.choices and chunk.choices[0].delta.content:
                first = (time.perf_counter() - begun) * 1000
                break
        await stream.close()
        return first

    return ask  # type: ignore[return-value]  # an async function
