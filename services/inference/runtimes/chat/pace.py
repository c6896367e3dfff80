"""How long an assistant may take: to begin, between two pieces, and for all of an answer."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from services.inference.errors import StreamCut
from services.inference.runtimes.chat.reading import AnswerReading
from services.inference.runtimes.chat.request_body import Json
from services.inference.runtimes.chat.spec import ChatSpec

COUNT_SECONDS: Final = 5.0  # behind the answer's end: for the tokens that were counted
Wanted = TypeVar("Wanted")


class StreamDeadlines:
    """Of one answer; it begins now. What takes longer raises StreamCut, not to be tried again: the server may be at
    work."""

    def __init__(self, spec: ChatSpec) -> None:
        self._loop = asyncio.get_running_loop()
        self._spec = spec
        self._end = self._loop.time() + spec.timeout
        self._first = self._loop.time() + spec.first_token_timeout

    @asynccontextmanager
    async def place(self, places: asyncio.Semaphore) -> AsyncGenerator[None, None]:
        """One of those that may ask at once; the time until the first token runs from here on."""
        await self._by(self._end, places.acquire(), has_text=False)
        self._first = self._loop.time() + self._spec.first_token_timeout
        try:
            yield
        finally:
            places.release()

    async def before_text(self, wanted: Awaitable[Wanted]) -> Wanted:
        return await self._by(min(self._first, self._end), wanted, has_text=False)

    async def next_of(self, objects: AsyncGenerator[Json, None], reading: AnswerReading) -> Json | None:
        """None at the end. What breaks behind the answer's own end does not matter any more."""
        until = self._loop.time() + (COUNT_SECONDS if reading.finished else self._spec.gap_timeout)
        until = until if reading.begun or reading.finished else self._first
        try:
            return await self._by(min(until, self._end), anext(objects, None), has_text=reading.has_text)
        except StreamCut as cut:
            if reading.finished:
                return None
            cut.retryable = cut.retryable and not reading.begun
            raise

    async def _by(self, until: float, wanted: Awaitable[Wanted], *, has_text: bool) -> Wanted:
        begun = self._loop.time()
        try:
            async with asyncio.timeout_at(until):
                return await wanted
        except TimeoutError:
            waited = self._loop.time() - begun
            problem = f"the answer stands still for {waited:.0f} s"
            raise StreamCut(problem=problem if has_text else f"no word of an answer for {waited:.0f} s") from None
