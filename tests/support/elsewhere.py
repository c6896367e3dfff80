"""A server of the tests' own that runs models: it doubles, when it is let, and keeps the jobs that it was given."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal
from uuid import UUID

from db.engine import Database
from services.errors import ShopError
from services.inference.errors import RunFailed, ServerAway
from services.inference.runtimes.onnx_kind import ONNX
from services.inference.runtimes.registry import RemoteKind, Runtimes
from services.inference.tensors import Result, Row, RunProgress
from services.manifests.bindings import Binding
from services.manifests.manifest import Manifest
from services.manifests.runtime import RemoteSpec
from tests.support.clock import FakeClock
from tests.support.counter import STORE, Counter, open_counter

MANIFEST = """slug = "doubler"
version = "1"
title = "Doubler"
price = "1.00"
[runtime]
kind = "doubling"
url = "http://doubler.invalid"
parallel = 2
attempts = 2
[[inputs]]
name = "x"
label = "X"
type = "number"
example = 1
[[outputs]]
name = "y"
label = "Y"
type = "number"
"""


class DoublingSpec(RemoteSpec):
    binding: ClassVar[Binding] = Binding.NAME
    kind: Literal["doubling"]


@dataclass
class DoublingServer:
    """`gate` lets answers out; `away`: nothing is answered; `problem` is what each job ends with; `fails_for` tells
    which end with a failure of the server's; the model `silent` never ends a check."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    away: bool = False
    problem: ShopError | None = None
    fails_for: Callable[[Row], bool] | None = None
    silent: str = ""
    jobs: list[UUID | None] = field(default_factory=list)
    canceled: list[UUID] = field(default_factory=list)
    asked: int = 0
    rows: list[Row] = field(default_factory=list)

    def runtimes(self) -> Runtimes:
        return Runtimes([ONNX, RemoteKind(name="doubling", spec=DoublingSpec, open=self._open)])

    def _open(self, manifest: Manifest, _folder: Path) -> "DoublingRuntime":
        return DoublingRuntime(self, manifest.slug)

    def tells(self, progress: RunProgress) -> None:
        for row in self.rows:
            row.report(progress)


class DoublingRuntime:
    def __init__(self, server: DoublingServer, slug: str) -> None:
        self._server, self._slug = server, slug

    async def check(self) -> None:
        if self._slug == self._server.silent:
            await asyncio.Event().wait()
        self._server.asked += 1
        if self._server.away:
            raise ServerAway(problem="connection refused")

    async def run(self, rows: Sequence[Row]) -> Sequence[Result | ShopError]:
        if self._server.away:
            raise ServerAway(problem="connection refused")
        self._server.jobs += [row.id for row in rows]
        self._server.rows += rows
        await self._server.gate.wait()
        if self._server.problem is not None:
            return [self._server.problem] * len(rows)
        return [self._answer(row) for row in rows]

    def _answer(self, row: Row) -> Result | ShopError:
        if self._server.fails_for is not None and self._server.fails_for(row):
            return RunFailed(problem="HTTP 500")
        return Result(outputs={"y": float(str(row.values["x"])) * 2}, advice=None, images={})

    async def cancel(self, prediction_id: UUID) -> None:
        if self._server.away:
            raise ServerAway(problem="connection refused")
        self._server.canceled.append(prediction_id)

    async def close(self) -> None:
        """Nothing is held."""


def place_doubler(store: Path, slug: str = "doubler") -> None:
    (store / slug).mkdir()
    (store / slug / "manifest.toml").write_text(MANIFEST.replace('slug = "doubler"', f'slug = "{slug}"'))


@asynccontextmanager
async def doubling_counter(
    database: Database, clock: FakeClock, folder: Path, server: DoublingServer
) -> AsyncIterator[Counter]:
    """A counter that sells the doubler, and wine from this machine; its books are checked at the end."""
    store = folder / "store"
    store.mkdir()
    place_doubler(store)
    (store / "wine").symlink_to(STORE / "wine")
    made = await open_counter(database, clock, store, server.runtimes())
    async with made.exits:
        yield made
        server.gate.set()
        await made.check()
