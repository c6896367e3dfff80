"""Waiting for what another task or process brings about."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")
SECONDS = 20.0


async def until(look: Callable[[], Awaitable[T]], *, seconds: float = SECONDS) -> T:
    """What `look` finds, once that is true."""
    try:
        async with asyncio.timeout(seconds):
            while not (found := await look()):  # noqa: ASYNC110 - another process cannot set an event
                await asyncio.sleep(0.005)
    except TimeoutError:
        raise AssertionError(f"it did not come about in {seconds} s") from None
    return found


def until_open(port: int, *, seconds: float = SECONDS) -> None:
    """Somebody listens at this port of the machine."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(f"nobody listened at {port} in {seconds} s")
