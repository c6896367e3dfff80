"""Bodies of requests, up to a limit."""

from fastapi import Request


async def read_at_most(request: Request, limit: int) -> bytes | None:
    """The body, or None when it is longer than `limit` bytes; what is over is not kept in memory."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    return bytes(body)
