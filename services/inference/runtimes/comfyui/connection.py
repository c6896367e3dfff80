"""HTTP and websocket of a ComfyUI server, with words of ours for what goes wrong."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
from yarl import URL

from services.inference.errors import ModelBroken, RunFailed, ServerAway
from services.inference.runtimes.comfyui.workflow import Json
from services.inference.runtimes.missing import judge_missing

CONNECT_SECONDS: Final = 5.0
CALL_SECONDS: Final = 30.0
FILE_SECONDS: Final = 120.0
MAX_JSON: Final = 32_000_000
MAX_FILE: Final = 64_000_000
MAX_MESSAGE: Final = 16_000_000
_AWAY: Final = frozenset({408, 425, 429, 502, 503, 504, 520, 521, 522, 523, 524})
_UNAUTHORIZED: Final = frozenset({401, 403, 407})


class ServerConnection:
    """Belongs to one event loop. Raises ServerAway for what may pass, ModelBroken for what an operator must mend,
    RunFailed for other refusals."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.url, self._headers = str(URL(url)).rstrip("/"), dict(headers)
        self._opened: aiohttp.ClientSession | None = None

    @property
    def _http(self) -> aiohttp.ClientSession:
        if self._opened is None:
            connector = aiohttp.TCPConnector(limit=0)
            self._opened = aiohttp.ClientSession(headers=self._headers, connector=connector)
        return self._opened

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def call(
        self, method: str, path: str, body: Json | aiohttp.FormData | None = None, *, seconds: float = CALL_SECONDS
    ) -> tuple[int, str]:
        """Status and text, whatever they are."""
        status, raw = await self._raw(method, path, body, seconds=seconds, most=MAX_JSON)
        return status, raw.decode("utf-8", "replace")

    async def json(self, method: str, path: str, *, wanted: str | None = None) -> Json:
        """An object, which has the key `wanted`."""
        answer = self.read(path, *await self.call(method, path))
        if wanted is not None and wanted not in answer:
            raise self.nonsense(path)
        return answer

    async def bare(self, method: str, path: str, body: Json) -> None:
        """A call that is answered with nothing."""
        status, _ = await self.call(method, path, body)
        if status != 200:
            raise self._refused(status, path)

    async def file(self, query: Mapping[str, str]) -> bytes | None:
        """None where it is not there."""
        status, content = await self._raw("GET", "/view", None, seconds=FILE_SECONDS, most=MAX_FILE, query=query)
        if status == 404:
            return None
        if status != 200:
            raise self._refused(status, "/view")
        return content

    @asynccontextmanager
    async def socket(self, client_id: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Raises aiohttp's errors, OSError, TimeoutError."""
        query = {"clientId": client_id}
        async with self._http.ws_connect(
            f"{self.url}/ws", params=query, max_msg_size=MAX_MESSAGE, heartbeat=20.0
        ) as opened:
            yield opened

    async def _raw(
        self,
        method: str,
        path: str,
        body: Json | aiohttp.FormData | None,
        *,
        seconds: float,
        most: int,
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        given: dict[str, Any] = {"data": body} if isinstance(body, aiohttp.FormData) else {"json": body}  # Any: options
        given |= {"timeout": aiohttp.ClientTimeout(total=seconds, connect=CONNECT_SECONDS), "allow_redirects": False}
        url = URL(self.url + path, encoded=True)  # a node's name may hold anything
        try:
            async with self._http.request(method, url, params=query, **given) as answer:
                raw = bytearray()
                async for chunk in answer.content.iter_any():
                    raw += chunk
                    if len(raw) > most:
                        raise RunFailed(problem=f"{path} answers with over {most // 1_000_000} MB")
                return answer.status, bytes(raw)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _away(error) from error

    def read(self, path: str, status: int, text: str) -> Json:
        """The object of a 200."""
        if status != 200:
            raise self._refused(status, path)
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            raise self.nonsense(path) from None
        if not isinstance(answer, dict):
            raise self.nonsense(path)
        return answer

    def nonsense(self, path: str) -> ServerAway:
        return ServerAway(problem=f"{self.url}{path} gives no answer of ComfyUI's; is another server there?")

    def _refused(self, status: int, path: str) -> ServerAway | ModelBroken | RunFailed:
        if status in _UNAUTHORIZED:
            fix = 'Set runtime.headers, such as { Authorization = "env:COMFYUI_AUTH" }, and the variable'
            return ModelBroken(problem=f"{self.url} wants a key ({status})", fix=fix)
        if 300 <= status < 400:
            fix = "Correct runtime.url, or set runtime.headers where it asks for a login"
            return ModelBroken(problem=f"{self.url}{path} leads elsewhere ({status})", fix=fix)
        if missing := judge_missing(status, f"{self.url}{path} (HTTP {status})"):
            return missing
        if status in _AWAY:
            return ServerAway(problem=f"{self.url} answers {status}")
        return RunFailed(problem=f"{path} answers {status}", retryable=status >= 500)


def _away(error: Exception) -> ServerAway:
    why = "no answer in time" if isinstance(error, TimeoutError | asyncio.TimeoutError) else str(error)
    return ServerAway(problem=" ".join((why or type(error).__name__).split()))
