"""The world's images server, for tests: `images = sandbox.images()`."""

from typing import Any

from sandbox.client.connection import SandboxConnection
from sandbox.client.screen import JsonObject


class Images:
    """`url` is what a manifest is given."""

    def __init__(self, sandbox: SandboxConnection) -> None:
        self._sandbox = sandbox
        self.url = f"{sandbox.base_url}/images/{sandbox.bot_id}/v1"

    async def change(self, **changes: Any) -> None:  # Any: settings of several types
        """key, hands_out (`b64` or `url`)."""
        await self._sandbox.call("PATCH", "/images", body=changes)

    async def fault(self, kind: str, *, on: str = "pictures", times: int = 1, seconds: float = 60.0) -> None:
        """The next calls fail so, after those that were told before. `on`: pictures, models, or `*` for both; `times`
        0: until the faults are cleared. `seconds`: of `hang`."""
        body = {"kind": kind, "on": on, "times": times, "seconds": seconds}
        await self._sandbox.call("POST", "/images/faults", body=body)

    async def clear_faults(self) -> None:
        await self._sandbox.call("DELETE", "/images/faults")

    async def log(self) -> list[JsonObject]:
        """The calls, oldest first: prompt, pictures, path, error."""
        found: list[JsonObject] = await self._sandbox.call("GET", "/images/log")
        return found
