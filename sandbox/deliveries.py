"""The supervised owner of the sandbox's only background work: for each world the couriers of Telegram's, YooKassa's and
CloudPayments' webhooks, and the worker of its ComfyUI."""

import asyncio
from types import TracebackType
from typing import Self

import aiohttp

from sandbox.cloudpayments.site import Sites
from sandbox.comfyui.server import Servers
from sandbox.notifier import Reply
from sandbox.telegram.webhook import Answer
from sandbox.telegram.world import World, Worlds
from sandbox.yookassa.shop import Shops

ANSWER_WITHIN_SECONDS = 60.0
MAX_REPLY_BYTES = 64 * 1024


class Deliveries:
    def __init__(self, worlds: Worlds, shops: Shops, sites: Sites, servers: Servers) -> None:
        self._worlds = worlds
        self._shops = shops
        self._sites = sites
        self._servers = servers
        self._group = asyncio.TaskGroup()
        self._couriers: dict[int, list[asyncio.Task[None]]] = {}
        self._http: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_SECONDS))
        await self._group.__aenter__()
        for world in self._worlds:
            self.start(world)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for courier in [each for couriers in self._couriers.values() for each in couriers]:
            courier.cancel()
        try:
            await self._group.__aexit__(kind, error, traceback)
        finally:
            await self._http.close()

    def start(self, world: World) -> None:
        if world.bot_id in self._couriers:
            return
        couriers = [self._group.create_task(world.webhook.run(self._post), name=f"webhook-{world.bot_id}")]
        shop = self._shops.by_bot(world.bot_id)
        if shop is not None:
            couriers.append(self._group.create_task(shop.notifier.run(self._notify), name=f"shop-{world.bot_id}"))
        site = self._sites.by_bot(world.bot_id)
        if site is not None:
            couriers.append(self._group.create_task(site.notifier.run(self._notify), name=f"site-{world.bot_id}"))
        server = self._servers.by_bot(world.bot_id)
        if server is not None:
            couriers.append(self._group.create_task(server.run(), name=f"comfyui-{world.bot_id}"))
        self._couriers[world.bot_id] = couriers

    def stop(self, world: World) -> None:
        for courier in self._couriers.pop(world.bot_id, []):
            courier.cancel()

    async def _notify(self, url: str, body: bytes, headers: dict[str, str]) -> Reply:
        try:
            async with self._http.post(url, data=body, headers=headers, allow_redirects=False) as response:
                return Reply(status=response.status, body=await response.content.read(MAX_REPLY_BYTES))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OSError(str(error) or "Read timeout expired") from error

    async def _post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            async with self._http.post(url, data=body, headers=headers, allow_redirects=False) as response:
                retry_after = response.headers.get("Retry-After", "")
                return Answer(
                    status=response.status,
                    retry_after=float(retry_after) if retry_after.isdigit() else None,
                )
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OSError(str(error) or "Read timeout expired") from error
