"""The world's shop at YooKassa, for tests that read as a conversation.

shop = await sandbox.shop()
await shop.pays()
assert [each["event"] for each in await shop.webhooks()] == ["payment.succeeded"]
"""

from typing import Any, Self

from sandbox.client.connection import SandboxConnection
from sandbox.client.screen import JsonObject

SETTLE_SECONDS = 5.0
LAST = "last"


class Shop:
    """Payments are named by YooKassa's id; the last one made when none is named. Answers are the API's objects."""

    def __init__(self, sandbox: SandboxConnection, view: JsonObject) -> None:
        self._sandbox = sandbox
        self.shop_id: str = view["shop_id"]
        self.secret_key: str = view["secret_key"]

    @classmethod
    async def of(cls, sandbox: SandboxConnection, **changes: Any) -> Self:  # Any: settings of several types
        view = await sandbox.call("PATCH", "/shop", body=changes) if changes else await sandbox.call("GET", "/shop")
        return cls(sandbox, view)

    @property
    def api_url(self) -> str:
        """What the shop under test is given as `YOOKASSA_API_URL`."""
        return f"{self._sandbox.base_url}/yookassa/v3"

    async def _call(self, method: str, path: str, **given: Any) -> Any:  # Any: as in SandboxConnection.request
        return await self._sandbox.call(method, f"/shop{path}", **given)

    async def _act(self, payment_id: str, act: str, **body: Any) -> JsonObject:  # Any: JSON
        answer: JsonObject = await self._call("POST", f"/payments/{payment_id}/{act}", body=body)
        return answer

    async def change(self, **changes: Any) -> None:  # Any: settings of several types
        """name, shop_id, secret_key, webhook_url, test, receipts_required, autopay."""
        view = await self._call("PATCH", "", body=changes)
        self.shop_id, self.secret_key = view["shop_id"], view["secret_key"]

    async def payments(self, *, limit: int = 50) -> list[JsonObject]:
        """Newest first."""
        found: list[JsonObject] = await self._call("GET", "/payments", query={"limit": limit})
        return found

    async def refunds(self, *, limit: int = 50) -> list[JsonObject]:
        """Newest first."""
        found: list[JsonObject] = await self._call("GET", "/refunds", query={"limit": limit})
        return found

    async def payment(self, payment_id: str = LAST) -> JsonObject:
        payment: JsonObject = await self._call("GET", f"/payments/{payment_id}")
        return payment

    async def pays(self, payment_id: str = LAST, *, method: str = "card", force: bool = False) -> JsonObject:
        """The payer pays by `card` or `sbp`; with `force` even what was canceled."""
        return await self._act(payment_id, "pay", method=method, force=force)

    async def declines(self, reason: str = "insufficient_funds", payment_id: str = LAST) -> JsonObject:
        return await self._act(payment_id, "decline", reason=reason)

    async def methods(self) -> list[JsonObject]:
        """Saved ones, oldest first: the API's, with declines and waits."""
        found: list[JsonObject] = await self._call("GET", "/methods")
        return found

    async def declines_charges(self, reason: str | None, method_id: str = LAST, *, waits: bool = False) -> None:
        """What charges of a saved method meet from now on; None: they pass. With `waits` they are pending until `pays`
        or `declines` ends them."""
        await self._call("PATCH", f"/methods/{method_id}", body={"declines": reason, "waits": waits})

    async def forgets_method(self, method_id: str = LAST) -> None:
        await self._call("DELETE", f"/methods/{method_id}")

    async def expires(self, payment_id: str = LAST) -> JsonObject:
        return await self._act(payment_id, "expire")

    async def refunds_in_cabinet(self, payment_id: str = LAST, *, amount: str | None = None) -> JsonObject:
        """The owner gives money back in YooKassa's own cabinet, all that is left unless told how much."""
        return await self._act(payment_id, "refund", amount=amount)

    async def tampers(self, payment_id: str = LAST, **changes: Any) -> JsonObject:  # Any: fields of several types
        """What YooKassa would never do to a payment: another amount, currency, test, account_id, metadata."""
        payment: JsonObject = await self._call("PATCH", f"/payments/{payment_id}", body=changes)
        return payment

    async def fault(self, kind: str, on: str = "*", *, times: int = 1, **more: Any) -> None:  # Any: JSON
        """The next `times` calls (`on` one of the API's, or an event) fail; `more`: seconds, copies, value."""
        await self._call("POST", "/faults", body={"kind": kind, "on": on, "times": times, **more})

    async def clear_faults(self) -> None:
        await self._call("DELETE", "/faults")

    async def notify(
        self, body: Any = None, *, raw: str | None = None, headers: dict[str, str] | None = None
    ) -> int | None:  # Any: JSON, well-formed or not
        """Post a forged notification; answers the HTTP status, None where there was no answer."""
        given: JsonObject = {"headers": headers or {}}
        given |= {"raw": raw} if raw is not None else {"body": body}
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
