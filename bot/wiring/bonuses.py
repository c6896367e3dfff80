"""The back room of a shop, as its settings say: the weekly bonus and what admins work with."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.settings import ShopSettings
from db.engine import Database
from services.bonuses import Bonuses, BonusTerms
from services.clock import Clock


def open_bonuses(settings: ShopSettings, db: Database, clock: Clock) -> Bonuses:
    zone = ZoneInfo(settings.timezone)

    def fires(after: datetime) -> datetime | None:
        from bot.cron import next_fire  # with APScheduler, 2 MB: few ask

        return next_fire(settings.weekly_bonus_cron, zone)(after)

    terms = BonusTerms(
        amount=settings.weekly_bonus_credits,
        ttl=timedelta(days=settings.weekly_bonus_ttl_days),
        zone=zone,
        next_fire=fires,
    )
    return Bonuses(db, clock, terms)
