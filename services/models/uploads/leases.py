"""Work on uploads that waits in rows: looked for by workers, claimed with a lease, and kept while it is done."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import ColumnElement, Table, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.errors import DatabaseUnavailable

log = structlog.get_logger()
EVERY: Final = 1.0  # seconds between looks
LEASE: Final = timedelta(seconds=30)


async def keep_looking(look: Callable[[], Awaitable[None]], *, work: str) -> None:
    """Until cancelled. `work`: how the log names it."""
    while True:
        try:
            await look()
        except DatabaseUnavailable as error:
            log.warning("upload_work_waits_for_database", work=work, error=str(error))
        except Exception:  # the next look finds it again
            log.exception("upload_work_crashed", work=work)
        await asyncio.sleep(EVERY)


def claim_oldest(
    session: Session, table: Table, waiting: ColumnElement[bool], *, holder: str, now: datetime, until: datetime
) -> AnyRow | None:
    """The oldest row of those `waiting` that nobody is at; it is the holder's until then."""
    free = table.c.leased_until.is_(None) | (table.c.leased_until < now)
    key = tuple(table.primary_key.columns)
    due = select(*key).where(waiting, free).order_by(table.c.created_at).limit(1)
    found = session.execute(due.with_for_update(skip_locked=True)).first()
    if found is None:
        return None
    taken = update(table).where(*(column == value for column, value in zip(key, found, strict=True)))
    values = {"leased_by": holder, "leased_until": until, "attempts": table.c.attempts + 1}
    return session.execute(taken.values(values).returning(*table.c)).one()


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
