"""Histories of jobs at a ComfyUI server in any order: lost answers, restarts of the server and of the shop, a dead
worker, files that are deleted, sockets that fall silent, changes of mind. When the dust has settled everybody has what
they paid for, and it is made of their own photo, or their credits. `JOB_EXAMPLES=100` runs it longer."""

import asyncio
import io
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from db.engine import Database
from db.tables.predictions import Prediction, PredictionStatus
from sandbox.client.comfyui import ComfyUIServer
from sandbox.testing import new_world, running_sandbox
from services.inference.runtimes.base import RemoteRuntime
from services.inference.runtimes.comfyui.runtime import ComfyUIRuntime
from services.inference.runtimes.comfyui.spec import ComfyUISpec
from services.inference.runtimes.registry import RemoteKind, Runtimes
from services.manifests.manifest import Manifest
from services.predictions.submit import Sold
from services.predictions.worker import Worker
from tests.support.clock import FakeClock
from tests.support.comfyui import photo, workflow, write_painting
from tests.support.counter import Counter, open_counter
from tests.support.databases import PostgresServer, SqliteServer
from tests.support.waiting import until

QUICK: Final = 2
EXAMPLES: Final = int(os.environ.get("JOB_EXAMPLES", "25"))
COLOURS: Final = ("red", "green", "blue")
BALANCE: Final = 2_000
ENDED: Final = {PredictionStatus.SUCCEEDED, PredictionStatus.FAILED, PredictionStatus.CANCELED}
CALLS: Final = ("prompt", "history", "queue", "upload", "view", "cancel", "*")
FAULTS: Final = ("500", "500_after", "html", "cut", "cut_after", "slow")
RUNTIME: Final = "timeout = 2\nattempts = 3\nparallel = 3\nheaders = {}"

KINDS: Final = (
    *("buy", "buy", "buy", "cancel", "fault", "oom", "another", "hold", "release", "pass", "restart"),
    *("crash", "lose files", "silence", "kill worker", "interrupt", "forget"),
)

Step = tuple[str, int]
STEPS: Final = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 10_000)), min_size=8, max_size=14)


def _open(manifest: Manifest, folder: Path) -> RemoteRuntime:
    return ComfyUIRuntime(manifest, folder, every=0.02)


RUNTIMES: Final = Runtimes([RemoteKind(name="comfyui", spec=ComfyUISpec, open=_open)])


@dataclass(slots=True, kw_only=True)
class JobHistory:
    """`colours`: of the photo that each prediction was bought with."""

    counter: Counter
    server: ComfyUIServer
    users: Sequence[int]
    colours: dict[Sold, str] = field(default_factory=dict)
    canceled: set[Sold] = field(default_factory=set)
    worker: "asyncio.Task[None] | None" = None
    _name: str = ""

    async def step(self, what: str, number: int) -> None:
        step: Callable[[int], Awaitable[None]] = getattr(self, "_" + what.replace(" ", "_"))
        await step(number)
        await asyncio.sleep(0.02)

    async def _buy(self, number: int) -> None:
        colour, user = COLOURS[number % 3], self.users[number % len(self.users)]
        file = await self.counter.files.put(user, photo((24, 16), colour), "image/png")
        inputs = {"photo": {"file": file.hex}, "blur": 1}
        self.colours[await self.counter.buy(user, "painting", inputs)] = colour

    async def _cancel(self, number: int) -> None:
        if self.colours:
            sold = list(self.colours)[number % len(self.colours)]
            (row,) = await self.counter.rows(Prediction, Prediction.id == sold.prediction_id)
            await self.counter.predictions.cancel(sold.prediction_id, user_id=row.user_id)
            self.canceled.add(sold)

    async def _fault(self, number: int) -> None:
        kind, on = FAULTS[number % len(FAULTS)], CALLS[number // 7 % len(CALLS)]
        await self.server.fault(kind, on, times=1 + number % 3, seconds=0.1)

    async def _oom(self, number: int) -> None:
        await self.server.fault("oom", "SandboxPainter", times=1 + number % 4)

    async def _another(self, _number: int) -> None:
        await self.server.fault("another", "history", times=2)

    async def _hold(self, _number: int) -> None:
        await self.server.change(held=True)

    async def _release(self, _number: int) -> None:
        await self.server.change(held=False)

    async def _pass(self, number: int) -> None:
        self.counter.clock.advance(seconds=number % 20)
        await asyncio.sleep(0.1)

    async def _restart(self, _number: int) -> None:
        await self.server.restarts()

    async def _lose_files(self, _number: int) -> None:
        await self.server.loses_its_files()

    async def _silence(self, _number: int) -> None:
        await self.server.silences_sockets()

    async def _kill_worker(self, _number: int) -> None:
        await self.server.loses_its_worker()

    async def _interrupt(self, _number: int) -> None:
        """A stranger's bare one."""
        await self._stranger("POST", "/interrupt")

    async def _forget(self, _number: int) -> None:
        """A stranger empties queue and history."""
        await self._stranger("POST", "/queue", {"clear": True})
        await self._stranger("POST", "/history", {"clear": True})

    async def _stranger(self, method: str, path: str, body: dict[str, bool] | None = None) -> None:
        """Who may meet a fault that was meant for the shop."""
        async with aiohttp.ClientSession() as http:
            with suppress(aiohttp.ClientError):
                async with http.request(method, self.server.url + path, json=body):
                    pass

    async def _crash(self, _number: int) -> None:
        """The shop's process dies as it stands: nothing is given back, its leases run out, another one starts."""
        running = await self.counter.rows(Prediction, Prediction.status == PredictionStatus.RUNNING)
        await self.stop()
        for row in running:
            still = Prediction.id == row.id
            values = {"status": PredictionStatus.RUNNING, "attempts": row.attempts, "leased_by": "dead:1"}
            (now,) = await self.counter.rows(Prediction, still)
            if PredictionStatus(now.status) is PredictionStatus.QUEUED:
                await self.counter.change(Prediction, still, **values, leased_until=self.counter.clock())
        self.counter.clock.advance(seconds=1)
        self.start()

    def start(self) -> None:
        worker = Worker(
            self.counter.db,
            self.counter.engine,
            self.counter.clock,
            self.counter.files,
            lambda: self.counter.settled.append(True),
            lease=timedelta(seconds=15),
        )
        self._name = worker.name
        self.worker = asyncio.get_running_loop().create_task(worker.run())

    async def stop(self) -> None:
        assert self.worker is not None
        self.worker.cancel()
        await asyncio.wait([self.worker])

    async def settle(self) -> None:
        """All is well again, and time goes on."""
        await self.server.clear_faults()
        await self.server.change(held=False)
        if (await self.server.look())["dead"]:
            await self.server.restarts()

        async def all_ended() -> bool:
            self.counter.clock.advance(seconds=1)
            rows = await self.counter.rows(Prediction)
            return {PredictionStatus(row.status) for row in rows} <= ENDED

        await until(all_ended, seconds=40)
        await self.stop()

    async def check(self) -> None:
        paid = dict.fromkeys(self.users, 0)
        for sold, colour in self.colours.items():
            (row,) = await self.counter.rows(Prediction, Prediction.id == sold.prediction_id)
            lines = await self.counter.kinds(sold.prediction_id)
            if PredictionStatus(row.status) is PredictionStatus.SUCCEEDED:
                assert lines == ["charge"]
                paid[row.user_id] += row.price
                await self._has_their_own(row.result["files"]["painting"], row.user_id, colour)
            else:
                assert lines == ["charge", "charge_refund"]
                assert sold in self.canceled or PredictionStatus(row.status) is PredictionStatus.FAILED
            assert await self.counter.notifications(sold) == 1
        for user in self.users:
            assert await self.counter.balance(user) == BALANCE - paid[user]
        await self.counter.check()

    async def _has_their_own(self, file: str, user: int, colour: str) -> None:
        content = await self.counter.files.get(UUID(hex=file), user_id=user)
        assert content is not None
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.info == {}
            shades = picture.convert("RGB").resize((1, 1)).getpixel((0, 0))
        assert isinstance(shades, tuple)
        assert max(zip(shades, COLOURS, strict=True))[1] == colour


@asynccontextmanager
async def opened(url: str, store: Path) -> AsyncIterator[JobHistory]:
    db, clock = Database(url), FakeClock()
    async with running_sandbox() as address, new_world(address) as sandbox:
        await sandbox.comfyui.change(pace=0.01)
        quick = workflow()
        quick["2"]["inputs"]["width"] = 16
        write_painting(store, sandbox.comfyui.url, runtime=RUNTIME, nodes=quick)
        counter = await open_counter(db, clock, store, RUNTIMES)
        async with counter.exits:
            users = [await counter.customer(BALANCE) for _ in range(2)]
            history = JobHistory(counter=counter, server=sandbox.comfyui, users=users)
            history.start()
            yield history
    await db.close()


async def lived(url: str, store: Path, steps: Sequence[Step]) -> None:
    async with opened(url, store) as history:
        for what, number in steps:
            await history.step(what, number)
            assert history.worker is not None
            assert not history.worker.done()
        await history.settle()
        await history.check()


def any_history(server: SqliteServer | PostgresServer, store: Path, *, examples: int, by_chance: bool) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=not by_chance,
    )
    @given(steps=STEPS)
    def lives(steps: Sequence[Step]) -> None:
        url = server.create()
        asyncio.run(lived(url, store, steps))
        server.give_back(url)

    lives()


def test_some_histories_of_jobs(sqlite_server: SqliteServer, tmp_path: Path) -> None:
    """A cancel is heard within a second and a dead worker in two, hence the time that this takes."""
    any_history(sqlite_server, tmp_path, examples=QUICK, by_chance=False)


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite_server", "postgres_server"])
def test_any_history_of_jobs(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> None:
    any_history(request.getfixturevalue(database), tmp_path, examples=EXAMPLES, by_chance=True)
