"""The shop's clock: APScheduler wakes services, it does no work itself."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.cron import parse_cron

log = structlog.get_logger()

MISFIRE_SECONDS = 6 * 3600  # APScheduler's own 1 s drops what is late
INSTANCES = 2  # one that runs, and one that waits: the clock may have been moved since the first one looked at it


def make_scheduler(timezone: str) -> AsyncIOScheduler:
    scheduler = AsyncIOScheduler(
        timezone=timezone,
        job_defaults={"misfire_grace_time": MISFIRE_SECONDS, "coalesce": True, "max_instances": INSTANCES},
    )
    scheduler.add_listener(_tell_error, EVENT_JOB_ERROR)
    return scheduler


def every(scheduler: AsyncIOScheduler, work: Callable[[], Awaitable[None]], *, name: str, seconds: int) -> None:
    trigger = IntervalTrigger(seconds=seconds, timezone=scheduler.timezone)
    scheduler.add_job(_one_after_another(work, name), trigger, id=name, name=name)


def on_schedule(scheduler: AsyncIOScheduler, work: Callable[[], Awaitable[None]], *, name: str, cron: str) -> None:
    scheduler.add_job(_one_after_another(work, name), parse_cron(cron, scheduler.timezone), id=name, name=name)


def look_again(scheduler: AsyncIOScheduler) -> None:
    """Wake every job now. Their times are the machine's, which knows nothing of a shop's own clock that was moved."""
    now = datetime.now(scheduler.timezone)
    for job in scheduler.get_jobs():
        job.modify(next_run_time=now)


def _one_after_another(work: Callable[[], Awaitable[None]], name: str) -> Callable[[], Awaitable[None]]:
    """Runs wait for each other. APScheduler would tell of one that the end of the process cancels as of one that
    crashed."""
    turn = asyncio.Lock()

    async def job() -> None:
        try:
            async with turn:
                await work()
        except asyncio.CancelledError:
            log.info("scheduled_job_stopped", job=name)

    return job


def _tell_error(event: JobExecutionEvent) -> None:
    log.error("scheduled_job_failed", job=event.job_id, exc_info=event.exception)
