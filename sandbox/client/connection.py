"""The way to one bot's world in a sandbox: calls of its control API."""

from types import TracebackType
from typing import Any, Self

import aiohttp

from sandbox.client.screen import JsonObject


class SandboxError(Exception):
    """The control API refused; the text is its `error`."""


class SandboxConnection:
    """Opens when first used; close it or use it as a context manager."""

    def __init__(self, base_url: str, bot_id: int, *, token: str | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self.bot_id = bot_id
        self.token = token
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
            self._http = None

    @property
    def http(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        return self._http

    async def request(
        self,
        method: str,
        path: str,
        *,
        body: JsonObject | None = None,
        form: aiohttp.FormData | None = None,
        query: dict[str, str | int | float] | None = None,
    ) -> Any:  # Any: each call answers JSON of its own shape
        async with self.http.request(method, self.base_url + path, json=body, data=form, params=query) as response:
            answer = await response.json()
            if response.status >= 400:
                raise SandboxError(answer.get("error", answer))
            return answer

    async def call(self, method: str, path: str, **given: Any) -> Any:  # Any: as in `request`
        """`request` within this world: `path` follows the bot's id."""
        return await self.request(method, f"/sandbox/api/{self.bot_id}{path}", **given)

    async def download(self, url: str) -> bytes:
        """A file by the address that a message gives."""
        async with self.http.get(self.base_url + url) as response:
            response.raise_for_status()
            return await response.read()
