"""The world's site at CloudPayments, for tests that read as a conversation.

site = await sandbox.cloudpayments(webhook_url="http://…/webhooks/cloudpayments")
await site.pays(card="4111111111111111")
assert [each["event"] for each in await site.webhooks()] == ["check", "pay"]
"""

from typing import Any, Self

from sandbox.client.connection import SandboxConnection
from sandbox.client.screen import JsonObject

SETTLE_SECONDS = 5.0
LAST = "last"


class CloudPaymentsSite:
    """Answers are the API's models. An order, a transaction, a token: the last one where none is named."""

    def __init__(self, sandbox: SandboxConnection, view: JsonObject) -> None:
        self._sandbox = sandbox
        self.public_id: str = view["public_id"]
        self.api_secret: str = view["api_secret"]

    @classmethod
    async def of(cls, sandbox: SandboxConnection, **changes: Any) -> Self:  # Any: settings of several types
        method, body = ("PATCH", {"body": changes}) if changes else ("GET", {})
        return cls(sandbox, await sandbox.call(method, "/cloudpayments", **body))

    @property
    def api_url(self) -> str:
        """What the shop under test is given as `CLOUDPAYMENTS_API_URL`."""
        return f"{self._sandbox.base_url}/cloudpayments/api"

    async def _call(self, method: str, path: str, **given: Any) -> Any:  # Any: as in SandboxConnection.request
        return await self._sandbox.call(method, f"/cloudpayments{path}", **given)

    async def change(self, **changes: Any) -> None:  # Any: settings of several types
        """name, public_id, api_secret, test, saves_cards, format (`form`, `json`), webhook_url, off (kinds)."""
        view = await self._call("PATCH", "", body=changes)
        self.public_id, self.api_secret = view["public_id"], view["api_secret"]

    async def orders(self) -> list[JsonObject]:
        """Newest first."""
        found: list[JsonObject] = await self._call("GET", "/orders")
        return found

    async def order(self, order_id: str = LAST) -> JsonObject:
        found: JsonObject = await self._call("GET", f"/orders/{order_id}")
        return found

    async def transactions(self) -> list[JsonObject]:
        """Newest first, refunds too."""
        found: list[JsonObject] = await self._call("GET", "/transactions")
        return found

    async def pays(self, order_id: str = LAST, **how: Any) -> JsonObject:  # Any: JSON
        """A try to pay; `how`: card, code (what the bank declines with), secure (False: 3-D Secure fails, None: the
        payer goes away before that), force (also what is paid or cancelled). Answers the transaction."""
        made: JsonObject = await self._call("POST", f"/orders/{order_id}/pay", body=how)
        return made

    async def secures(self, *, passed: bool = True, transaction: int | str = LAST) -> JsonObject:
        """The payer comes back to the bank's page."""
        ended: JsonObject = await self._call("POST", f"/transactions/{transaction}/secure", body={"passed": passed})
        return ended

    async def refunds_in_cabinet(self, *, amount: str | None = None, transaction: int | str = LAST) -> JsonObject:
        """The owner gives money back in CloudPayments' own cabinet, all that is left unless told how much."""
        made: JsonObject = await self._call("POST", f"/transactions/{transaction}/refund", body={"amount": amount})
        return made

    async def charges_back(self, transaction: int | str = LAST) -> JsonObject:
        """The payer's bank takes the money away, and nobody tells the shop."""
        made: JsonObject = await self._call("POST", f"/transactions/{transaction}/chargeback")
        return made

    async def tampers(self, transaction: int | str = LAST, **changes: Any) -> JsonObject:  # Any: of several types
        """What CloudPayments would never do: another amount, currency, test, public_id, invoice, data."""
        changed: JsonObject = await self._call("PATCH", f"/transactions/{transaction}", body=changes)
        return changed

    async def tokens(self) -> list[JsonObject]:
        """Oldest first: token, account, card, declines, refused_for_good."""
        found: list[JsonObject] = await self._call("GET", "/tokens")
        return found

    async def declines_charges(self, code: int, token: str = LAST) -> None:
        """What charges of the token meet from now on; 0: they pass."""
        await self._call("PATCH", f"/tokens/{token}", body={"declines": code})

    async def forgets_token(self, token: str = LAST) -> None:
        await self._call("DELETE", f"/tokens/{token}")

    async def fault(self, kind: str, on: str = "*", *, times: int = 1, **more: Any) -> None:  # Any: JSON
        """The next `times` calls (`on`: `orders/create`, …) or notifications (`on`: a kind) fail; `more`: seconds,
        copies, value."""
        await self._call("POST", "/faults", body={"kind": kind, "on": on, "times": times, **more})

    async def clear_faults(self) -> None:
        await self._call("DELETE", "/faults")

    async def notify(self, kind: str, fields: JsonObject | None = None, **more: Any) -> int | None:  # Any: JSON
        """Post a forged notification; `more`: signed, raw, headers. Answers the HTTP status, None for no answer."""
        given = {"kind": kind, **({} if fields is None else {"fields": fields}), **more}
        status: int | None = (await self._call("POST", "/notify", body=given))["attempts"][-1]["status"]
        return status

    async def webhooks(self, *, after: int = 0, wait: float = SETTLE_SECONDS) -> list[JsonObject]:
        """Oldest first: n, event, object_id, status, attempts, next_at, body. Waits for those on their way."""
        found: list[JsonObject] = await self._call("GET", "/webhooks", query={"after": after, "wait": wait})
        return found

    async def sends_again(self, n: int, *, times: int = 1) -> list[int | None]:
        """Post a webhook `times` more at the same moment; answers the HTTP statuses."""
        view = await self._call("POST", f"/webhooks/{n}/send", body={"times": times})
        return [attempt["status"] for attempt in view["attempts"][-times:]]

    async def log(self, call: str | None = None, *, after: int = 0) -> list[JsonObject]:
        """The shop's calls, oldest first: n, call, path, key, body, status, error?, unknown?, at."""
        query: dict[str, str | int] = {"after": after} if call is None else {"after": after, "call": call}
        calls: list[JsonObject] = await self._call("GET", "/log", query=query)
        return calls
