"""The shop's clock: APScheduler wakes services, it does no work itself."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog
from apscheduler.events import EVENT_JOB_ERROR, EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from bot.cron import parse_cron
from db.errors import DatabaseUnavailable
from services.files.store import StoreAway

log = structlog.get_logger()

MISFIRE_SECONDS = 6 * 3600  # APScheduler's own 1 s drops what is late
Work = Callable[[], Awaitable[object]]
Job = Callable[[], Awaitable[bool]]  # whether the work was done
TIMES, SHORTEST = 3, 300.0  # a job that was not done for so many times its pause, or seconds, stands still
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


def run_jobs_now(scheduler: AsyncIOScheduler) -> None:
    """Wake every job now. Their times are the machine's, which knows nothing of a shop's own clock that was moved."""
    now = datetime.now(scheduler.timezone)
    for job in scheduler.get_jobs():
        job.modify(next_run_time=now)


def _one_after_another(work: Work, name: str, unless: Callable[[], bool]) -> Job:
    """Runs wait for each other; where the database, or the store of files, is away the work is left for the next time.
    APScheduler would tell of one that the end of the process cancels as of one that crashed."""
    turn = asyncio.Lock()

    async def job() -> bool:
        try:
            async with turn:
                if unless():
                    log.warning("scheduled_job_waits", job=name)
                    return False
                await work()
                return True
        except (DatabaseUnavailable, StoreAway) as error:
            log.warning("job_waits_for_database", job=name, error=str(error))
        except asyncio.CancelledError:
            log.info("scheduled_job_stopped", job=name)
        return False

    return job


class LastRuns:
    """When the work of each job was last done. One that comes every so often and was not done for several times that is
    standing still: it fails, hangs, or waits for something."""

    def __init__(self, scheduler: AsyncIOScheduler, time: Callable[[], float]) -> None:
        """`time`: seconds of a clock that is never set."""
        self._scheduler = scheduler
        self._time = time
        self._since = time()
        self._last: dict[str, float] = {}
        self._new: set[str] = set()
        scheduler.add_listener(self._note, EVENT_JOB_EXECUTED)

    def standing_still(self) -> dict[str, float]:
        """For how many seconds each such job has been."""
        now = self._time()
        ages = {job.id: now - self._last.get(job.id, self._since) for job in self._scheduler.get_jobs()}
        return {name: age for name, age in ages.items() if age > self._patience(name)}

    @property
    def scheduled(self) -> set[str]:
        """The names of all jobs."""
        return {job.id for job in self._scheduler.get_jobs()}

    def take_new(self) -> set[str]:
        """The jobs that were done since this was last asked."""
        new, self._new = self._new, set()
        return new

    def _note(self, event: JobExecutionEvent) -> None:
        if event.retval:
            self._last[event.job_id] = self._time()
            self._new.add(event.job_id)

    def _patience(self, name: str) -> float:
        trigger = self._scheduler.get_job(name).trigger
        if not isinstance(trigger, IntervalTrigger):
            return math.inf  # a schedule may come once a year
        return max(TIMES * float(trigger.interval.total_seconds()), SHORTEST)


def _tell_error(event: JobExecutionEvent) -> None:
    log.error("scheduled_job_failed", job=event.job_id, exc_info=event.exception)
