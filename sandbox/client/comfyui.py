"""A world's ComfyUI as a test sees it."""

from typing import Any

from sandbox.client.connection import SandboxConnection
from sandbox.client.screen import JsonObject


class ComfyUIServer:
    """`url` is for the shop; what is asked here are the sandbox's own buttons."""

    def __init__(self, sandbox: SandboxConnection) -> None:
        self._sandbox = sandbox
        self.url = f"{sandbox.base_url}/comfyui/{sandbox.bot_id}"

    async def _call(self, method: str, path: str = "", **given: Any) -> Any:  # Any: as in SandboxConnection.request
        return await self._sandbox.call(method, f"/comfyui{path}", **given)

    async def look(self) -> JsonObject:
        """Switches, and `running`, `pending`, `ended`, `files`, `uploads`."""
        state: JsonObject = await self._call("GET")
        return state

    async def change(self, **switches: Any) -> JsonObject:  # Any: of several types
        """version, pace, authorization, missing_nodes, models, held."""
        state: JsonObject = await self._call("PATCH", body=switches)
        return state

    async def fault(self, kind: str, on: str = "*", *, times: int = 1, **more: Any) -> None:  # Any: seconds
        await self._call("POST", "/faults", body={"kind": kind, "on": on, "times": times, **more})

    async def clear_faults(self) -> None:
        await self._call("DELETE", "/faults")

    async def restarts(self) -> None:
        await self._call("POST", "/restart")

    async def loses_its_worker(self) -> None:
        await self._call("POST", "/kill-worker")

    async def silences_sockets(self) -> None:
        await self._call("POST", "/silence")

    async def loses_its_files(self) -> None:
        await self._call("DELETE", "/files")

    async def log(self, call: str | None = None) -> list[JsonObject]:
        """Calls, oldest first: n, call, path, query, status, at."""
        calls: list[JsonObject] = await self._call("GET", "/log", query={} if call is None else {"call": call})
        return calls
