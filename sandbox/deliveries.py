"""The supervised owner of the sandbox's only background work: one webhook courier for each world."""

import asyncio
from types import TracebackType
from typing import Self

import aiohttp

from sandbox.telegram.webhook import Answer
from sandbox.telegram.world import World, Worlds

ANSWER_WITHIN_SECONDS = 60.0


class Deliveries:
    def __init__(self, worlds: Worlds) -> None:
        self._worlds = worlds
        self._group = asyncio.TaskGroup()
        self._couriers: dict[int, asyncio.Task[None]] = {}
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
        for courier in self._couriers.values():
            courier.cancel()
        try:
            await self._group.__aexit__(kind, error, traceback)
        finally:
            await self._http.close()

    def start(self, world: World) -> None:
        if world.bot_id not in self._couriers:
            courier = self._group.create_task(world.webhook.run(self._post), name=f"webhook-{world.bot_id}")
            self._couriers[world.bot_id] = courier

    def stop(self, world: World) -> None:
        courier = self._couriers.pop(world.bot_id, None)
        if courier is not None:
            courier.cancel()

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
