"""The bot's Stars at Telegram, for tests that read as a conversation.

await sandbox.stars.fault("lose", "payment")
await sandbox.stars.charges_back()
"""

from typing import Any

from sandbox.client.connection import SandboxConnection
from sandbox.client.screen import JsonObject

LAST = "last"


class Stars:
    """Charges are named by their id; the last one made when none is named."""

    def __init__(self, sandbox: SandboxConnection) -> None:
        self._sandbox = sandbox

    async def _call(self, method: str, path: str = "", **given: Any) -> Any:  # Any: as in SandboxConnection.request
        return await self._sandbox.call(method, f"/stars{path}", **given)

    async def balance(self) -> int:
        return int((await self._call("GET"))["balance"])

    async def transactions(self) -> list[JsonObject]:
        """The newest fifty, oldest of them first; the API's objects."""
        found: list[JsonObject] = (await self._call("GET"))["transactions"]
        return found

    async def charges(self) -> list[JsonObject]:
        """id, payer_id, amount, payload, title, at, subscription, returned; as above."""
        found: list[JsonObject] = (await self._call("GET"))["charges"]
        return found

    async def subscriptions(self) -> list[JsonObject]:
        """As `Wallet.subscriptions`, of everybody."""
        found: list[JsonObject] = (await self._call("GET"))["subscriptions"]
        return found

    async def refunds(self, charge_id: str = LAST) -> JsonObject:
        """Telegram's support gives a payment back."""
        charge: JsonObject = await self._call("POST", f"/charges/{charge_id}/refund")
        return charge

    async def charges_back(self, charge_id: str = LAST) -> JsonObject:
        """Whoever sold the Stars takes them from the bot, which is not told."""
        charge: JsonObject = await self._call("POST", f"/charges/{charge_id}/chargeback")
        return charge

    async def spends(self, amount: int, on: str = "withdrawal") -> None:
        """On a `withdrawal`, `paid_messages` or `other`."""
        await self._call("POST", "/transactions", body={"kind": on, "amount": amount})

    async def fault(self, kind: str, on: str, *, times: int = 1, **more: Any) -> None:  # Any: JSON
        """The next `times` updates (0: all) of the kind `on` (pre_checkout, payment, refund, subscription) are lost
        (`lose`), come again (`repeat`; `copies`) or late (`late`; `seconds`)."""
        await self._call("POST", "/faults", body={"kind": kind, "on": on, "times": times, **more})

    async def clear_faults(self) -> None:
        await self._call("DELETE", "/faults")
