"""The control API for tests that read as a conversation. Knows a sandbox by its address only.

async with Sandbox(url, bot_id) as sandbox:
    anna = await sandbox.person("Анна", language_code="ru")
    await anna.says("/start")
    await anna.presses("Пополнить")
    await anna.sees("Баланс: 10.00")
"""

from typing import Any, Self

from sandbox.client.cloudpayments import CloudPaymentsSite
from sandbox.client.comfyui import ComfyUIServer
from sandbox.client.connection import SandboxConnection, SandboxError
from sandbox.client.exchange import ExchangeClient
from sandbox.client.images import Images
from sandbox.client.inference import Inference
from sandbox.client.mailbox import Mailbox
from sandbox.client.openai import OpenAIProvider
from sandbox.client.person import Person
from sandbox.client.screen import Answer, JsonObject, Message
from sandbox.client.shop import Shop
from sandbox.client.stars import Stars

__all__ = ["Answer", "ComfyUIServer", "Inference", "Mailbox", "Message", "Person", "Sandbox", "SandboxError"]
__all__ += ["CloudPaymentsSite", "Shop", "Stars"]


class Sandbox(SandboxConnection):
    """One bot's world."""

    @classmethod
    async def create(cls, base_url: str, token: str, **names: str) -> Self:
        """A world of its own for `token`; `names` are username and first_name."""
        sandbox = cls(base_url, int(token.partition(":")[0]), token=token)
        try:
            await sandbox.request("POST", "/sandbox/api/worlds", body={"token": token, **names})
        except BaseException:
            await sandbox.close()
            raise
        return sandbox

    async def person(self, first_name: str = "Анна", *, language_code: str | None = "ru", **more: Any) -> Person:
        """Someone new; `more` are id, last_name, username, role (`customer` or `owner`)."""
        body = {"first_name": first_name, "language_code": language_code, **more}
        return Person(self, await self.call("POST", "/people", body=body))

    async def known(self, person_id: int) -> Person:
        """Someone who is there already."""
        return Person(self, await self.call("GET", f"/people/{person_id}"))

    async def shop(self, **changes: Any) -> Shop:  # Any: settings of several types
        """The bot's shop at YooKassa; `changes` as in `Shop.change`."""
        return await Shop.of(self, **changes)

    async def cloudpayments(self, **changes: Any) -> CloudPaymentsSite:  # Any: as above
        """The bot's site at CloudPayments; `changes` as in `CloudPaymentsSite.change`."""
        return await CloudPaymentsSite.of(self, **changes)

    @property
    def stars(self) -> Stars:
        """The bot's Stars at Telegram."""
        return Stars(self)

    def openai(self) -> OpenAIProvider:
        """The world's AI provider."""
        return OpenAIProvider(self)

    async def mailbox(self) -> Mailbox:
        """The letters to the world's people."""
        return await Mailbox.of(self)

    def images(self) -> Images:
        """The world's images server."""
        return Images(self)

    def exchange(self) -> ExchangeClient:
        """The world's exchange."""
        return ExchangeClient(self)

    async def inference(self, **changes: Any) -> Inference:  # Any: as above
        """The world's inference server; `changes` as in `Inference.change`."""
        return await Inference.of(self, **changes)

    @property
    def comfyui(self) -> ComfyUIServer:
        """The world's image server."""
        return ComfyUIServer(self)

    async def webapp(self, **changes: Any) -> JsonObject:  # Any: as above
        """The bot's Mini Apps; `changes`: main_url, version, spoiling (`old`, `future`, `forged`, `another`), hours."""
        view: JsonObject = await self.call("PATCH", "/webapp", body=changes)
        return view

    async def fault(self, method: str, kind: str, *, times: int = 1, **more: Any) -> None:
        """The next `times` calls of `method` fail (0: all); `more`: retry_after, chat_id, seconds, description."""
        await self.call("POST", "/faults", body={"method": method, "kind": kind, "times": times, **more})

    async def clear_faults(self) -> None:
        await self.call("DELETE", "/faults")

    async def log(self, method: str | None = None, *, after: int = 0) -> list[JsonObject]:
        """The bot's calls, oldest first: n, method, params, ok, error_code?, description?, unknown?, files?, at."""
        query: dict[str, str | int] = {"after": after}
        if method is not None:
            query["method"] = method
        calls: list[JsonObject] = await self.call("GET", "/log", query=query)
        return calls

    async def update(self, raw: JsonObject) -> int:
        """Deliver a made-up update (without update_id); answers its id."""
        return int((await self.call("POST", "/updates", body=raw))["update_id"])

    async def last_update(self) -> JsonObject:
        update: JsonObject = await self.call("GET", "/updates/last")
        return update

    async def repeat(self, update_id: int | None = None) -> JsonObject:
        """Deliver an update once more, the last one when none is named."""
        if update_id is None:
            update_id = (await self.last_update())["update_id"]
        update: JsonObject = await self.call("POST", f"/updates/{update_id}/repeat")
        return update

    async def advance(self, seconds: float) -> None:
        """Move the whole sandbox's time forward: callback queries and drafts grow old, timeouts pass."""
        await self.request("POST", "/sandbox/api/clock", body={"advance": seconds})

    async def make_it(self, weekday: str) -> JsonObject:
        """Move the time to the noon (UTC) of the next such day; answers now, offset, iso, weekday."""
        clock: JsonObject = await self.call("POST", "/clock", body={"weekday": weekday})
        return clock
