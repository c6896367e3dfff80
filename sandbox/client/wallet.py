"""A person's Stars in a test.

await anna.wallet.pays("⭐100")
await anna.sees("Зачислено")
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sandbox.client.connection import SandboxConnection
from sandbox.client.screen import JsonObject

if TYPE_CHECKING:
    from sandbox.client.person import Person

WITHIN_SECONDS = 25.0
TELEGRAM_LINKS = ("/$", "/invoice/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """How a press on Pay ended: `paid`, `refused` (with the bot's words in `error`) or `expired`."""

    state: str
    error: str | None
    charge_id: str | None


class Wallet:
    def __init__(self, sandbox: SandboxConnection, person: "Person") -> None:
        self._sandbox = sandbox
        self._person = person

    async def _call(self, method: str, path: str = "", **given: Any) -> Any:  # Any: as in SandboxConnection.request
        return await self._sandbox.call(method, f"/people/{self._person.id}/stars{path}", **given)

    async def balance(self) -> int:
        return int((await self._call("GET"))["balance"])

    async def has(self, stars: int) -> None:
        """So many from now on."""
        await self._call("PATCH", body={"balance": stars})

    async def pays(self, wanted: str, *, of: "Person | None" = None, within: float = WITHIN_SECONDS) -> Paid:
        """By a link, or by the button that pays or leads to one, found as `presses` finds one. `of`: whose invoice was
        forwarded here."""
        if wanted.startswith("https://"):
            return await self._pay({"slug": slug_of(wanted)}, within)
        message, button = await (of or self._person).button(wanted, within=within)
        if button.url is not None:
            return await self._pay({"slug": slug_of(button.url)}, within)
        assert button.pay, f"[{button.text}] is no button to pay with"
        forwarded: JsonObject = {} if of is None else {"of": of.id}
        return await self._pay({"message_id": message.id, **forwarded}, within)

    async def presses_pay(self, link: str) -> str:
        """Begins only; answers the id of the pre-checkout query."""
        begun = await self._call("POST", "/pay", body={"slug": slug_of(link)})
        return str(begun["id"])

    async def _pay(self, body: JsonObject, within: float) -> Paid:
        begun = await self._call("POST", "/pay", body=body)
        self._person.acted(begun["event"])
        return await self.ended(begun["id"], within=within)

    async def ended(self, query: str, *, within: float = WITHIN_SECONDS) -> Paid:
        """What became of a pre-checkout query."""
        state = await self._sandbox.call("GET", f"/stars/checkouts/{query}", query={"wait": within})
        assert state["state"] != "asked", f"the bot has not answered the pre-checkout query in {within:g} s"
        return Paid(state=state["state"], error=state["error"], charge_id=state["charge_id"])

    async def subscriptions(self) -> list[JsonObject]:
        """id, payload, title, amount, until, state (`active`, `canceled`, `failed`, `over`), by_bot."""
        found: list[JsonObject] = (await self._call("GET"))["subscriptions"]
        return found

    async def cancels(self) -> None:
        """The newest subscription, in Telegram's settings."""
        await self._subscription("cancel")

    async def resumes(self) -> None:
        """As above: takes the cancellation back, or pays for one that has failed."""
        await self._subscription("resume")

    async def _subscription(self, act: str) -> None:
        newest = (await self.subscriptions())[-1]["id"]
        await self._sandbox.call("POST", f"/stars/subscriptions/{newest}/{act}")


def slug_of(link: str) -> str:
    """Of `https://t.me/$<slug>`."""
    path = urlsplit(link).path
    for prefix in TELEGRAM_LINKS:
        if path.startswith(prefix):
            return path.removeprefix(prefix)
    raise AssertionError(f"{link} leads to no invoice")
