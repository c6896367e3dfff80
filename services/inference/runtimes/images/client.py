"""HTTP to a server of the images API, and what its refusals mean."""

import asyncio
import base64
import binascii
import json
import socket
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from services.errors import ShopError
from services.inference.errors import BadOutput, ModelBroken, RequestRefused, RunFailed, ServerAway
from services.inference.runtimes.missing import judge_missing
from services.inference.runtimes.pictures import suffix_of

CONNECT_SECONDS: Final = 5.0
MAX_ANSWER_BYTES: Final = 100_000_000
MAX_FILE_BYTES: Final = 64_000_000
_REFUSALS: Final = frozenset({"moderation_blocked", "content_policy_violation", "content_filter"})
_QUOTA: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})
Json = dict[str, Any]  # Any: an object of the API


class ImagesClient:
    """Belongs to the loop that first awaits it. Raises ServerAway, ModelBroken, RunFailed, RequestRefused,
    BadOutput."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url, self._headers = url, headers
        self._opened: aiohttp.ClientSession | None = None

    async def models(self) -> list[str]:
        """Names of the models that it tells of; none where it does not tell. Raises ServerAway, ModelBroken."""
        status, raw = await self._call("GET", "/models")
        if status in {404, 405, 501}:
            return []
        listed = self._object(status, raw).get("data")
        return (
            [str(each["id"]) for each in listed if isinstance(each, dict) and "id" in each]
            if isinstance(listed, list)
            else []
        )

    async def generated(self, given: Json) -> bytes:
        return await self._picture(*await self._call("POST", "/images/generations", json_body=given))

    async def edited(self, given: Json, pictures: Sequence[bytes]) -> bytes:
        form = aiohttp.FormData()
        for key, value in given.items():
            form.add_field(key, str(value).lower() if isinstance(value, bool) else str(value))
        for number, picture in enumerate(pictures):
            kind = suffix_of(picture)
            name, mime = f"{number}.{kind}", "image/jpeg" if kind == "jpg" else f"image/{kind}"
            form.add_field("image" if len(pictures) == 1 else "image[]", picture, filename=name, content_type=mime)
        return await self._picture(*await self._call("POST", "/images/edits", form=form))

    async def close(self) -> None:
        if self._opened is not None:
            await self._opened.close()

    async def _picture(self, status: int, raw: bytes) -> bytes:
        """The first of an answer: in it, or fetched from where it says."""
        match self._object(status, raw).get("data"):
            case [{"b64_json": str(text)}, *_]:
                try:
                    return base64.b64decode(text, validate=True)
                except binascii.Error:
                    raise BadOutput(problem="the server's picture is no base64") from None
            case [{"url": str(url)}, *_]:
                return await self._fetched(url)
        raise BadOutput(problem="the server's answer has no picture")

    async def _fetched(self, url: str) -> bytes:
        """Without our headers: it may lie anywhere on the internet, or at the server itself."""
        if _origin(url) != _origin(self._url) and not await _is_public(url):
            raise BadOutput(problem="the server's picture lies at an address that is not asked")
        try:
            status, raw = await self._send("GET", url, most=MAX_FILE_BYTES)
        except ServerAway as error:
            raise RunFailed(problem=f"the server's picture cannot be fetched: {error}", retryable=True) from None
        if status != 200:
            raise RunFailed(problem=f"the server's picture cannot be fetched (HTTP {status})", retryable=True)
        return raw

    def _object(self, status: int, raw: bytes) -> Json:
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            found = None
        if status == 200 and isinstance(found, dict):
            return found
        raise judge(status, found if isinstance(found, dict) else {})

    async def _call(
        self, method: str, path: str, *, json_body: Json | None = None, form: aiohttp.FormData | None = None
    ) -> tuple[int, bytes]:
        headers = {**self._headers}
        return await self._send(
            method, self._url + path, most=MAX_ANSWER_BYTES, headers=headers, json=json_body, data=form
        )

    async def _send(self, method: str, url: str, *, most: int, **given: Any) -> tuple[int, bytes]:  # Any: options
        if self._opened is None:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
            self._opened = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0))
        try:
            async with self._opened.request(method, url, allow_redirects=False, **given) as answer:
                raw = bytearray()
                async for chunk in answer.content.iter_any():
                    raw += chunk
                    if len(raw) > most:
                        raise BadOutput(problem=f"the server's answer has over {most // 1_000_000} MB")
                return answer.status, bytes(raw)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            problem = " ".join(str(error).split()) or type(error).__name__
            if method == "POST" and not isinstance(error, aiohttp.ClientConnectorError):
                raise RunFailed(problem=f"cut while it was painted: {problem}", retryable=True) from None
            raise ServerAway(problem=problem) from None


def _origin(url: str) -> tuple[str, str] | None:
    """None for what is no address."""
    try:
        place = urlsplit(url)
        return (place.scheme, place.netloc) if place.hostname and place.port != 0 else None
    except ValueError:
        return None


async def _is_public(url: str) -> bool:
    """Whether it is https at a host outside all private networks."""
    if (origin := _origin(url)) is None or origin[0] != "https":
        return False
    try:
        found = await asyncio.get_running_loop().getaddrinfo(urlsplit(url).hostname, 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return all(ip_address(str(address[0]).partition("%")[0]).is_global for *_, address in found)


def judge(status: int, answer: Json) -> ShopError:
    """The error for an answer that is none."""
    error = answer.get("error")
    told = error if isinstance(error, dict) else {"message": error or ""}
    code, kind, message = (str(told.get(key) or "") for key in ("code", "type", "message"))
    said = f"{' '.join(message.split())[:300] or code or 'no word'} (HTTP {status})"
    if code in _REFUSALS or (kind == "image_generation_user_error" and "safety" in message):
        return RequestRefused(problem=said)
    if {code, kind} & _QUOTA or status == 402:
        return ModelBroken(problem=f"the account at the server is used up: {said}", fix="Pay for more there")
    if status in {401, 403}:
        fix = 'Write headers = { Authorization = "env:NAME" } in its [runtime]; the variable says "Bearer …"'
        return ModelBroken(problem=f"the server does not let the shop in: {said}", fix=fix)
    if missing := judge_missing(status, said):
        return missing
    if status in {502, 503} or status < 400:  # a 504 may have been painted, and paid for
        return ServerAway(problem=said)
    return RunFailed(problem=said, retryable=status in {408, 409, 429} or status >= 500)
