"""The world's inference server, for tests.

server = await sandbox.inference(dialect="mlserver")
await server.fault("hang", seconds=5)
assert [call["status"] for call in await server.log("infer")] == [0]
"""

from typing import Any, Self

from sandbox.client.connection import SandboxConnection
from sandbox.client.screen import JsonObject


class Inference:
    """`url` is what a manifest is given."""

    def __init__(self, sandbox: SandboxConnection) -> None:
        self._sandbox = sandbox
        self.url = f"{sandbox.base_url}/inference/{sandbox.bot_id}"

    @classmethod
    async def of(cls, sandbox: SandboxConnection, **changes: Any) -> Self:  # Any: settings of several types
        server = cls(sandbox)
        if changes:
            await server.change(**changes)
        return server

    async def _call(self, method: str, path: str, **given: Any) -> Any:  # Any: as in SandboxConnection.request
        return await self._sandbox.call(method, f"/inference{path}", **given)

    async def change(self, **changes: Any) -> JsonObject:  # Any: settings of several types
        """dialect, header, metadata, binary_out, max_bytes, cuts; answers all of them."""
        view: JsonObject = await self._call("PATCH", "", body=changes)
        return view

    async def loads(self, model: str) -> None:
        await self._call("POST", f"/models/{model}/load")

    async def unloads(self, model: str) -> None:
        await self._call("POST", f"/models/{model}/unload")

    async def fault(self, kind: str, on: str = "infer", *, times: int = 1, seconds: float = 60.0) -> None:
        """The next `times` calls fail (0: all)."""
        await self._call("POST", "/faults", body={"kind": kind, "on": on, "times": times, "seconds": seconds})

    async def clear_faults(self) -> None:
        await self._call("DELETE", "/faults")

    async def log(self, call: str | None = None, *, after: int = 0) -> list[JsonObject]:
        """The calls, oldest first: n, call, path, bytes, binary, rows, status, at."""
        query: dict[str, str | int] = {"after": after} if call is None else {"after": after, "call": call}
        found: list[JsonObject] = await self._call("GET", "/log", query=query)
        return found
