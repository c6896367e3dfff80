"""The time of the demo's shop: the sandbox's, which its page moves forward."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from services.clock import system_clock

log = structlog.get_logger()

WAIT_SECONDS = 50.0
ANSWER_SECONDS = WAIT_SECONDS + 10.0
PAUSE_SECONDS = 0.2
MAX_AHEAD = timedelta(days=365_000).total_seconds()


def kept_ahead(file: Path) -> float:
    """By how many seconds the last demo's time was ahead of ours; 0.0 where there is nothing to go by."""
    try:
        ahead = float(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0.0
    return ahead if 0 <= ahead < MAX_AHEAD else 0.0


class SandboxClock:
    """A shop's clock. `url`: the sandbox's for one bot. It never goes back, and writes down how far it is ahead before
    anybody lives by it: the next demo begins there, for what is in its database bears these times."""

    def __init__(self, url: str, file: Path) -> None:
        self._url = f"{url}/clock"
        self.file = file
        self._ahead = kept_ahead(file)

    def __call__(self) -> datetime:
        return system_clock() + timedelta(seconds=self._ahead)

    async def follow(self, moved: Callable[[], None]) -> None:
        """Until cancelled; `moved` is called when the time was."""
        import aiohttp  # the command that only starts processes does without

        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS)) as http:
            while True:
                try:
                    query = {"known": repr(self._ahead), "wait": repr(WAIT_SECONDS)}
                    async with http.get(self._url, params=query, raise_for_status=True) as answer:
                        ahead = float((await answer.json())["offset"])
                except (aiohttp.ClientError, TimeoutError) as error:
                    log.warning("sandbox_clock_unreachable", error=repr(error))
                    await asyncio.sleep(PAUSE_SECONDS)
                    continue
                if ahead > self._ahead:
                    await asyncio.to_thread(self._keep, ahead)
                    self._ahead = ahead
                    moved()

    def _keep(self, ahead: float) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(repr(ahead), encoding="ascii")
        new.replace(self.file)
