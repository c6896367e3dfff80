"""What a worker has in hand stays its own while it works."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from db.errors import DatabaseUnavailable

log = structlog.get_logger()


@asynccontextmanager
async def renewed(renew: Callable[[], Awaitable[None]], lease: timedelta) -> AsyncGenerator[None, None]:
    """`renew` is called three times in each lease. What is raised within comes out as it is, not in a group."""
    raised: Exception | None = None

    async def keep() -> None:
        while True:
            await asyncio.sleep(lease.total_seconds() / 3)
            try:
                await renew()
            except DatabaseUnavailable as error:
                log.warning("upload_lease_not_renewed", error=str(error))

    async with asyncio.TaskGroup() as tasks:
        renewing = tasks.create_task(keep(), name="upload-lease")
        try:
            yield
        except Exception as error:  # noqa: BLE001 - raised below
            raised = error
        finally:
            renewing.cancel()
    if raised is not None:
        raise raised
