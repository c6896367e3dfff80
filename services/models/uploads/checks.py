"""Workers check what was sent: one file at a time each, with a lease, so that a worker that dies is followed by
another."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

import structlog

from db.engine import Database
from services.clock import Clock
from services.errors import one_line
from services.files.store import StoreAway
from services.models.uploads import claims
from services.models.uploads.contents import ContentLost, VersionContents
from services.models.uploads.inspection import Inspection
from services.models.uploads.leases import LEASE, keep_looking, renewed
from services.models.uploads.reader import UploadRefused
from services.models.uploads.resemblance import resembled
from services.models.uploads.versions import MODEL, VersionView
from services.waiting import patiently

log = structlog.get_logger()
ATTEMPTS: Final = 3
EXHAUSTED: Final = UploadRefused(f"its check ended {ATTEMPTS} times without a word", "Take a smaller model")


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadChecks:
    """`on_checked` is called when there is a message to be sent."""

    db: Database
    contents: VersionContents
    clock: Clock
    on_checked: Callable[[], None]
    inspection: Inspection = field(default_factory=Inspection)
    lease: timedelta = LEASE

    async def run(self) -> None:
        """Until cancelled."""
        await self.inspection.tidy()
        await keep_looking(self.look, work="checks")

    async def look(self) -> None:
        """Check what waits."""
        holder = uuid4().hex
        while (view := await self._claim(holder)) is not None:
            await self._check(view, holder)

    async def _claim(self, holder: str) -> VersionView | None:
        now = self.clock()
        return await self.db.write(claims.claim, holder=holder, now=now, until=now + self.lease)

    async def _check(self, view: VersionView, holder: str) -> None:
        if view.attempts > ATTEMPTS:
            await self._settle(claims.refuse, view.id, holder=holder, refused=EXHAUSTED)
            return
        async with renewed(partial(self._renew, view.id, holder), self.lease):
            try:
                found = await self.inspection.of(view, await self.contents.get(view.files[MODEL]))
                files = {name: await self.contents.put(content) for name, content in found.contents.items()}
                resembles = await self.db.read(resembled, view, found.manifest)
            except UploadRefused as refused:
                await self._settle(claims.refuse, view.id, holder=holder, refused=refused)
            except ContentLost as error:
                lost = UploadRefused(error.problem, error.fix)
                await self._settle(claims.refuse, view.id, holder=holder, refused=lost)
            except StoreAway as error:
                log.warning("upload_not_checked", version=str(view.id), error=one_line(error))
                await self.db.write(claims.give_back, view.id, holder=holder, until=self.clock() + self.lease)
            else:
                told = {"manifest": found.manifest, "report": found.report, "files": files, "resembles": resembles}
                await self._settle(claims.accept, view.id, holder=holder, **told)

    async def _settle(self, outcome: Callable[..., bool], version_id: UUID, **told: Any) -> None:  # Any: its facts
        if await patiently(lambda: self.db.write(outcome, version_id, now=self.clock(), **told)):
            self.on_checked()

    async def _renew(self, version_id: UUID, holder: str) -> None:
        await self.db.write(claims.renew, version_id, holder=holder, until=self.clock() + self.lease)
