"""The back room of a shop, as its settings say: the weekly bonus and what admins work with."""

import functools
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.settings import ShopSettings
from db.engine import Database
from services.bonuses import Bonuses, BonusTerms, NextFire
from services.clock import Clock


def open_bonuses(settings: ShopSettings, db: Database, clock: Clock) -> Bonuses:
    zone = ZoneInfo(settings.timezone)

    @functools.cache
    def schedule() -> NextFire:
        from bot.cron import next_fire  # with APScheduler, for who is told when it comes

        return next_fire(settings.weekly_bonus_cron, zone)

    def next_bonus(after: datetime) -> datetime | None:
        return schedule()(after)

    terms = BonusTerms(
        amount=settings.weekly_bonus_credits,
        ttl=timedelta(days=settings.weekly_bonus_ttl_days),
        zone=zone,
        next_fire=next_bonus,
    )
    return Bonuses(db, clock, terms)
