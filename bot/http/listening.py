"""The address of the HTTP part, taken before anything else of it is there."""

import socket
from typing import Final

UNREAD_BYTES: Final = (
    256 * 1024
)  # of answers that the system keeps for one who does not read them; else it is megabytes


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError where the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else asyncio leaves Nagle's 40 ms on
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNREAD_BYTES)  # each connection inherits it
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    listening.listen(128)
    listening.setblocking(False)
    return listening
