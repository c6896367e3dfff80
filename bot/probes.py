"""What is looked at to say whether a part of the process can serve: each answers `ok` or what is wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from bot.supervisor import Supervisor
from db.engine import Database
from db.errors import DatabaseUnavailable
from services import heartbeats
from services.clock import Clock
from web.kit.rate_limits import Cached

if TYPE_CHECKING:
    from bot.scheduler import LastRuns

Probe = Callable[[], Awaitable[str]]

OK: Final = "ok"
FRESH_SECONDS = 5.0  # for so long an answer is not asked for again
PATIENCE_SECONDS = 3.0
STILL_SECONDS = 60.0  # a loop that comes round every second


def _cached(probe: Probe) -> Probe:
    """One that costs something: asked once in a while, by one at a time, and not for long."""

    async def ask() -> str:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await probe()
        except TimeoutError:
            return f"no answer within {PATIENCE_SECONDS:g} s"
        except DatabaseUnavailable as error:
            return (str(error).splitlines() or ["away"])[0][:200]

    return Cached(ask, seconds=FRESH_SECONDS)


def can_write(db: Database, clock: Clock) -> Probe:
    """Whether a byte can be written: a full or read-only disk still reads well."""

    async def probe() -> str:
        await db.write(heartbeats.note, (), clock())
        return OK

    return _cached(probe)


def answers(ping: Callable[[], Awaitable[None]]) -> Probe:
    """`ping` raises `DatabaseUnavailable`."""

    async def probe() -> str:
        await ping()
        return OK

    return _cached(probe)


def jobs_of(runs: "LastRuns") -> Probe:
    """The jobs of this process."""

    async def probe() -> str:
        return _late(runs.standing_still())

    return probe


def jobs_elsewhere(db: Database, clock: Clock) -> Probe:
    """The jobs around money of a process elsewhere, by their signs of life. One that starts together with this one gets
    its time; one that never comes is missed, too."""
    begun = clock()

    async def probe() -> str:
        done: Mapping[str, datetime] = await db.read(heartbeats.last_done)
        seen = {heartbeats.EXPIRE_LOTS: begun} | {name: max(at, begun) for name, at in done.items()}
        ages = heartbeats.late(seen, clock())
        return _late({name: age.total_seconds() for name, age in ages.items()})

    return _cached(probe)


def tasks_of(supervisor: Supervisor, rounds: Mapping[str, Callable[[], float | None]]) -> Probe:
    """What crashes again and again, and loops that do not come round; `rounds`: the loop time when each last did."""

    async def probe() -> str:
        now = asyncio.get_running_loop().time()
        ages = {name: now - at for name, last in rounds.items() if (at := last()) is not None}
        still = {name: age for name, age in ages.items() if age > STILL_SECONDS}
        down = sorted(supervisor.down)
        return f"crashed, to be started again: {', '.join(down)}" if down else _late(still)

    return probe


def _late(ages: Mapping[str, float]) -> str:
    words = [f"{name} for {timedelta(seconds=round(age))}" for name, age in sorted(ages.items())]
    return f"standing still: {', '.join(words)}" if words else OK
