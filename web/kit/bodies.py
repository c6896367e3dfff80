"""Bodies of requests, up to a limit."""

import asyncio

from fastapi import Request
from fastapi.responses import PlainTextResponse
from starlette.requests import ClientDisconnect

SECONDS = 20.0
"""Who has not sent it by then does not mean to."""


async def read_at_most(request: Request, limit: int) -> bytes | PlainTextResponse:
    """The body, or the answer to one that is longer than `limit` bytes or does not come to an end; what is over is not
    kept."""
    if int(request.headers.get("content-length", 0)) > limit:
        return PlainTextResponse("too large", status_code=413)
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > limit:
                    return PlainTextResponse("too large", status_code=413)
    except ClientDisconnect:
        return PlainTextResponse("cut off", status_code=400)
    except TimeoutError:
        return PlainTextResponse("too slow", status_code=408, headers={"Connection": "close"})
    return bytes(body)
