"""A shop's process that is killed and started again."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
READY_WITHIN = 90.0  # seconds; on a crowded machine a start takes half a minute


class Victim:
    """`errors` are the lines that it logged as such; `arguments` are those of `tests.crash.shop`."""

    def __init__(self, environment: dict[str, str], *arguments: str) -> None:
        self._environment = environment
        self._arguments = arguments
        self.errors: list[str] = []
        self._started = asyncio.Event()

    async def start(self) -> None:
        self._started.clear()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.crash.shop", *self._arguments,
            env=self._environment, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        self._reader = asyncio.get_running_loop().create_task(self._read())

    @property
    def pid(self) -> int:
        return self._process.pid

    async def ready(self) -> None:
        """Once it has started. Raises AssertionError where it ended instead."""
        started = asyncio.get_running_loop().create_task(self._started.wait())
        await asyncio.wait({started, self._reader}, return_when=asyncio.FIRST_COMPLETED, timeout=READY_WITHIN)
        started.cancel()
        assert self._started.is_set(), f"it did not start: {self.errors}"

    async def kill(self) -> None:
        with suppress(ProcessLookupError):  # it ended by itself: `errors` and `ready` tell
            self._process.kill()
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            try:
                entry = json.loads(line)
            except ValueError:  # cut off in the middle, or a traceback
                self.errors += [line.decode().rstrip()] if line.endswith(b"\n") else []
                continue
            if entry["event"] == "started":
                self._started.set()
            if entry["level"] in ("error", "critical"):
                self.errors.append(line.decode().rstrip())


@asynccontextmanager
async def running_victim(environment: dict[str, str], *arguments: str) -> AsyncIterator[Victim]:
    victim = Victim(environment, *arguments)
    await victim.start()
    try:
        yield victim
    finally:
        await victim.kill()
