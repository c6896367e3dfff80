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
Work = Callable[[], Awaitable[None]]
INSTANCES = 2  # one that runs, and one that waits: the clock may have been moved since the first one looked at it


def make_scheduler(timezone: str) -> AsyncIOScheduler:
    scheduler = AsyncIOScheduler(
        timezone=timezone,
        job_defaults={"misfire_grace_time": MISFIRE_SECONDS, "coalesce": True, "max_instances": INSTANCES},
    )
    scheduler.add_listener(_tell_error, EVENT_JOB_ERROR)
    return scheduler


def every(
    scheduler: AsyncIOScheduler, work: Work, *, name: str, seconds: int, unless: Callable[[], bool] = lambda: False
) -> None:
    """`unless`: asked each time; the work is left for the next time where it says so."""
    trigger = IntervalTrigger(seconds=seconds, timezone=scheduler.timezone)
    scheduler.add_job(_one_after_another(work, name, unless), trigger, id=name, name=name)


def on_schedule(
    scheduler: AsyncIOScheduler, work: Work, *, name: str, cron: str, unless: Callable[[], bool] = lambda: False
) -> None:
    """`unless`: as above."""
    trigger = parse_cron(cron, scheduler.timezone)
    scheduler.add_job(_one_after_another(work, name, unless), trigger, id=name, name=name)


def look_again(scheduler: AsyncIOScheduler) -> None:
    """Wake every job now. Their times are the machine's, which knows nothing of a shop's own clock that was moved."""
    now = datetime.now(scheduler.timezone)
    for job in scheduler.get_jobs():
        job.modify(next_run_time=now)


def _one_after_another(work: Work, name: str, unless: Callable[[], bool]) -> Work:
    """Runs wait for each other. APScheduler would tell of one that the end of the process cancels as of one that
    crashed."""
    turn = asyncio.Lock()

    async def job() -> None:
        try:
            async with turn:
                if unless():
                    log.warning("scheduled_job_waits", job=name)
                    return
                await work()
        except asyncio.CancelledError:
            log.info("scheduled_job_stopped", job=name)

    return job


def _tell_error(event: JobExecutionEvent) -> None:
    log.error("scheduled_job_failed", job=event.job_id, exc_info=event.exception)
