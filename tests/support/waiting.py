"""Waiting for what another task or process brings about."""

import asyncio
from collections.abc import Awaitable, Callable
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
