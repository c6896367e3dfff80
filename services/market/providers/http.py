"""Answers of strangers: bounded in bytes, time and redirections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

import aiohttp

from services.market.providers.base import ProviderAway, ProviderNonsense

MAX_BYTES: Final = 4_000_000
REDIRECTIONS: Final = 3
AT_ONCE: Final = 4  # connections to one server
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


class BoundedReader:
    """Belongs to the loop that first asks. `seconds`: for one question, however many requests that takes."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._http: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def deadline(self) -> AsyncIterator[None]:
        """Ends everything inside as ProviderAway."""
        try:
            async with asyncio.timeout(self._seconds):
                yield
        except TimeoutError:
            raise ProviderAway("no answer in time") from None

    async def get(self, url: str, query: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Status and body. Redirections are followed within the same server. Raises ProviderAway, ProviderNonsense."""
        try:
            for _ in range(REDIRECTIONS + 1):
                status, body, place = await self._once(url, query)
                if place is None:
                    return status, body
                url, query = _same_server(url, place), None
        except TimeoutError:
            raise ProviderAway("no answer in time") from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ProviderAway(_words(error)) from error
        raise ProviderNonsense(f"more than {REDIRECTIONS} redirections")

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def _once(self, url: str, query: dict[str, str] | None) -> tuple[int, bytes, str | None]:
        if self._http is None:
            timeout = aiohttp.ClientTimeout(total=self._seconds)
            connector = aiohttp.TCPConnector(limit_per_host=AT_ONCE)
            headers = {"User-Agent": "Kassandra"}
            jar = aiohttp.DummyCookieJar()
            self._http = aiohttp.ClientSession(timeout=timeout, connector=connector, headers=headers, cookie_jar=jar)
        async with self._http.get(url, params=query, allow_redirects=False) as answer:
            if answer.status in _MOVED:
                return answer.status, b"", answer.headers.get("Location", "")
            raw = bytearray()
            async for chunk in answer.content.iter_chunked(1 << 16):
                raw += chunk
                if len(raw) > MAX_BYTES:
                    raise ProviderNonsense(f"an answer of over {MAX_BYTES // 1_000_000} MB")
            return answer.status, bytes(raw), None


def _port(url: SplitResult) -> int:
    return url.port or {"http": 80, "https": 443}[url.scheme]


def _same_server(url: str, place: str) -> str:
    there = urljoin(url, place)
    one, other = urlsplit(url), urlsplit(there)
    if other.scheme not in ("http", "https") or one.hostname != other.hostname:
        raise ProviderNonsense(f"a redirection to another server: {other.hostname}")
    if _port(one) != _port(other) and (_port(one), _port(other)) != (80, 443):
        raise ProviderNonsense(f"a redirection to another port: {_port(other)}")
    if one.scheme == "https" and other.scheme != "https":
        raise ProviderNonsense("a redirection away from https")
    return there


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
