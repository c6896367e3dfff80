"""Strangers without a credit send files that are small on the wire and large or slow to read, all at once: the shop's
memory stays within bounds and comes back, everybody gets an answer, and who only asks for the balance waits for nobody.

`HOSTILE=12` takes every kind, that many at once of each; otherwise three of those that hurt most."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

import pytest

from sandbox.client.person import Person
from sandbox.testing import new_world, sandbox_process
from tests.conversations.shopping import opens_form
from tests.crash.opening import environment_of
from tests.crash.victim import Victim, running_victim
from tests.support.databases import SqliteServer
from tests.support.hostile import PICTURES, TABLES
from tests.support.memory import resident
from tests.support.ports import free_port
from tests.support.waiting import until

EVERYTHING = "HOSTILE" in os.environ
COPIES = int(os.environ.get("HOSTILE", "3"))
SENT: tuple[tuple[str, str, Mapping[str, Callable[[], bytes]]], ...] = (
    ("digit", "digit.png", PICTURES),
    ("investment-risk", "prices.csv", TABLES),
)
WORST = {"RGBA", "1e999"}
MEGABYTES = 150  # over an idle shop
KEPT = 60  # of them, when it is over
SECONDS = 1.0  # for a balance
ANSWER = re.compile(r"⚠️|🔮|Баланс")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process and its children hold")


@pytest.mark.slow
async def test_hostile_files(sqlite_server: SqliteServer) -> None:
    async with sandbox_process() as url, new_world(url) as sandbox:
        yookassa = await sandbox.shop(webhook_url="http://127.0.0.1:9/webhooks/yookassa")
        environment = environment_of(sandbox, yookassa, sqlite_server.create(), free_port())
        async with running_victim(environment) as victim:
            await victim.ready()
            strangers = [await sandbox.person(f"Чужой {number}") for number in range(COPIES)]
            bystander, idler = await sandbox.person("Анна"), await sandbox.person("Борис")
            await opens_form(idler, "investment-risk")  # the process that draws charts comes with it, and stays
            await bystander.says("/start")
            idle = await _steady(victim)
            worse = []
            for slug, name, kinds in SENT:
                for stranger in strangers:
                    await opens_form(stranger, slug)
                for kind in kinds if EVERYTHING else sorted(WORST & kinds.keys()):
                    data = kinds[kind]()
                    async with _watched(victim, bystander, idler) as seen:
                        await asyncio.gather(*(_tries(stranger, name, data) for stranger in strangers))
                    more, waited, late = max(seen.memory) - idle, max(seen.waits), max(seen.late)
                    print(f"{kind}: {more} MB over {idle}, a balance in {waited:.2f} s, late {late:.2f}")  # noqa: T201
                    if more > MEGABYTES or waited - late > SECONDS:
                        worse.append(kind)
            assert not worse
            await until(lambda: _at_most(victim, idle + KEPT))
            assert victim.errors == []


class Seen:
    """`late`: how long a look into a chat took that the shop has no part in: the sandbox is busy too."""

    def __init__(self) -> None:
        self.memory: list[int] = []
        self.waits: list[float] = []
        self.late: list[float] = []


@asynccontextmanager
async def _watched(victim: Victim, bystander: Person, idler: Person) -> AsyncIterator[Seen]:
    seen, loop = Seen(), asyncio.get_running_loop()

    async def look() -> None:
        while True:
            seen.memory.append(await asyncio.to_thread(resident, victim.pid))
            begun = loop.time()
            await idler.looks()
            seen.late.append(loop.time() - begun)
            await asyncio.sleep(0.02)

    async def ask() -> None:
        while True:
            begun = loop.time()
            await bystander.says("/balance")
            await bystander.sees("Баланс")
            seen.waits.append(loop.time() - begun)
            await asyncio.sleep(0.2)

    tasks = [loop.create_task(look()), loop.create_task(ask())]
    try:
        yield seen
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tries(stranger: Person, name: str, data: bytes) -> None:
    await stranger.sends_file(name, data)
    await stranger.sees(ANSWER, within=120)


async def _steady(victim: Victim) -> int:
    """What the shop holds once it has nothing to do."""
    last: list[int] = []

    async def same() -> bool:
        last.append(resident(victim.pid))
        return len(last) > 300 and max(last[-300:]) - min(last[-300:]) < 2

    await until(same, seconds=30)
    return last[-1]


async def _at_most(victim: Victim, megabytes: int) -> bool:
    return resident(victim.pid) <= megabytes
