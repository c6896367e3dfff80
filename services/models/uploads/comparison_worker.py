"""Compares versions, one at a time, each in a process of its own."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import uuid4

import structlog

from db.base import JsonObject
from db.engine import Database
from db.tables.models import ComparisonStatus
from services.clock import Clock
from services.errors import ShopError, one_line
from services.files.files import Files
from services.inference.tensors import Row
from services.manifests.manifest import FileInput, Manifest
from services.models.uploads import comparisons
from services.models.uploads.comparing import compare
from services.models.uploads.comparisons import Comparison, PastInputs
from services.models.uploads.leases import LEASE, keep_looking, renewed
from services.models.uploads.shelf import VersionShelf
from services.models.uploads.versions import version
from services.predictions.run_files import pictures_of
from services.values.kept_files import places_in
from services.waiting import patiently

log = structlog.get_logger()
ATTEMPTS: Final = 3
MOST: Final = 20  # questions of customers, beside the example
LOOKED_AT: Final = 60  # to find as many whose files are still there
LOST: Final[JsonObject] = {"problem": f"its check ended {ATTEMPTS} times without a word"}
PROBLEM: Final = 300  # characters of it that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonWorker:
    """`on_compared` is called when there is a message to be sent."""

    db: Database
    shelf: VersionShelf
    files: Files
    clock: Clock
    on_compared: Callable[[], None]
    lease: timedelta = LEASE

    async def run(self) -> None:
        """Until cancelled."""
        await keep_looking(self.look, work="comparisons")

    async def look(self) -> None:
        """Compare what waits."""
        holder = uuid4().hex
        while (held := await self._claim(holder)) is not None:
            async with renewed(partial(self._renew, held, holder), self.lease):
                await self._compare(held, holder)

    async def _claim(self, holder: str) -> Comparison | None:
        now = self.clock()
        return await self.db.write(comparisons.claim, holder=holder, now=now, until=now + self.lease)

    async def _renew(self, held: Comparison, holder: str) -> None:
        await self.db.write(comparisons.renew, held, holder=holder, until=self.clock() + self.lease)

    async def _compare(self, held: Comparison, holder: str) -> None:
        status, report = ComparisonStatus.FAILED, LOST
        if held.attempts <= ATTEMPTS:
            try:
                status, report = ComparisonStatus.DONE, await self._report(held)
            except (ShopError, OSError) as error:
                report = {"problem": one_line(error)[:PROBLEM]}
                log.warning("version_not_compared", version=str(held.version_id), error=report["problem"])

        async def settle() -> bool:
            told, now = (status, report), self.clock()
            return await self.db.write(comparisons.settle, held, *told, holder=holder, now=now)

        if await patiently(settle):
            self.on_compared()

    async def _report(self, held: Comparison) -> JsonObject:
        """Raises a ShopError that says what went wrong, OSError."""
        old = await self.shelf.open(held.against)
        new = await self.shelf.open(await self.db.read(version, held.version_id))
        past = await self.db.read(comparisons.latest_inputs, held.against.slug, LOOKED_AT)
        rows = await self._rows(old.manifest, past)
        return (await asyncio.to_thread(compare, old, new, rows)).dump()

    async def _rows(self, manifest: Manifest, past: Sequence[PastInputs]) -> list[Row]:
        """Those that still have their files."""
        needed = [field.name for field in manifest.inputs if isinstance(field, FileInput)]
        rows: list[Row] = []
        for each in past:
            files = await pictures_of(self.files, manifest, each.inputs, user_id=each.user_id) if needed else {}
            places = [places_in(name, each.inputs.get(name)) for name in needed]
            if all(place and place.keys() <= files.keys() for place in places):
                rows.append(Row(values=each.inputs, files=files))
            if len(rows) == MOST:
                break
        return rows
