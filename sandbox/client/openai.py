"""The world's AI provider, for tests: `provider = sandbox.openai()`."""

from typing import Any

from sandbox.client.connection import SandboxConnection
from sandbox.client.screen import JsonObject


class OpenAIProvider:
    """`url` is what a manifest is given."""

    def __init__(self, sandbox: SandboxConnection) -> None:
        self._sandbox = sandbox
        self.url = f"{sandbox.base_url}/openai/{sandbox.bot_id}/v1"

    async def change(self, **changes: Any) -> None:  # Any: settings of several types
        """key, dialect (`openai`, `openrouter` or `gateway`), pace (seconds), context (tokens)."""
        await self._sandbox.call("PATCH", "/openai", body=changes)

    async def fault(self, kind: str, *, times: int = 1, retry_after: float | None = None) -> None:
        """The next calls meet it, after those told before; `times` 0: all, until they are cleared."""
        await self._sandbox.call(
            "POST", "/openai/faults", body={"kind": kind, "times": times, "retry_after": retry_after}
        )

    async def clear_faults(self) -> None:
        await self._sandbox.call("DELETE", "/openai/faults")

    async def view(self) -> JsonObject:
        found: JsonObject = await self._sandbox.call("GET", "/openai")
        return found

    async def log(self) -> list[JsonObject]:
        """The calls, oldest first: what was sent, and the fault that each met."""
        found: list[JsonObject] = await self._sandbox.call("GET", "/openai/log")
        return found
