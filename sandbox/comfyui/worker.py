"""The one worker: runs a job's nodes in order, keeps what they made, tells whoever listens."""

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from PIL import UnidentifiedImageError

from sandbox.comfyui import painting
from sandbox.comfyui.faults import RUN_FAULTS
from sandbox.comfyui.files import Outside
from sandbox.comfyui.jobs import Job
from sandbox.comfyui.nodes import Node, Saved
from sandbox.comfyui.wire import JsonObject

if TYPE_CHECKING:
    from sandbox.comfyui.server import ComfyUI

INPUT_FOLDER: Final = "/srv/comfyui/base/input"
"""Where a real one would have its files: it tells of them in its errors."""
CACHED: Final = 60
TOO_LITTLE_MEMORY: Final = (
    "Allocation on device 0 would exceed allowed memory. (out of memory)\nThis error means you ran out of memory on "
    "your GPU.\n\nTIPS: If the workflow worked before you might have accidentally set the batch_size to a large number."
)


class Interrupted(Exception):
    """Somebody wants the running job no more."""


class Died(Exception):
    """The worker ends as a thread does whose exception nobody caught: the job stays where it is."""


class NodeFailed(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


class Worker:
    """Belongs to one server and one life of it: a restart makes another."""

    def __init__(self, server: "ComfyUI") -> None:
        self._server = server
        self._cache: dict[str, Any] = {}  # Any: outputs of nodes, or their files
        self.node: str | None = None

    async def run(self) -> None:
        """Until it dies or is cancelled."""
        while True:
            job = self._server.jobs.pop()
            if job is None:
                await self._server.wait()
                continue
            await self._server.tell_status()
            try:
                await self._work(job)
            except Died:
                return

    async def _work(self, job: Job) -> None:
        self._server.interrupted = False
        try:
            await self._execute(job)
            await self._note(job, "execution_success", {})
        except Interrupted:
            await self._interrupted(job)
        except NodeFailed as error:
            await self._failed(job, error)
        self._server.jobs.end(job)
        self.node = None
        await self._server.tell_status()
        if job.client_id is not None:
            await self._server.sockets.send("executing", {"node": None, "prompt_id": job.id}, job.client_id)

    async def _note(self, job: Job, kind: str, data: JsonObject, *, to_all: bool = False) -> None:
        data = {"prompt_id": job.id} | data | {"timestamp": self._server.now_ms()}
        job.messages.append([kind, data])
        if job.client_id is not None or to_all:
            await self._server.sockets.send(kind, data, job.client_id)

    async def _tell(self, job: Job, kind: str, data: JsonObject) -> None:
        if job.client_id is not None:
            await self._server.sockets.send(kind, data, job.client_id)

    async def _execute(self, job: Job) -> None:
        nodes = self._server.nodes()
        order = _order(job)
        keys = self._keys(job, order)
        cached = [node_id for node_id in order if keys[node_id] in self._cache]
        for key in [keys[node_id] for node_id in cached]:
            self._cache[key] = self._cache.pop(key)  # the last to be forgotten
        await self._note(job, "execution_start", {})
        await self._note(job, "execution_cached", {"nodes": cached})
        for node_id in order:
            node = nodes[job.prompt[node_id]["class_type"]]
            if node_id not in cached:
                await self._state(job, node_id, 0.0, 1.0)
                self.node = node_id
                await self._tell(job, "executing", {"node": node_id, "display_node": node_id, "prompt_id": job.id})
                self._keep(keys[node_id], await self._run(job, node_id, node, keys))
            if node.is_output:
                job.done[node_id] = self._cache[keys[node_id]]
                done = {"node": node_id, "display_node": node_id, "output": job.done[node_id], "prompt_id": job.id}
                await self._tell(job, "executed", done)
            if node_id not in cached or node.is_output:
                await self._state(job, node_id, 1.0, 1.0, "finished")

    async def _run(self, job: Job, node_id: str, node: Node, keys: dict[str, str]) -> Any:  # Any: as in the cache
        given = self._values(job, node_id, keys)
        await self._between()
        if (fault := self._server.faults.take(node.name, RUN_FAULTS)) is not None:
            raise (
                NodeFailed("torch.OutOfMemoryError", TOO_LITTLE_MEMORY)
                if fault.kind == "oom"
                else NodeFailed("RuntimeError", f"weights of {INPUT_FOLDER} do not fit")
            )
        made: Any = ()
        try:
            if node.steps is None:
                made = await asyncio.to_thread(node.run, given)
            else:
                async for step, made in _stepped(node, given):  # noqa: B007 - the last one counts
                    await self._stepped(job, node_id, step, int(given["steps"]))
            return await self._saved(job, made) if isinstance(made, Saved) else made
        except UnidentifiedImageError:
            message = f"cannot identify image file '{INPUT_FOLDER}/{given['image']}'\n"
            raise NodeFailed("PIL.UnidentifiedImageError", message) from None
        except Outside:
            raise NodeFailed(
                "Exception", "**** ERROR: Saving image outside the output folder is not allowed."
            ) from None
        except (ValueError, OSError, KeyError, MemoryError) as error:
            raise NodeFailed(type(error).__name__, str(error)) from error

    async def _stepped(self, job: Job, node_id: str, step: int, most: int) -> None:
        await self._server.pause()
        await self._between()
        await self._tell(job, "progress", {"value": step, "max": most, "prompt_id": job.id, "node": node_id})
        await self._state(job, node_id, step, most)

    async def _between(self) -> None:
        """Where a worker may be stopped."""
        await self._server.held()
        if self._server.dead:
            raise Died
        if self._server.interrupted:
            raise Interrupted

    async def _state(self, job: Job, node_id: str, value: float, most: float, state: str = "running") -> None:
        """Of a job without a client, to every socket."""
        about = {"value": value, "max": most, "state": state, "node_id": node_id, "prompt_id": job.id}
        about |= {"display_node_id": node_id, "parent_node_id": None, "real_node_id": node_id}
        data = {"prompt_id": job.id, "nodes": {node_id: about}}
        await self._server.sockets.send("progress_state", data, job.client_id)

    def _values(self, job: Job, node_id: str, keys: dict[str, str]) -> JsonObject:
        given = job.prompt[node_id].get("inputs", {})
        return {
            name: self._cache[keys[value[0]]][value[1]] if isinstance(value, list) else value
            for name, value in given.items()
        }

    async def _saved(self, job: Job, made: Saved) -> JsonObject:
        texts = {"prompt": job.prompt} | job.extra.get("extra_pnginfo", {})
        folder = self._server.folders.of(made.folder)
        assert folder is not None
        files = [folder.save(made.prefix, await asyncio.to_thread(painting.png, each, texts)) for each in made.images]
        return {"images": files}

    def _keys(self, job: Job, order: list[str]) -> dict[str, str]:
        """What a node's outputs depend on: its class, its values, what comes before it, the bytes of its files."""
        keys: dict[str, str] = {}
        for node_id in order:
            node = job.prompt[node_id]
            given = {
                name: [keys[value[0]], value[1]] if isinstance(value, list) else value
                for name, value in sorted(node.get("inputs", {}).items())
            }
            if node["class_type"] == "LoadImage":
                given["digest"] = self._server.folders.input.digest(str(given["image"]))
            keys[node_id] = sha256(repr((node["class_type"], given)).encode()).hexdigest()
        return keys

    def _keep(self, key: str, made: Any) -> None:  # Any: as in the cache
        self._cache[key] = made
        while len(self._cache) > CACHED:
            del self._cache[next(iter(self._cache))]

    async def _interrupted(self, job: Job) -> None:
        kind = job.prompt[self.node]["class_type"] if self.node else None
        about = {"node_id": self.node, "node_type": kind, "executed": list(job.done)}
        await self._note(job, "execution_interrupted", about, to_all=True)

    async def _failed(self, job: Job, error: NodeFailed) -> None:
        assert self.node is not None
        node = job.prompt[self.node]
        about = {
            "node_id": self.node,
            "node_type": node["class_type"],
            "executed": list(job.done),
            "exception_message": error.message,
            "exception_type": error.kind,
            "traceback": ["…"],
            "current_inputs": {name: [value] for name, value in node.get("inputs", {}).items()},
            "current_outputs": list(job.prompt),
        }
        await self._note(job, "execution_error", about)


async def _stepped(node: Node, given: JsonObject) -> AsyncIterator[tuple[int, Any]]:  # Any: outputs
    assert node.steps is not None
    steps = node.steps(given)
    number = 0
    while (made := await asyncio.to_thread(next, steps, None)) is not None:
        number += 1
        yield number, made


def _order(job: Job) -> list[str]:
    """What the wanted outputs need, each after what it needs itself."""
    order: dict[str, None] = {}

    def visit(node_id: str) -> None:
        if node_id in order:
            return
        for value in job.prompt[node_id].get("inputs", {}).values():
            if isinstance(value, list):
                visit(value[0])
        order[node_id] = None

    for node_id in job.outputs:
        visit(node_id)
    return list(order)
