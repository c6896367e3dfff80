"""An assistant at a server of the chat completions API."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Final

from services.inference.chat import ChatEvent, ChatRequest, ChatRole, ChatTurn, TextDelta
from services.inference.errors import InferenceError, ModelBroken, ModelUnavailable, RunFailed, ServerAway
from services.inference.runtimes.chat.chunks import objects_in
from services.inference.runtimes.chat.hearing import judge_hearing, text_heard
from services.inference.runtimes.chat.judge import judge, refuses_usage
from services.inference.runtimes.chat.pace import StreamDeadlines
from services.inference.runtimes.chat.reading import AnswerReading
from services.inference.runtimes.chat.request_body import Json, body_of
from services.inference.runtimes.chat.spec import ChatSpec
from services.manifests.manifest import Manifest
from services.redaction import hide

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from services.inference.runtimes.chat.connection import ChatConnection

UNMEASURED_SECONDS: Final = 600.0  # then a server that did not like to be asked for its count is asked again
_SHORTEST = ChatRequest(turns=[ChatTurn(role=ChatRole.USER, text="1")], max_tokens=1)


class Assistant:
    """Raises ModelBroken where the variable of its key is not set. No more requests at once than `parallel`; the others
    wait within their own deadline. `time`: in seconds, of any beginning."""

    def __init__(self, manifest: Manifest, _folder: Path, time: Callable[[], float] = monotonic) -> None:
        spec = manifest.runtime
        assert isinstance(spec, ChatSpec)
        try:
            self._headers = spec.sent_headers()
        except KeyError as error:
            fix = "Set it where the shop runs"
            raise ModelBroken(problem=f"the variable {error.args[0]} is not set", fix=fix) from None
        hide(*(value.removeprefix("Bearer ") for value in self._headers.values()))
        self._spec = spec
        self._places = asyncio.Semaphore(spec.parallel)
        self._connection: ChatConnection | None = None
        self._time = time
        self._measured_from: float | None = None  # the server did not like to be asked for its count before
        self._refused = False  # the last request, by an operator's fault
        self._running = 0
        self._retired: asyncio.Future[None] | None = None

    async def check(self) -> None:
        from services.inference.runtimes.chat.connection import HttpRefusal

        try:
            head = await (await self._connected()).models_head()
        except HttpRefusal as error:
            if error.said.status not in {404, 405, 501}:
                raise _of_server(judge(error.said)) from None
        else:
            if head.lstrip()[:1] == b"<":
                raise ServerAway(problem="the server answers with a page, not as the API does")
        if self._refused:
            await self._try_one_token()
            self._refused = False

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatEvent, None]:
        if self._retired is not None:
            raise ModelUnavailable()
        with self._counted():
            await self._connected()  # the SDK's import is no matter of the server's deadlines
            pace = StreamDeadlines(self._spec)
            try:
                async with pace.place(self._places), aclosing(self._answer(request, pace)) as events:
                    async for event in events:
                        yield event
            except ModelBroken:
                self._refused = True
                raise

    async def transcribe(self, sound: bytes) -> str:
        from services.inference.runtimes.chat.connection import HttpRefusal

        model, seconds = self._spec.transcription, self._spec.transcription_timeout
        if self._retired is not None or model is None:
            raise ModelUnavailable()
        with self._counted():
            connection = await self._connected()
            try:
                async with asyncio.timeout(seconds), self._places:
                    return text_heard(await connection.transcribed(model, sound))
            except TimeoutError:
                raise RunFailed(problem=f"nothing was written down in {seconds:g} s") from None
            except HttpRefusal as error:
                raise self._noted(judge_hearing(error.said)) from None
            except InferenceError as error:
                raise self._noted(error) from None

    def retire(self) -> "asyncio.Future[None]":
        if self._retired is None:
            self._retired = asyncio.get_running_loop().create_future()
        self._settle()
        return self._retired

    async def close(self) -> None:
        self.retire()
        if self._connection is not None:
            await self._connection.close()
        if self._retired is not None and not self._retired.done():
            self._retired.set_result(None)

    async def _answer(self, request: ChatRequest, pace: StreamDeadlines) -> AsyncGenerator[ChatEvent, None]:
        pictures = any(turn.pictures for turn in request.turns)
        reading = AnswerReading(max_tokens=request.max_tokens, pictures=pictures)
        async with AsyncExitStack() as opened:
            received = await pace.before_text(self._opened(opened, request, pictures=pictures))
            from services.inference.runtimes.chat.connection import events_in

            objects = objects_in(received, events_in, max_tokens=request.max_tokens)
            await opened.enter_async_context(aclosing(objects))
            while (chunk := await pace.next_of(objects, reading)) is not None:
                if text := reading.take(chunk):
                    yield TextDelta(text=text)
        rest, end = reading.end()
        self._refused = False
        if rest:
            yield TextDelta(text=rest)
        yield end

    @property
    def _measured(self) -> bool:
        """Whether the server is asked for its count of tokens. One refusal may have been that of another server behind
        the same gateway."""
        asked_again = self._measured_from is None or self._time() >= self._measured_from
        return self._spec.include_usage and asked_again

    async def _opened(self, stack: AsyncExitStack, request: ChatRequest, *, pictures: bool) -> "AsyncIterator[bytes]":
        from services.inference.runtimes.chat.connection import HttpRefusal

        connection, measured = await self._connected(), self._measured
        try:
            return await stack.enter_async_context(connection.asked(self._body(request, measured=measured)))
        except HttpRefusal as error:
            if not (measured and refuses_usage(error.said)):
                raise judge(error.said, pictures=pictures) from None
        self._measured_from = self._time() + UNMEASURED_SECONDS  # nothing was generated
        try:
            return await stack.enter_async_context(connection.asked(self._body(request, measured=False)))
        except HttpRefusal as error:
            raise judge(error.said, pictures=pictures) from None

    def _body(self, request: ChatRequest, *, measured: bool) -> Json:
        return body_of(self._spec, request, measured=measured)

    async def _connected(self) -> "ChatConnection":
        if self._connection is None:
            made = await asyncio.to_thread(_connect, self._spec.url, self._headers)
            self._connection = self._connection or made
        return self._connection

    async def _try_one_token(self) -> None:
        """Raises what an operator must mend, and that nobody answers; any other refusal is an answer."""
        async with aclosing(self.stream(_SHORTEST)) as events:
            try:
                async for _ in events:
                    return
            except (ModelBroken, ServerAway):
                raise
            except InferenceError:
                return

    def _noted(self, error: InferenceError) -> InferenceError:
        self._refused = self._refused or isinstance(error, ModelBroken)
        return error

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1
            self._settle()

    def _settle(self) -> None:
        if self._retired is not None and not self._running and not self._retired.done():
            self._retired.set_result(None)


def _connect(url: str, headers: dict[str, str]) -> "ChatConnection":
    """In a thread: the SDK is read from the disk."""
    from services.inference.runtimes.chat.connection import ChatConnection

    return ChatConnection(url, headers)


def _of_server(error: InferenceError) -> ModelBroken | ServerAway:
    """Whether it serves: a refusal that may pass is that of a server which is away."""
    return error if isinstance(error, ModelBroken | ServerAway) else ServerAway(problem=str(error))
