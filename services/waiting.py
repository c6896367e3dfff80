"""Waiting that ends: for an event or some seconds, and for a database that is away."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

import structlog

from db.errors import DatabaseUnavailable

T = TypeVar("T")
log = structlog.get_logger()

OUTAGE_PAUSE: Final = 1.0  # seconds


async def wait(event: asyncio.Event, seconds: float) -> bool:
    """Until the event is set, or so many seconds have passed: whether it is set."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()


async def patiently(work: Callable[[], Awaitable[T]]) -> T:
    """What is in hand is not dropped because the database is away for a while."""
    while True:
        try:
            return await work()
        except DatabaseUnavailable as error:
            log.warning("worker_waits_for_database", error=str(error))
            await asyncio.sleep(OUTAGE_PAUSE)
