"""Runs trials, one at a time, in the process that the version would be sold from."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID, uuid4

import structlog

from db.base import JsonObject
from db.engine import Database
from db.tables.predictions import ErrorCode
from services.clock import Clock
from services.errors import ShopError, one_line
from services.files.files import Files, StoredFile, media_type_of
from services.inference.runtimes.base import Limit, watched
from services.inference.runtimes.isolated.runtime import IsolatedOnnxRuntime
from services.inference.tensors import Result, Row
from services.models.uploads import trial_claims
from services.models.uploads.leases import LEASE, keep_looking, renewed
from services.models.uploads.shelf import Shelved, VersionShelf
from services.models.uploads.trials import TrialView
from services.predictions.error_codes import code_of
from services.predictions.run_files import pictures_of
from services.waiting import patiently

log = structlog.get_logger()
ATTEMPTS: Final = 2
LOST: Final = (ErrorCode.RUN_LOST, "the worker ended meanwhile")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialWorker:
    """`on_tried` is called when there is a message to be sent."""

    db: Database
    shelf: VersionShelf
    files: Files
    clock: Clock
    on_tried: Callable[[], None]

    async def run(self) -> None:
        """Until cancelled."""
        await keep_looking(self.look, work="trials")

    async def look(self) -> None:
        """Run what waits."""
        holder = uuid4().hex
        while (view := await self._claim(holder)) is not None:
            async with renewed(partial(self._renew, view.id, holder), LEASE):
                await self._run(view, holder)

    async def _claim(self, holder: str) -> TrialView | None:
        now = self.clock()
        return await self.db.write(trial_claims.claim, holder=holder, now=now, until=now + LEASE)

    async def _renew(self, trial_id: UUID, holder: str) -> None:
        await self.db.write(trial_claims.renew, trial_id, holder=holder, until=self.clock() + LEASE)

    async def _run(self, view: TrialView, holder: str) -> None:
        result: JsonObject | None = None
        kept: dict[str, StoredFile] = {}
        error: tuple[ErrorCode, str] | None = None
        try:
            if view.attempts > ATTEMPTS:
                error = LOST
            else:
                answer = await self._answer(view)
                kept = {name: await self.files.store(each, media_type_of(each)) for name, each in answer.images.items()}
                result = {"outputs": answer.outputs, "advice": answer.advice}
                result |= {"files": {name: each.id.hex for name, each in kept.items()}} if kept else {}
        except (ShopError, OSError) as raised:
            error = (code_of(raised), one_line(raised))
            log.warning("trial_failed", trial=str(view.id), code=error[0], error=error[1])
        told = {"result": result, "pictures": list(kept.values()), "error": error}
        if await patiently(
            lambda: self.db.write(trial_claims.settle, view, holder=holder, now=self.clock(), **told)  # type: ignore[arg-type]
        ):
            self.on_tried()

    async def _answer(self, view: TrialView) -> Result:
        """Raises a ShopError that says what went wrong, OSError."""
        shelved = await self.shelf.open(view.version)
        pictures = await pictures_of(self.files, shelved.manifest, view.inputs, user_id=view.asked_by)
        row = Row(values=view.inputs, files=pictures)
        return await asyncio.to_thread(_run_once, shelved, row)


def _run_once(shelved: Shelved, row: Row) -> Result:
    runtime = IsolatedOnnxRuntime(*shelved)
    try:
        runtime.load()
        with watched(Limit(shelved.manifest.runtime.timeout)) as limit:
            (answer,) = runtime.run([row], limit)
    finally:
        runtime.close()
    if isinstance(answer, ShopError):
        raise answer
    return answer
