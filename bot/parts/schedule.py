"""Keeps the clock: what is woken when, and by what."""

import asyncio
from collections.abc import Mapping

from bot.housekeeping import (
    keep_files,
    keep_house,
    keep_journal,
    keep_judging,
    keep_letters,
    keep_prices,
    keep_requests,
    keep_ways_in,
)
from bot.jobs import keep_bonuses_coming, keep_merged_accounts_empty, keep_money_moving, keep_plans_going
from bot.parts.core import Core
from bot.parts.part import Part
from bot.probes import Probe, jobs_of
from bot.scheduler import LastRuns, make_scheduler, run_jobs_now


class SchedulePart(Part):
    def __init__(self, core: Core) -> None:
        self._core = core
        self._scheduler = make_scheduler(core.settings.timezone)
        self._last_runs = LastRuns(self._scheduler, asyncio.get_running_loop().time)

    def start(self) -> None:
        core, scheduler, services = self._core, self._scheduler, self._core.services
        keep_house(scheduler, core.db, core.storage, core.clock, self._last_runs, doubted=self._doubts_time)
        keep_files(scheduler, services.file_cleanup, services.scorings, self._doubts_time)
        keep_prices(scheduler, services.market, self._doubts_time)
        keep_judging(scheduler, services.judgement, self._doubts_time)
        keep_letters(scheduler, services.letters, self._doubts_time)
        keep_journal(scheduler, services.assistant_reports, self._doubts_time)
        keep_ways_in(
            scheduler,
            services.web_sessions,
            services.email_accounts,
            services.telegram_login,
            services.api_keys,
            doubted=self._doubts_time,
        )
        keep_requests(scheduler, services.idempotency, services.webhooks, self._doubts_time)
        keep_money_moving(scheduler, services.books, services.reminders, self._doubts_time)
        keep_plans_going(scheduler, services.renewals, services.plans, self._doubts_time)
        keep_merged_accounts_empty(scheduler, services.account_merging)
        keep_bonuses_coming(scheduler, core.settings, services.bonuses, self._doubts_time)
        scheduler.start()

    def run_jobs_now(self) -> None:
        run_jobs_now(self._scheduler)

    def stop(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    @property
    def probes(self) -> Mapping[str, Probe]:
        return {"jobs": jobs_of(self._last_runs)}

    def _doubts_time(self) -> bool:
        return self._core.clock.is_doubted
