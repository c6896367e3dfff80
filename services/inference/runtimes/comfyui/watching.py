"""A job at the server until it ends. What `/queue` and `/history` say is the truth; the socket only tells of steps, and
makes us look at once: it may fall silent for good."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import aiohttp

from services.inference.runtimes.comfyui.client import ComfyUIClient
from services.inference.runtimes.comfyui.workflow import Json
from services.inference.tensors import Row, RunProgress

EVERY_SECONDS: Final = 1.0
QUICK_SECONDS: Final = 0.1
"""Before the second look: a small job has ended by then."""
AGAIN_SECONDS: Final = 5.0
"""Before a socket that closed is opened anew."""
_SHOWN: Final = 99
"""Per cent at most, until the picture is here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """Ended with an `entry` of the history, `running`, waiting behind `ahead` others, or none of these: the server does
    not know it. `runs` is the id of what runs there now."""

    entry: Json | None = None
    running: bool = False
    ahead: int | None = None
    runs: str | None = None

    @property
    def known(self) -> bool:
        return self.entry is not None or self.running or self.ahead is not None


async def look(client: ComfyUIClient, job: UUID) -> JobState:
    """The queue first: what leaves it is in the history at the same moment."""
    running, waiting = await client.queue()
    runs = running[0] if running else None
    if str(job) in running:
        return JobState(running=True, runs=runs)
    if str(job) in waiting:
        return JobState(ahead=waiting.index(str(job)) + len(running), runs=runs)
    return JobState(entry=await client.history(job), runs=runs)


@dataclass(slots=True, kw_only=True)
class Watcher:
    """`steps`: that the workflow is known to make, 0 where it does not say."""

    client: ComfyUIClient
    job: UUID
    row: Row
    steps: int
    every: float = EVERY_SECONDS
    state: JobState = JobState()
    moves: int = 0
    """How often another job, ours or anybody's, began or ended there while we looked."""
    _done: dict[str, tuple[int, int]] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def until_ended(self) -> JobState:
        """Ended, or not known any more. Raises ServerAway."""
        listener = asyncio.get_running_loop().create_task(self._listen(), name=f"comfyui-socket-{self.job}")
        try:
            pause = min(QUICK_SECONDS, self.every)
            while await self._goes_on():
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._news.wait()
                self._news.clear()
                pause = min(pause * 1.5, self.every)
        finally:
            listener.cancel()
            await asyncio.wait([listener])
        return self.state

    async def _goes_on(self) -> bool:
        state = await look(self.client, self.job)
        self.moves += self.state.known and state.runs != self.state.runs
        self.state = state
        if state.ahead is not None:
            self.row.report(RunProgress(ahead=state.ahead))
        elif state.running:
            self.row.report(RunProgress(percent=self._percent))
        return state.running or state.ahead is not None

    @property
    def _percent(self) -> int:
        made = sum(value for value, _ in self._done.values())
        most = max(self.steps, sum(most for _, most in self._done.values()))
        return min(_SHOWN, 100 * made // most) if most else 0

    async def _listen(self) -> None:
        while True:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                async with self.client.socket(self.job) as socket:
                    async for message in socket:
                        if message.type is aiohttp.WSMsgType.TEXT:
                            self._heard(message.data)
            await asyncio.sleep(AGAIN_SECONDS)

    def _heard(self, text: str) -> None:
        with suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
            message = json.loads(text)
            kind, data = message["type"], message["data"]
            if data.get("prompt_id") != str(self.job):
                return
            if kind == "progress" and int(data["max"]) > 1:
                self._done[str(data["node"])] = (int(data["value"]), int(data["max"]))
                self.row.report(RunProgress(percent=self._percent))
            elif kind in ("execution_start", "execution_error", "execution_interrupted") or (
                kind == "executing" and data.get("node") is None
            ):
                self._news.set()
