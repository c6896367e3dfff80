"""What the clock wakes besides money and bonuses: the ends of things, and the scheduler's own signs of life."""

from collections.abc import Callable

import structlog
from aiogram.fsm.storage.base import BaseStorage
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.scheduler import LastRuns, every
from bot.wiring.coordination import FORGET_DIALOGS
from db.engine import Database
from handlers.telegram.storage import SqlStorage
from services import heartbeats
from services.billing import ledger
from services.chats.statistics import AssistantReports
from services.clock import Clock
from services.files.cleanup import FileCleanup
from services.forecasts.judgement import Judgement
from services.idempotency import Idempotency
from services.identity.api_keys import ApiKeys
from services.identity.email_accounts import EmailAccounts
from services.identity.sessions import WebSessions
from services.identity.telegram_login import TelegramLogin
from services.market.market import Market
from services.notifications.letters import Letters
from services.scoring.service import Scorings
from services.webhooks.endpoints import Webhooks

log = structlog.get_logger()

EXPIRE_SECONDS = 60
NOTE_JOBS_SECONDS = 60
FORGET_SECONDS = 24 * 3600
JUDGE_SECONDS = 600
TIDY_SECONDS = 3600


def keep_house(
    scheduler: AsyncIOScheduler,
    db: Database,
    storage: BaseStorage,
    clock: Clock,
    last_runs: LastRuns,
    *,
    doubted: Callable[[], bool],
) -> None:
    """`last_runs`: of all jobs, written down for other processes and the doctor. `doubted`: whether the time is, and
    what cannot be undone waits."""

    async def expire_lots() -> None:
        while await db.write(ledger.expire, now=clock()):
            pass

    async def note_jobs() -> None:
        await db.write(heartbeats.note_jobs, last_runs.take_new(), last_runs.scheduled, clock())

    async def forget_dialogs() -> None:
        if isinstance(storage, SqlStorage):  # Redis forgets by itself
            await storage.forget(clock() - FORGET_DIALOGS)

    every(scheduler, expire_lots, name=heartbeats.EXPIRE_LOTS, seconds=EXPIRE_SECONDS, unless=doubted)
    every(scheduler, note_jobs, name="heartbeats", seconds=NOTE_JOBS_SECONDS)
    every(scheduler, forget_dialogs, name="forget_dialogs", seconds=FORGET_SECONDS, unless=doubted)


def keep_journal(scheduler: AsyncIOScheduler, reports: AssistantReports, doubted: Callable[[], bool]) -> None:
    every(scheduler, reports.forget_old, name="forget_requests", seconds=TIDY_SECONDS, unless=doubted)


def keep_letters(scheduler: AsyncIOScheduler, letters: Letters, doubted: Callable[[], bool]) -> None:
    every(scheduler, letters.forget_old, name="forget_letters", seconds=FORGET_SECONDS, unless=doubted)


def keep_judging(scheduler: AsyncIOScheduler, judgement: Judgement, doubted: Callable[[], bool]) -> None:
    every(scheduler, judgement.run_due, name="judge_forecasts", seconds=JUDGE_SECONDS, unless=doubted)


def keep_prices(scheduler: AsyncIOScheduler, market: Market, doubted: Callable[[], bool]) -> None:
    every(scheduler, market.forget_old, name="forget_prices", seconds=TIDY_SECONDS, unless=doubted)


def keep_files(
    scheduler: AsyncIOScheduler, cleanup: FileCleanup, scorings: Scorings, doubted: Callable[[], bool]
) -> None:
    every(scheduler, scorings.drop_old_drafts, name="drop_tables", seconds=TIDY_SECONDS, unless=doubted)
    every(scheduler, cleanup.run_due, name="tidy_files", seconds=TIDY_SECONDS, unless=doubted)


def keep_requests(
    scheduler: AsyncIOScheduler, requests: Idempotency, webhooks: Webhooks, doubted: Callable[[], bool]
) -> None:
    every(scheduler, webhooks.forget_old, name="forget_webhooks", seconds=FORGET_SECONDS, unless=doubted)
    every(scheduler, requests.sweep, name="forget_api_requests", seconds=TIDY_SECONDS, unless=doubted)


def keep_ways_in(
    scheduler: AsyncIOScheduler,
    sessions: WebSessions,
    accounts: EmailAccounts,
    logins: TelegramLogin,
    keys: ApiKeys,
    *,
    doubted: Callable[[], bool],
) -> None:
    async def forget_ways_in() -> None:
        await sessions.sweep()
        await accounts.sweep()
        await logins.sweep()
        await keys.sweep()

    every(scheduler, forget_ways_in, name="forget_ways_in", seconds=TIDY_SECONDS, unless=doubted)
