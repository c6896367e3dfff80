"""One ComfyUI: its jobs, files, sockets and worker, and what a test does to it as a whole."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from sandbox.clock import Clock, Signal
from sandbox.comfyui.catalogue import catalogue
from sandbox.comfyui.faults import ComfyUIFault
from sandbox.comfyui.files import Folders
from sandbox.comfyui.jobs import Jobs
from sandbox.comfyui.log import Log
from sandbox.comfyui.nodes import Node
from sandbox.comfyui.sockets import Sockets
from sandbox.comfyui.wire import NEWEST, OLD, JsonObject
from sandbox.comfyui.worker import Worker
from sandbox.faults import Faults

MAX_UPLOAD_BYTES = 100 * 1024 * 1024
POLL_SECONDS = 0.2
"""How often a step looks whether it is to be stopped."""
DEVICE_BYTES = 8 * 1024**3


@dataclass(slots=True, kw_only=True)
class Switches:
    """`pace`: seconds of a painter's step. `authorization`: the header that a proxy in front of it demands."""

    version: str = NEWEST
    pace: float = 0.2
    authorization: str | None = None
    missing_nodes: tuple[str, ...] = ()
    models: dict[str, list[str]] = field(default_factory=dict)
    own_ids: bool = False
    """Jobs get ids of the server's own, as in versions before 2025's summer."""
    held: bool = False
    """The worker stands still before its next node or step."""


class ComfyUI:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.switches = Switches()
        self.faults: Faults[ComfyUIFault] = Faults()
        self.calls = Log()
        self.folders = Folders()
        self.sockets = Sockets()
        self.jobs = Jobs()
        self.worker = Worker(self)
        self.dead = False
        """The worker's thread has ended, or does so at its next step; the server itself still answers."""
        self.interrupted = False
        self.closing = Signal()
        self._changed = asyncio.Event()
        self._restarted = asyncio.Event()

    @property
    def is_old(self) -> bool:
        return self.switches.version == OLD

    def now_ms(self) -> int:
        return int(self.clock.now() * 1000)

    def nodes(self) -> dict[str, Node]:
        known = catalogue(self.folders, self.switches.models)
        return {name: node for name, node in known.items() if name not in self.switches.missing_nodes}

    async def run(self) -> None:
        """The worker, life after life, until cancelled."""
        while True:
            self._restarted.clear()
            self.worker = Worker(self)
            async with asyncio.TaskGroup() as group:
                life = group.create_task(self.worker.run(), name="comfyui-worker")
                await self._restarted.wait()
                life.cancel()

    def changed(self) -> None:
        """Something waits, or may go on."""
        self._changed.set()

    async def wait(self) -> None:
        """The worker has nothing to do."""
        self._changed.clear()
        await self._changed.wait()

    async def held(self) -> None:
        """Until nobody holds the worker, or it is to be stopped."""
        while self.switches.held and not self.dead and not self.interrupted:
            await self.wait()

    async def pause(self) -> None:
        """As long as a step takes, or until it is to be stopped."""
        until = self.clock.now() + self.switches.pace
        while (left := until - self.clock.now()) > 0 and not self.dead and not self.interrupted:
            await self.clock.sleep(min(left, POLL_SECONDS))

    async def tell_status(self) -> None:
        status = {"status": {"exec_info": {"queue_remaining": self.jobs.remaining}}}
        await self.sockets.send("status", status, None)

    def interrupt(self, job_id: str | None) -> bool:
        """Whether the running job is meant. Without an id: whichever runs."""
        running = self.jobs.running
        if running is None or job_id not in (None, running.id):
            return False
        self.interrupted = True
        self.changed()
        return True

    async def restart(self) -> None:
        """As after SIGKILL: queue and history are empty, numbers begin anew, files stay but those of `temp`."""
        self.jobs = Jobs()
        self.dead = self.interrupted = False
        self.folders.temp.files.clear()
        await self.sockets.close()
        self.sockets = Sockets()
        self._restarted.set()
        self.changed()

    def kill_worker(self) -> None:
        self.dead = True
        self.changed()

    def close(self) -> None:
        self.closing.notify()

    def stats(self) -> JsonObject:
        """As in `/system_stats`."""
        memory = {"vram_total": DEVICE_BYTES, "vram_free": DEVICE_BYTES // 2}
        torch = {"torch_vram_total": DEVICE_BYTES, "torch_vram_free": DEVICE_BYTES // 2}
        return {
            "system": {
                "os": "linux",
                "ram_total": 2 * DEVICE_BYTES,
                "ram_free": DEVICE_BYTES,
                "comfyui_version": self.switches.version,
                "python_version": "3.11.7",
                "pytorch_version": "2.13.0+cpu",
                "embedded_python": False,
                "argv": ["main.py", "--cpu", "--base-directory", "/srv/comfyui/base"],
            },
            "devices": [{"name": "cpu", "type": "cpu", "index": None, **memory, **torch}],
        }


class Servers:
    """One for each world."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_bot: dict[int, ComfyUI] = {}

    def add(self, bot_id: int) -> ComfyUI:
        return self._by_bot.setdefault(bot_id, ComfyUI(self._clock))

    def remove(self, bot_id: int) -> None:
        self._by_bot.pop(bot_id).close()

    def by_bot(self, bot_id: int) -> ComfyUI | None:
        return self._by_bot.get(bot_id)

    def __iter__(self) -> Iterator[ComfyUI]:
        return iter(list(self._by_bot.values()))
