"""What a ComfyUI server is asked, and its answers without their wrapping."""

import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress
from urllib.parse import quote
from uuid import UUID

import aiohttp

from services.inference.errors import ModelBroken, RunFailed
from services.inference.runtimes.comfyui.connection import FILE_SECONDS, ServerConnection
from services.inference.runtimes.comfyui.workflow import Json


class PromptRefused(Exception):
    """ComfyUI's 400: `error` and `node_errors` as it gives them."""

    def __init__(self, answer: Json) -> None:
        error = answer.get("error")
        self.error: Json = error if isinstance(error, dict) else {"type": "", "message": str(error or "")}
        node_errors = answer.get("node_errors")
        self.node_errors: Json = node_errors if isinstance(node_errors, dict) else {}
        super().__init__(str(self.error.get("message")))


class FileGone(Exception):
    """The server tells of a file that it does not have any more."""


class ComfyUIClient:
    """Raises what `ServerConnection` does."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._connection = ServerConnection(url, headers)

    async def close(self) -> None:
        await self._connection.close()

    async def stats(self) -> Json:
        return await self._connection.json("GET", "/system_stats", wanted="system")

    async def node_info(self, kind: str) -> Json | None:
        """What the server says of a class of nodes; None where it does not have it."""
        found = (await self._connection.json("GET", f"/object_info/{quote(kind, safe='')}")).get(kind)
        return found if isinstance(found, dict) else None

    async def queue(self) -> tuple[list[str], list[str]]:
        """Ids of the jobs that run, and of those that wait, the next first."""
        answer = await self._connection.json("GET", "/queue", wanted="queue_running")
        try:
            running = [str(item[1]) for item in answer["queue_running"]]
            waiting = [str(item[1]) for item in sorted(answer["queue_pending"], key=lambda item: float(item[0]))]
        except (KeyError, IndexError, TypeError, ValueError):
            raise self._connection.nonsense("/queue") from None
        return running, waiting

    async def history(self, job: UUID) -> Json | None:
        """The job's entry; None where it has not ended, or is not known."""
        entry = (await self._connection.json("GET", f"/history/{job}")).get(str(job))
        return entry if isinstance(entry, dict) else None

    async def forget(self, job: UUID) -> None:
        """Its entry in the history: the next one of the same id is not to be taken for it."""
        await self._connection.bare("POST", "/history", {"delete": [str(job)]})

    async def post(self, prompt: Json, *, job: UUID) -> Json:
        """Errors of nodes that some outputs need, though not all. Raises PromptRefused."""
        body = {"prompt": prompt, "prompt_id": str(job), "client_id": client_id(job)}
        status, text = await self._connection.call("POST", "/prompt", body)
        if status == 400:
            raise PromptRefused(_object(text))
        answer = self._connection.read("/prompt", status, text)
        if (named := answer.get("prompt_id")) != str(job):
            await self._drop(named)
            problem = "the server gives jobs names of its own, so that they could not be found again"
            raise ModelBroken(problem=problem, fix="Update ComfyUI; 0.3.64 and later are known to work")
        errors = answer.get("node_errors")
        return errors if isinstance(errors, dict) else {}

    async def cancel(self, job: UUID) -> None:
        """That job alone: a bare interrupt would stop whatever runs, anybody's."""
        status, text = await self._connection.call("POST", f"/api/jobs/{job}/cancel", {})
        if status not in (404, 405):
            self._connection.read("/api/jobs", status, text)
            return
        await self._connection.bare("POST", "/queue", {"delete": [str(job)]})  # before version 0.26
        await self._connection.bare("POST", "/interrupt", {"prompt_id": str(job)})

    async def _drop(self, named: object) -> None:
        """A job that is known by another name than it was given."""
        with suppress(ValueError, TypeError):
            await self.cancel(UUID(str(named)))

    async def upload(self, name: str, content: bytes, *, folder: str) -> str:
        """What a node is to call it: the server may have given it another name."""
        form = aiohttp.FormData()
        form.add_field("type", "input")
        form.add_field("subfolder", folder)
        form.add_field("image", content, filename=name)
        status, text = await self._connection.call("POST", "/upload/image", form, seconds=FILE_SECONDS)
        if status == 413:
            raise RunFailed(problem=f"the server takes no picture of {len(content)} bytes")
        answer = self._connection.read("/upload/image", status, text)
        if not isinstance(answer.get("name"), str):
            raise self._connection.nonsense("/upload/image")
        subfolder = answer.get("subfolder")
        return f"{subfolder}/{answer['name']}" if subfolder else str(answer["name"])

    async def file(self, file: Json) -> bytes:
        """Raises FileGone."""
        query = {key: str(file.get(key, "")) for key in ("filename", "subfolder", "type")}
        content = await self._connection.file(query)
        if content is None:
            raise FileGone(query["filename"])
        return content

    def socket(self, job: UUID) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        """Messages of this job."""
        return self._connection.socket(client_id(job))


def client_id(job: UUID) -> str:
    """Whoever takes the job over hears of it."""
    return f"kassandra-{job.hex}"


def _object(text: str) -> Json:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}
