"""The shop's clock: APScheduler wakes services, it does no work itself."""

from collections.abc import Awaitable, Callable

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

log = structlog.get_logger()

MISFIRE_SECONDS = 6 * 3600  # APScheduler's own 1 s drops what is late


def make_scheduler(timezone: str) -> AsyncIOScheduler:
    scheduler = AsyncIOScheduler(
        timezone=timezone,
        job_defaults={"misfire_grace_time": MISFIRE_SECONDS, "coalesce": True, "max_instances": 1},
    )
    scheduler.add_listener(_tell_error, EVENT_JOB_ERROR)
    return scheduler


def every(scheduler: AsyncIOScheduler, work: Callable[[], Awaitable[None]], *, name: str, seconds: int) -> None:
    scheduler.add_job(work, IntervalTrigger(seconds=seconds, timezone=scheduler.timezone), id=name, name=name)


def _tell_error(event: JobExecutionEvent) -> None:
    log.error("scheduled_job_failed", job=event.job_id, exc_info=event.exception)
