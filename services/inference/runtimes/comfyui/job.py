"""One job's life at the server: found or started, watched, fetched; stopped when its time is over."""

import asyncio
import hashlib
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from services.inference.errors import BadInput, InferenceError, RunFailed, RunTimeout, ServerAway
from services.inference.runtimes.comfyui import outcomes
from services.inference.runtimes.comfyui.client import ComfyUIClient, FileGone, PromptRefused
from services.inference.runtimes.comfyui.graph import FOLDER, BoundWorkflow
from services.inference.runtimes.comfyui.watching import JobState, Watcher, look
from services.inference.runtimes.comfyui.workflow import Json
from services.inference.runtimes.pictures import suffix_of, written_anew
from services.inference.tensors import Result, Row

log = structlog.get_logger()

TRIES: Final = 2
"""Of a job whose file is gone when it has ended: it is painted once more."""
STOP_SECONDS: Final = 3.0
"""That a worker takes to stop between two steps; one that is alive takes a fifth of a second."""
STOP_PAUSE: Final = 0.1
UNWANTED_SECONDS: Final = 1.0
LEFT: Final = 5.0
"""Seconds before the run's time is over that are kept to stop the job."""


class WorkerStuck(Exception):
    """The server's worker does not move: the job `runs` has been running for too long."""

    def __init__(self, runs: str) -> None:
        super().__init__(runs)
        self.runs = runs


@dataclass(slots=True, kw_only=True)
class ComfyUIJob:
    """`seconds`: for all of it. `is_wanted` until its customer cancels it."""

    client: ComfyUIClient
    bound: BoundWorkflow
    id: UUID
    row: Row
    seconds: float
    every: float
    is_wanted: bool = True

    async def run(self) -> Result:
        """Raises WorkerStuck, and errors of the three kinds."""
        deadline = asyncio.get_running_loop().time() + self.seconds - min(LEFT, self.seconds / 4)
        known = await self._known()
        for _ in range(TRIES):
            if not known:
                await self._start()
            entry = await self._ended(deadline)
            try:
                return await self._result(entry)
            except FileGone:
                log.warning("comfyui_file_gone", job=str(self.id))
                await self.client.forget(self.id)
                known = False
        raise RunFailed(problem="the server does not have the picture that it tells of", retryable=True)

    async def _known(self) -> bool:
        """Whether somebody has started the job before us and it goes on, or went well."""
        state = await look(self.client, self.id)
        if state.entry is None:
            return state.known
        if outcomes.succeeded(state.entry) and outcomes.is_of(state.entry, self.id):
            return True
        await self.client.forget(self.id)
        return False

    async def _start(self) -> None:
        uploaded = {name: await self._upload(name) for name in self.bound.pictures}
        if not self.is_wanted:
            await self._taken_back()
        errors = await self._posted(self._prompt(uploaded))
        if not self.is_wanted:
            await self.client.cancel(self.id)
        if errors and not outcomes.unneeded(errors, self.bound):
            await self.client.cancel(self.id)
            raise outcomes.refusal(PromptRefused({"node_errors": errors}), self.bound)

    async def _upload(self, name: str) -> str:
        content = self.row.files.get(name)
        if content is None:
            raise BadInput(name=self.bound.labels[name])
        file = f"{hashlib.sha256(content).hexdigest()[:32]}.{suffix_of(content)}"
        return await self.client.upload(file, content, folder=FOLDER)

    def _prompt(self, uploaded: dict[str, str]) -> Json:
        prefix = f"{FOLDER}/{self.id.hex}-{secrets.token_hex(4)}"  # a name that is no cached one
        return self.bound.prompt(self.row, uploaded=uploaded, job=self.id, prefix=prefix)

    async def _posted(self, prompt: Json) -> Json:
        """Errors of some outputs' nodes."""
        try:
            return await self.client.post(prompt, job=self.id)
        except asyncio.CancelledError:
            if not self.is_wanted:  # it may have been taken all the same
                with suppress(InferenceError):
                    await self.client.cancel(self.id)
            raise
        except PromptRefused as refused:
            raise outcomes.refusal(refused, self.bound) from refused
        except (ServerAway, RunFailed):
            if not (await look(self.client, self.id)).known:
                raise
            return {}  # only the answer was lost

    async def _ended(self, deadline: float) -> Json:
        """The entry of a job that went well."""
        steps = self.bound.steps(self.row)
        watcher = Watcher(client=self.client, job=self.id, row=self.row, steps=steps, every=self.every)
        try:
            async with asyncio.timeout_at(deadline):
                state = await watcher.until_ended()
        except TimeoutError:
            state = await self._given_up(watcher)
        if state.entry is None:
            problem = "the server lost the job: it was restarted, or its queue was cleared"
            raise RunFailed(problem=problem, retryable=True)
        if not outcomes.is_of(state.entry, self.id):
            raise RunFailed(problem="the server tells of another job", retryable=True)
        if not outcomes.succeeded(state.entry):
            if not self.is_wanted:
                await self._taken_back()
            raise outcomes.failure(state.entry, self.bound)
        return state.entry

    async def _taken_back(self) -> None:
        """Whoever canceled it takes the run back at once, so that it is no failure. Raises RunFailed otherwise."""
        await asyncio.sleep(UNWANTED_SECONDS)
        raise RunFailed(problem="nobody wants it any more", retryable=True)

    async def _given_up(self, watcher: Watcher) -> JobState:
        """The time is over: stop the job. It may have ended well just before."""
        before, moves = watcher.state, watcher.moves
        await self.client.cancel(self.id)
        state = await look(self.client, self.id)
        for _ in range(max(1, round(min(STOP_SECONDS, self.seconds / 8) / STOP_PAUSE))):
            if not state.running:
                break
            await asyncio.sleep(STOP_PAUSE)
            state = await look(self.client, self.id)
        if state.entry is not None and outcomes.succeeded(state.entry):
            return state
        in_front = before.ahead is not None and moves == 0 and before.runs == state.runs
        if state.runs is not None and (state.running or in_front):
            raise WorkerStuck(state.runs)
        raise RunTimeout(seconds=self.seconds)

    async def _result(self, entry: Json) -> Result:
        images = {}
        for name, file in outcomes.files_of(entry, self.bound, self.id).items():
            content = await self.client.file(file)
            images[name] = await asyncio.to_thread(written_anew, content)
        return Result(outputs=dict.fromkeys(images), advice=None, images=images)
