"""What the clock wakes for the sake of money: the reconciler, reminders, the weekly bonus."""

from collections.abc import Callable

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.scheduler import every, on_schedule
from bot.settings import ShopSettings
from services.billing.reminders import Reminders
from services.bonuses import Bonuses
from services.heartbeats import BONUS, RECONCILE
from services.identity.merging import AccountMerging
from services.payments.service import Payments
from services.plans.plans import Plans
from services.plans.renewals import Renewals

log = structlog.get_logger()

CATCH_UP_SECONDS = 30
RECONCILE_SECONDS = 60
RENEW_SECONDS = 60
# The first time comes that long after the start: a shop that is started anew every day must come to it too.
REMIND_SECONDS = 600
MOVE_ON_SECONDS = 60
FORGET_SECONDS = 3600


def keep_money_moving(
    scheduler: AsyncIOScheduler, payments: Payments, reminders: Reminders, doubted: Callable[[], bool]
) -> None:
    """What the clock wakes: the reconciler, reminders, the end of old notifications. `doubted`: whether the time is,
    and what cannot be undone waits."""

    async def reconcile() -> None:
        done = await payments.reconciler.round()
        changed, listed = done.payments or done.refunds, done.listed
        if changed or listed.payments or listed.refunds:
            asked, refunds = len(done.payments), len(done.refunds)
            found = len(listed.payments) + len(listed.refunds)
            log.info("reconciled", payments=asked, refunds=refunds, found_in_list=found)

    every(scheduler, reminders.tell_expiring, name="remind", seconds=REMIND_SECONDS, unless=doubted)
    every(scheduler, reconcile, name=RECONCILE, seconds=RECONCILE_SECONDS)
    every(scheduler, payments.events.forget, name="forget_notifications", seconds=FORGET_SECONDS, unless=doubted)


def keep_plans_going(
    scheduler: AsyncIOScheduler, renewals: Renewals, plans: Plans, doubted: Callable[[], bool]
) -> None:
    """Warnings, charges and ends of subscriptions, none of them while the time is `doubted`."""

    async def renew() -> None:
        if (looked := await renewals.round()) > 0:
            log.info("subscriptions_looked_at", count=looked)

    every(scheduler, renew, name="subscriptions", seconds=RENEW_SECONDS, unless=doubted)
    every(scheduler, plans.all, name="plans_on_sale", seconds=RENEW_SECONDS)


def keep_merged_accounts_empty(scheduler: AsyncIOScheduler, merging: AccountMerging) -> None:
    """What is paid back to an account that became part of another one goes there."""
    every(scheduler, merging.move_on, name="merged_accounts", seconds=MOVE_ON_SECONDS)


def keep_bonuses_coming(
    scheduler: AsyncIOScheduler, settings: ShopSettings, bonuses: Bonuses, doubted: Callable[[], bool]
) -> None:
    """The schedule wakes the bonus on the minute; looking often besides catches up with what was missed, also where the
    shop's clock is not the machine's. Nothing is granted while the time is `doubted`."""
    if bonuses.terms.amount:
        on_schedule(scheduler, bonuses.run_due, name="weekly_bonus", cron=settings.weekly_bonus_cron, unless=doubted)
        every(scheduler, bonuses.run_due, name=BONUS, seconds=CATCH_UP_SECONDS, unless=doubted)
