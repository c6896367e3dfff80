"""What the HTTP edges of the payment providers share."""

from typing import Protocol

from starlette.types import Message, Receive, Scope

HTML = (
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n"
)


class Wires(Protocol):
    """The connections on which requests come."""

    def cut(self, scope: Scope) -> None: ...


class Dropped(Exception):
    """The connection is to be cut without an answer."""


class HtmlAnswer(Exception):
    """A proxy in front of the provider answers for it."""


class Gone(Exception):
    """The client left before it had sent everything."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """Raises `Gone`, ValueError for one that is too large."""
    chunks: list[bytes] = []
    size = 0
    while True:
        message: Message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise ValueError("the body is too large")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)
