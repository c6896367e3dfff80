"""Processes of one part each, that sell and work, are killed and followed by others.

`CRASH_KILLS` makes tests of them longer, `CRASH_SEED` repeats what chance did (as far as a machine repeats its
timing)."""

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable

from sqlalchemy import select

from db.base import AnyRow, Base, table_of
from db.engine import Database
from db.tables.billing import TransactionKind
from services.billing import ledger
from services.clock import system_clock
from tests.crash.victim import ROOT
from tests.support.shop import add_user
from tests.support.waiting import until

KILLS = int(os.environ.get("CRASH_KILLS", "3"))
SEED = int(os.environ.get("CRASH_SEED", random.randrange(2**32)))


class KilledWorker:
    """A process, and what it said it had sold. `module`: what runs in it."""

    def __init__(self, module: str = "tests.crash.process") -> None:
        self._module = module
        self.sold: set[str] = set()
        self.ready = asyncio.Event()

    async def start(self, *arguments: object) -> "KilledWorker":
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", self._module, *map(str, arguments),
            stdout=asyncio.subprocess.PIPE, stderr=None, cwd=ROOT,
        )  # fmt: skip
        self._reader = asyncio.get_running_loop().create_task(self._read())
        return self

    async def kill(self) -> None:
        self._process.kill()
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            word, _, key = line.decode().rstrip().partition(" ")  # of its log, anything
            if word == "ready":
                self.ready.set()
            elif word == "sold" and line.endswith(b"\n"):  # cut off in the middle it says nothing
                self.sold.add(key)


async def kill_one_after_another(
    start: Callable[..., Awaitable[KilledWorker]], users: list[int], chance: random.Random, *, within: float
) -> set[str]:
    """Two at a time; each sells to `users` and lives for up to `within` seconds. Returns what they said they had
    sold."""
    alive, dead = [await start(*users), await start(*users)], []
    for _ in range(KILLS):
        victim = alive.pop(chance.randrange(len(alive)))
        if chance.random() < 0.8:  # or in the middle of its start
            await victim.ready.wait()
        await asyncio.sleep(chance.uniform(0, within))
        await victim.kill()
        dead.append(victim)
        alive.append(await start(*users))
    await asyncio.gather(*(victim.ready.wait() for victim in alive))  # else a busy machine has nobody do anything
    await asyncio.sleep(within)
    for victim in alive:
        await victim.kill()
    return set().union(*(victim.sold for victim in [*alive, *dead]))


async def finish_by(last: KilledWorker, ended: Callable[[], Awaitable[bool]], *, seconds: float) -> None:
    """The last one sells nothing, and ends what the others left."""
    try:
        await until(ended, seconds=seconds)
    finally:
        await last.kill()


async def customer_with(database: Database, amount: int) -> int:
    user: int = await database.write(add_user)
    kind = TransactionKind.GRANT
    await database.write(ledger.grant, user_id=user, amount=amount, kind=kind, key=f"grant:{user}", now=system_clock())
    return user


async def rows_of(database: Database, mapped: type[Base]) -> list[AnyRow]:
    query = select(table_of(mapped))
    return await database.read(lambda session: list(session.execute(query)))
