"""Server-sent events: a stream that says something at least every 15 seconds, so that no proxy takes it for dead."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Final

from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.responses import StreamingResponse

PING_SECONDS: Final = 15.0
MEDIA_TYPE: Final = "text/event-stream"


def event(name: str, data: str) -> bytes:
    """`data`: JSON, or any text."""
    return format_sse_event(event=name, data_str=data)


def stream(events: AsyncGenerator[bytes, None]) -> StreamingResponse:
    """What `event` made, as it comes."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_with_pings(events), media_type=MEDIA_TYPE, headers=headers)


async def _with_pings(events: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """What comes is taken by a task of its own, which also ends `events`: a reader who leaves may be cancelled again
    and again, and then nothing can be waited for."""
    made: asyncio.Queue[bytes | None] = asyncio.Queue(1)

    async def take() -> None:
        try:
            async with aclosing(events):
                async for each in events:
                    await made.put(each)
        finally:
            if made.empty():
                made.put_nowait(None)

    taking = asyncio.get_running_loop().create_task(take(), name="events")
    try:
        yield KEEPALIVE_COMMENT  # headers go out at once
        while not (taking.done() and made.empty()):
            try:
                async with asyncio.timeout(PING_SECONDS):
                    coming = await made.get()
            except TimeoutError:
                coming = KEEPALIVE_COMMENT
            if coming is not None:
                yield coming
        taking.result()
    finally:
        taking.cancel()
