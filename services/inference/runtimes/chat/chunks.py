"""An answer's bytes as the objects in it: a stream of events, or one object where the server does not stream."""

import asyncio
import codecs
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import Any, Final, TypeAlias

from services.inference.errors import ServerAway, StreamCut
from services.inference.runtimes.chat.request_body import Json
from services.redaction import redact

Decode: TypeAlias = Callable[[AsyncIterator[bytes]], AsyncGenerator[tuple[str | None, str], None]]
"""Bytes of server-sent events to the name and the data of each."""

BYTES_BESIDE: Final = 4_000_000
BYTES_A_TOKEN: Final = 4_096  # a chunk for each, with all that servers write around it
AT_ONCE: Final = 2_048  # bytes: a flood of events of a few each must not keep everybody else waiting


async def objects_in(received: AsyncIterator[bytes], decode: Decode, *, max_tokens: int) -> AsyncGenerator[Json, None]:
    """Raises StreamCut for what is no JSON and for what does not end, ServerAway for a page."""
    most = BYTES_BESIDE + BYTES_A_TOKEN * max_tokens
    async with aclosing(_plain(received, most)) as plain:
        head = await _head(plain)
        if head.lstrip()[:1] == b"<":
            raise ServerAway(problem="the server answers with a page, not as the API does")
        if head.lstrip()[:1] == b"{":
            yield _object(head + b"".join([piece async for piece in plain]))
            return
        async with aclosing(decode(_behind(head, plain))) as events:
            async for name, data in events:
                if data.startswith("[DONE]"):
                    return
                if data.strip():
                    chunk = _object(data)
                    yield {"error": chunk} if name == "error" and "error" not in chunk else chunk


async def _plain(received: AsyncIterator[bytes], most: int) -> AsyncGenerator[bytes, None]:
    """UTF-8, whatever came, and no more than so many bytes."""
    decoder, count = codecs.getincrementaldecoder("utf-8-sig")("replace"), 0
    async for piece in received:
        if (count := count + len(piece)) > most:
            raise StreamCut(problem=f"the answer has over {most // 1_000_000} MB")
        for begin in range(0, len(piece), AT_ONCE):
            if begin:
                await asyncio.sleep(0)
            if text := decoder.decode(piece[begin : begin + AT_ONCE]):
                yield text.encode()
    if text := decoder.decode(b"", final=True):
        yield text.encode()


async def _head(plain: AsyncIterator[bytes]) -> bytes:
    """As much as tells what it is."""
    head = b""
    async for piece in plain:
        head += piece
        if head.strip():
            break
    return head


async def _behind(head: bytes, plain: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield head
    async for piece in plain:
        yield piece


def _object(text: str | bytes) -> Json:
    try:
        found: Any = json.loads(text, parse_constant=lambda _: None)  # Any: JSON
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise StreamCut(problem=f"the server sent what is no chunk: {redact(str(text))[:100]!r}")
    return found
