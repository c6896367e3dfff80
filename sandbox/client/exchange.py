"""The world's exchange, for tests: `exchange = sandbox.exchange()`."""

from sandbox.client.connection import SandboxConnection
from sandbox.client.screen import JsonObject


class ExchangeClient:
    """`url` is MARKET_DATA_URL, `csv_url` what a manifest is given."""

    def __init__(self, sandbox: SandboxConnection) -> None:
        self._sandbox = sandbox
        self.url = f"{sandbox.base_url}/exchange/{sandbox.bot_id}/iss"
        self.csv_url = f"{sandbox.base_url}/exchange/{sandbox.bot_id}/csv/{{symbol}}.csv"

    async def fault(self, kind: str, *, on: str = "*", times: int = 0, seconds: float = 60.0) -> None:
        """The next calls fail so, after those that were told before. `on`: search, paper, history, splits, csv, or `*`
        for all; `times` 0: until the faults are cleared. `seconds`: of `slow`."""
        body = {"kind": kind, "on": on, "times": times, "seconds": seconds}
        await self._sandbox.call("POST", "/exchange/faults", body=body)

    async def clear_faults(self) -> None:
        await self._sandbox.call("DELETE", "/exchange/faults")

    async def log(self) -> list[JsonObject]:
        """The calls, oldest first: call, path, query, fault."""
        calls: list[JsonObject] = await self._sandbox.call("GET", "/exchange/log")
        return calls
