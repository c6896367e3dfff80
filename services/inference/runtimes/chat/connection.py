"""HTTP to a server of the chat completions API, by the `openai` SDK: the one place that knows it. Importing this takes
half a second and 16 MB, so a shop without assistants never does."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import httpx2
from openai import APIConnectionError, APIStatusError, AsyncOpenAI, AsyncStream, omit
from openai._streaming import SSEDecoder

from services.inference.errors import ModelBroken, RunFailed, ServerAway, StreamCut
from services.inference.runtimes.chat.request_body import Json
from services.inference.runtimes.chat.said import Said, said_by

CONNECT_SECONDS: Final = 10.0
DRAIN_SECONDS: Final = 0.1
MAX_ERROR_BYTES: Final = 65_536
MAX_HEARD_BYTES: Final = 1_000_000
IDLE_SECONDS: Final = 30.0  # a connection is kept for the next message


class HttpRefusal(Exception):
    """The server answered with another status than 200."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.line)
        self.said = said


class ChatConnection:
    """Belongs to one event loop. Nothing is tried again, nobody is redirected, and no proxy is taken from the
    environment. Deadlines but that of connecting are the caller's: whoever is cancelled closes the connection."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        secure = ssl.create_default_context() if url.startswith("https:") else False
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=8, keepalive_expiry=IDLE_SECONDS)
        transport = _Bounded(httpx2.AsyncHTTPTransport(verify=secure, trust_env=False, limits=limits))
        http = httpx2.AsyncClient(
            transport=transport,
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            headers={"Accept-Encoding": "identity"},
            follow_redirects=False,
            trust_env=False,
        )
        self._sdk = AsyncOpenAI(
            api_key="",  # nothing is taken from the environment's OPENAI_…
            admin_api_key="",
            organization="",
            project="",
            base_url=url,
            max_retries=0,
            timeout=httpx2.Timeout(None, connect=CONNECT_SECONDS),
            http_client=http,
            _enforce_credentials=False,
        )
        self._sdk.organization = self._sdk.project = None
        sent: dict[str, Any] = {_titled(name): value for name, value in headers.items()}
        self._headers = {"Authorization": omit, **sent}
        self._streamed = self._sent()

    @asynccontextmanager
    async def asked(self, body: Json) -> AsyncGenerator[AsyncIterator[bytes], None]:
        """The bytes of the answer. Raises HttpRefusal; ServerAway, ModelBroken and RunFailed before the first of them,
        StreamCut after it."""
        with _in_our_words(before=True):
            response: httpx2.Response = await self._sdk.post("/chat/completions", body=body, **self._streamed)
        try:
            received = _received(response)
            yield received
            await _drain(received)
        finally:
            await response.aclose()

    async def transcribed(self, model: str, sound: bytes) -> bytes:
        """What the server says of a recording, Opus in Ogg, as far as `MAX_HEARD_BYTES`. Raises as `asked`."""
        told = b""
        with _in_our_words(before=True):
            response: httpx2.Response = await self._sdk.post(
                "/audio/transcriptions",
                body={"model": model, "response_format": "json"},
                files=[("file", ("voice.ogg", sound, "audio/ogg"))],  # servers go by the name's end
                **self._sent(multipart=True),
            )
        try:
            async for piece in _received(response):
                if len(told := told + piece) > MAX_HEARD_BYTES:
                    raise StreamCut(problem=f"the answer has over {MAX_HEARD_BYTES // 1_000_000} MB")
        finally:
            await response.aclose()
        return told

    async def models_head(self) -> bytes:
        """The beginning of what the server tells of its models. Raises HttpRefusal, ServerAway, ModelBroken,
        RunFailed."""
        async with self._models() as received:
            return await anext(received, b"")

    async def models(self, most: int = 16_000_000) -> bytes:
        """All of it, as far as `most` bytes. Raises as above, StreamCut."""
        told = b""
        async with self._models() as received:
            async for piece in received:
                if len(told := told + piece) > most:
                    break
        return told

    async def close(self) -> None:
        """What still runs is cut."""
        await self._sdk.close()

    def _sent(self, *, multipart: bool = False) -> dict[str, Any]:  # Any: the SDK's overloads
        form = {"Content-Type": "multipart/form-data"} if multipart else {}
        return {
            "cast_to": httpx2.Response,
            "stream": True,
            "stream_cls": AsyncStream[Any],
            "options": {"headers": {**self._headers, **form}},
        }

    @asynccontextmanager
    async def _models(self) -> AsyncGenerator[AsyncIterator[bytes], None]:
        with _in_our_words(before=True):
            response: httpx2.Response = await self._sdk.get("/models", **self._streamed)
        try:
            yield _received(response)
        finally:
            await response.aclose()


def _titled(name: str) -> str:
    return "Authorization" if name.lower() == "authorization" else name


async def events_in(received: AsyncIterator[bytes]) -> AsyncGenerator[tuple[str | None, str], None]:
    """Name and data of each server-sent event."""
    async for event in SSEDecoder().aiter_bytes(received):
        yield event.event, event.data


async def _received(response: httpx2.Response) -> AsyncGenerator[bytes, None]:
    with _in_our_words(before=False):
        async for piece in response.aiter_raw():
            yield piece


async def _drain(received: AsyncIterator[bytes]) -> None:
    """What comes behind the end, so that the connection can serve again."""
    try:
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in received:
                pass
    except (TimeoutError, StreamCut):
        pass


@contextmanager
def _in_our_words(*, before: bool) -> Iterator[None]:
    """`before`: nothing of an answer has come yet."""
    try:
        yield
    except APIStatusError as error:
        response = error.response
        raise HttpRefusal(said_by(response.status_code, response.text, dict(response.headers))) from None
    except (APIConnectionError, httpx2.HTTPError, httpx2.StreamError, OSError, UnicodeError) as error:
        cause = error.__cause__ if isinstance(error, APIConnectionError) and error.__cause__ else error
        raise _problem(cause, before=before) from None


def _problem(error: BaseException, *, before: bool) -> ModelBroken | ServerAway | RunFailed:
    told = " ".join(str(error).split())[:200] or type(error).__name__
    if isinstance(error, httpx2.ConnectError) and "CERTIFICATE_VERIFY_FAILED" in told:
        return ModelBroken(problem=f"its certificate does not fit: {told}", fix="Correct url, or renew it there")
    if isinstance(error, httpx2.LocalProtocolError | UnicodeError):
        fix = "Check the variables that key and headers name"
        return ModelBroken(problem=f"a header cannot be sent: {told}", fix=fix)
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return ServerAway(problem=f"it cannot be reached: {told}")
    if not before:
        return StreamCut(problem=f"the connection broke: {told}", retryable=True)
    return RunFailed(problem=f"the connection broke before an answer: {told}", retryable=True)


class _Bounded(httpx2.AsyncBaseTransport):
    """Of a refusal the first 64 KB are read, whatever its length. Compressed answers, which may hold any length in a
    few bytes, are not read at all: nobody asked for them."""

    def __init__(self, transport: httpx2.AsyncHTTPTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._transport.handle_async_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            problem = "the server compresses its answers, though it is asked not to"
            raise ModelBroken(problem=problem, fix="Switch that off there")
        if response.status_code != 200:
            assert isinstance(response.stream, httpx2.AsyncByteStream)
            response.stream = _Head(response.stream)
        return response

    async def aclose(self) -> None:
        await self._transport.aclose()


class _Head(httpx2.AsyncByteStream):
    def __init__(self, whole: httpx2.AsyncByteStream) -> None:
        self._whole = whole

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_ERROR_BYTES
        async for piece in self._whole:
            yield piece[:left]
            if (left := left - len(piece)) <= 0:
                return

    async def aclose(self) -> None:
        await self._whole.aclose()
