"""A workflow at a ComfyUI server: a job of each row, known there by the prediction's id."""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

import structlog

from services.errors import ShopError
from services.inference.errors import BadInput, InferenceError, ModelBroken, RunFailed, RunTimeout, ServerAway
from services.inference.runtimes.comfyui import outcomes
from services.inference.runtimes.comfyui.client import ComfyUIClient, FileGone, PromptRefused
from services.inference.runtimes.comfyui.graph import FOLDER, BoundWorkflow, bind
from services.inference.runtimes.comfyui.pictures import suffix_of, written_anew
from services.inference.runtimes.comfyui.requirements import check_nodes
from services.inference.runtimes.comfyui.spec import ComfyUISpec
from services.inference.runtimes.comfyui.watching import JobState, Watcher, look
from services.inference.runtimes.comfyui.workflow import Json, WorkflowUnfit, read_workflow
from services.inference.tensors import Result, Row
from services.manifests.manifest import Manifest

log = structlog.get_logger()

TRIES: Final = 2
"""Of a job whose file is gone when it has ended: it is painted once more."""
STOP_SECONDS: Final = 3.0
"""That a worker takes to stop between two steps; one that is alive takes a fifth of a second."""
UNWANTED_SECONDS: Final = 1.0
LEFT: Final = 5.0
"""Seconds before the run's time is over that are kept to stop the job."""


class ComfyUIRuntime:
    """`every`: seconds between two looks at a job."""

    def __init__(self, manifest: Manifest, folder: Path, *, every: float = 1.0) -> None:
        spec = manifest.runtime
        assert isinstance(spec, ComfyUISpec)
        self._seconds, self._every = spec.timeout, every
        self._bound = _bound(manifest, spec, folder)
        self._labels = {field.name: field.label for field in manifest.inputs}
        try:
            self._client = ComfyUIClient(spec.url, spec.sent_headers())
        except KeyError as error:
            raise ModelBroken(
                problem=f"the variable {error.args[0]} is not set", fix="Set it, or change headers"
            ) from None
        self._stuck: str | None = None
        """A job that ran on when it was told to stop, or in front of ours for as long as we waited."""
        self._active: set[UUID] = set()
        self._unwanted: set[UUID] = set()

    async def check(self) -> None:
        await self._client.stats()
        await self._check_worker()
        await check_nodes(self._client, self._bound)

    async def run(self, rows: Sequence[Row]) -> Sequence[Result | ShopError]:
        return [await self._run(row, row.id or uuid4()) for row in rows]

    async def cancel(self, prediction_id: UUID) -> None:
        if prediction_id in self._active:
            self._unwanted.add(prediction_id)
        await self._client.cancel(prediction_id)

    async def close(self) -> None:
        await self._client.close()

    async def _check_worker(self) -> None:
        """A dead worker is not seen from outside but by a job that never ends. Raises ServerAway."""
        if self._stuck is None:
            return
        running, _ = await self._client.queue()
        if self._stuck in running:
            raise ServerAway(problem=f"the job {self._stuck} runs there and does not end; restart ComfyUI")
        self._stuck = None

    async def _run(self, row: Row, job: UUID) -> Result:
        await self._check_worker()
        deadline = asyncio.get_running_loop().time() + self._seconds - min(LEFT, self._seconds / 4)
        self._active.add(job)
        try:
            known = await self._known(job)
            for _ in range(TRIES):
                if not known:
                    await self._start(row, job)
                entry = await self._ended(row, job, deadline)
                try:
                    return await self._result(entry, job)
                except FileGone:
                    log.warning("comfyui_file_gone", job=str(job))
                    await self._client.forget(job)
                    known = False
            raise RunFailed(problem="the server does not have the picture that it tells of", retryable=True)
        finally:
            self._active.discard(job)
            self._unwanted.discard(job)

    async def _known(self, job: UUID) -> bool:
        """Whether somebody has started the job before us and it goes on, or went well."""
        state = await look(self._client, job)
        if state.entry is None:
            return state.known
        if outcomes.succeeded(state.entry) and outcomes.is_of(state.entry, job):
            return True
        await self._client.forget(job)
        return False

    async def _start(self, row: Row, job: UUID) -> None:
        uploaded = {name: await self._upload(row, name) for name in self._bound.pictures}
        prefix = f"{FOLDER}/{job.hex}-{secrets.token_hex(4)}"  # a name that is no cached one
        prompt = self._bound.prompt(row, uploaded=uploaded, job=job, prefix=prefix)
        if job in self._unwanted:
            raise RunFailed(problem="nobody wants it any more")
        try:
            errors = await self._client.post(prompt, job=job)
        except asyncio.CancelledError:
            if job in self._unwanted:  # it may have been taken all the same
                with suppress(InferenceError):
                    await self._client.cancel(job)
            raise
        except PromptRefused as refused:
            raise outcomes.refusal(refused, self._bound) from refused
        except (ServerAway, RunFailed):
            if not (await look(self._client, job)).known:  # else only the answer was lost
                raise
            errors = {}
        if job in self._unwanted:
            await self._client.cancel(job)
        if errors and not outcomes.unneeded(errors, self._bound):
            await self._client.cancel(job)
            raise outcomes.refusal(PromptRefused({"node_errors": errors}), self._bound)

    async def _upload(self, row: Row, name: str) -> str:
        content = row.files.get(name)
        if content is None:
            raise BadInput(name=self._labels[name])
        file = f"{hashlib.sha256(content).hexdigest()[:32]}.{suffix_of(content)}"
        return await self._client.upload(file, content, folder=FOLDER)

    async def _ended(self, row: Row, job: UUID, deadline: float) -> Json:
        """The entry of a job that went well."""
        watcher = Watcher(client=self._client, job=job, row=row, steps=self._bound.workflow.steps, every=self._every)
        begun = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(deadline):
                state = await watcher.until_ended()
        except TimeoutError:
            state = await self._given_up(watcher, begun)
        if state.entry is None:
            raise RunFailed(
                problem="the server lost the job: it was restarted, or its queue was cleared", retryable=True
            )
        if not outcomes.is_of(state.entry, job):
            raise RunFailed(problem="the server tells of another job", retryable=True)
        if not outcomes.succeeded(state.entry):
            if job in self._unwanted:
                await asyncio.sleep(UNWANTED_SECONDS)  # whoever canceled it takes it back, and this is no failure
            raise outcomes.failure(state.entry, self._bound)
        return state.entry

    async def _given_up(self, watcher: Watcher, begun: float) -> JobState:
        """The time is over: stop the job. It may have ended well just before. Raises RunTimeout, ServerAway."""
        before = watcher.state
        await self._client.cancel(watcher.job)
        state = await look(self._client, watcher.job)
        until = asyncio.get_running_loop().time() + min(STOP_SECONDS, self._seconds / 8)
        while state.running and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.1)
            state = await look(self._client, watcher.job)
        if state.entry is not None and outcomes.succeeded(state.entry):
            return state
        never_moved = before.ahead is not None and watcher.runs_since - begun < 2 * self._every + 1.0
        if state.running or (never_moved and before.runs is not None and before.runs == state.runs):
            self._stuck = state.runs
            await self._check_worker()
        raise RunTimeout(seconds=self._seconds)

    async def _result(self, entry: Json, job: UUID) -> Result:
        images = {}
        for name, file in outcomes.files_of(entry, self._bound, job).items():
            content = await self._client.file(file)
            images[name] = await asyncio.to_thread(written_anew, content)
        return Result(outputs=dict.fromkeys(images), advice=None, images=images)


def _bound(manifest: Manifest, spec: ComfyUISpec, folder: Path) -> BoundWorkflow:
    """Raises ModelBroken: the files may have changed since the manifest was read."""
    try:
        return bind(manifest, spec.seed, read_workflow(folder / spec.workflow))
    except WorkflowUnfit as error:
        raise ModelBroken(problem=f"{error.key}: {error.problem}", fix=error.fix) from None
    except OSError as error:
        raise ModelBroken(problem=f"{spec.workflow}: {error.strerror}", fix="Check the file") from None
