"""When the shop forecasts by itself, as its settings say."""

import functools
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.settings import ShopSettings
from services.forecasts.schedule import ForecastSchedule, NextFire


def open_schedule(settings: ShopSettings) -> ForecastSchedule:
    zone = ZoneInfo(settings.timezone)

    @functools.cache
    def schedule() -> NextFire:
        from bot.cron import next_fire  # with APScheduler, for a worker that has papers to forecast

        return next_fire(settings.forecast_cron, zone)

    @functools.lru_cache(maxsize=4096)  # of twenty years of weeks, which the record counts
    def fire(after: datetime) -> datetime | None:
        return schedule()(after)

    return ForecastSchedule(zone=zone, next_fire=fire)
