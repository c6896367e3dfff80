"""The back room of a shop, as its settings say: the weekly bonus and what admins work with."""

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.cron import next_fire
from bot.scheduler import every, on_schedule
from bot.settings import ShopSettings
from db.engine import Database
from services.bonuses import Bonuses, BonusTerms
from services.clock import Clock
from services.heartbeats import BONUS

CATCH_UP_SECONDS = 30


def open_bonuses(settings: ShopSettings, db: Database, clock: Clock) -> Bonuses:
    zone = ZoneInfo(settings.timezone)
    terms = BonusTerms(
        amount=settings.weekly_bonus_credits,
        ttl=timedelta(days=settings.weekly_bonus_ttl_days),
        zone=zone,
        next_fire=next_fire(settings.weekly_bonus_cron, zone),
    )
    return Bonuses(db, clock, terms)


def keep_bonuses_coming(
    scheduler: AsyncIOScheduler, settings: ShopSettings, bonuses: Bonuses, doubted: Callable[[], bool]
) -> None:
    """The schedule wakes the bonus on the minute; looking often besides catches up with what was missed, also where the
    shop's clock is not the machine's. Nothing is granted while the time is `doubted`."""
    if bonuses.terms.amount:
        on_schedule(scheduler, bonuses.run_due, name="weekly_bonus", cron=settings.weekly_bonus_cron, unless=doubted)
        every(scheduler, bonuses.run_due, name=BONUS, seconds=CATCH_UP_SECONDS, unless=doubted)
