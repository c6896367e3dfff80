"""HTTP to a server of the protocol."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import aiohttp

from services.inference.errors import BadOutput, RunFailed, ServerAway
from services.inference.runtimes.open_inference.codec import JSON_BYTES, Body
from services.inference.runtimes.open_inference.judge import is_page, judge
from services.inference.runtimes.open_inference.metadata import ModelMetadata

CONNECT_SECONDS: Final = 5.0
MAX_ANSWER_BYTES: Final = 128_000_000
LARGE: Final = 1_000_000  # bytes: a connection that is cut while so much is sent was cut because of that
BINARY: Final = "binary_tensor_data"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSaid:
    status: int
    body: Body

    @property
    def ok(self) -> bool:
        return self.status == 200 and not is_page(self.body.raw)


class OpenInferenceClient:
    """For one model. Belongs to the loop that first awaits it."""

    def __init__(self, url: str, model: str, version: str | None, headers: Mapping[str, str]) -> None:
        root = url.removesuffix("/v2") + "/v2"
        self._root, self._headers = root, headers
        self._model = f"{root}/models/{quote(model, safe='')}"
        self._model += f"/versions/{quote(version, safe='')}" if version is not None else ""
        self._http: aiohttp.ClientSession | None = None

    async def ready(self) -> None:
        """Raises ServerAway, ModelBroken."""
        said = await self._ask("GET", f"{self._model}/ready")
        if not said.ok:
            raise _away(said)

    async def metadata(self) -> ModelMetadata:
        """Raises ServerAway, ModelBroken."""
        return ModelMetadata.read(await self._json(self._model))

    async def is_binary(self) -> bool | None:
        """Whether the server says that it takes raw tensors; None where it does not say. Raises ServerAway."""
        extensions = (await self._json(self._root)).get("extensions")
        return True if isinstance(extensions, list) and BINARY in extensions else None

    async def max_batch(self) -> int | None:
        """Rows that the model takes at once, 0 for one without a batch; None where the server does not tell."""
        said = await self._ask("GET", f"{self._model}/config")
        told = _document(said) if said.ok else None
        found = (told or {}).get("max_batch_size")
        return found if type(found) is int else None

    async def infer(self, body: Body) -> ServerSaid:
        """Whatever the server says. Raises ServerAway, RunFailed where it takes no body of that size."""
        try:
            return await self._ask("POST", f"{self._model}/infer", body)
        except ServerAway:
            if len(body.raw) < LARGE:
                raise
            await self.ready()
            size = f"{len(body.raw) / 1_000_000:.1f} MB"
            raise RunFailed(
                problem=f"the server cuts the connection when {size} are sent: its limit is lower"
            ) from None

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    async def _json(self, url: str) -> Mapping[str, Any]:  # Any: JSON
        said = await self._ask("GET", url)
        document = _document(said) if said.ok else None
        if document is None:
            raise _away(said)
        return document

    async def _ask(self, method: str, url: str, body: Body | None = None) -> ServerSaid:
        """Tried again where a connection that had lain idle turns out to be closed. Raises ServerAway."""
        for last in (False, True):
            try:
                return await self._once(method, url, body)
            except TimeoutError:
                raise ServerAway(problem=f"no connection within {CONNECT_SECONDS:g} s") from None
            except aiohttp.ClientConnectorError as error:
                why = error.os_error.strerror or _words(error.os_error)
                raise ServerAway(problem=f"{error.host}:{error.port} cannot be reached: {why}") from None
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError, OSError) as error:
                if last or (body is not None and len(body.raw) >= LARGE):
                    raise ServerAway(problem=f"the connection was cut: {_words(error)}") from None
            except aiohttp.ClientError as error:
                raise ServerAway(problem=_words(error)) from None
        raise AssertionError

    async def _once(self, method: str, url: str, body: Body | None) -> ServerSaid:
        if self._http is None:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS)
            self._http = aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0))
        headers = {**self._headers, **(body.headers if body is not None else {})}
        data = None if body is None else io.BytesIO(body.raw)  # goes out in parts: the loop has others to serve
        async with self._http.request(method, url, data=data, headers=headers, allow_redirects=False) as answer:
            raw = bytearray()
            async for chunk in answer.content.iter_chunked(1 << 20):
                raw += chunk
                if len(raw) > MAX_ANSWER_BYTES:
                    raise BadOutput(problem=f"the server's answer has over {MAX_ANSWER_BYTES // 1_000_000} MB")
            json_bytes = answer.headers.get(JSON_BYTES, "")
            split = int(json_bytes) if json_bytes.isascii() and json_bytes.isdigit() else None
            return ServerSaid(status=answer.status, body=Body(raw=bytes(raw), json_bytes=split))


def _away(said: ServerSaid) -> Exception:
    """The error of a check: whatever is not said well there means that the model is not to be had now."""
    error = judge(said.status, said.body.raw)
    return error if not isinstance(error, RunFailed) else ServerAway(problem=error.problem)


def _document(said: ServerSaid) -> Mapping[str, Any] | None:
    try:
        found = json.loads(said.body.raw)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _words(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
