"""When the shop forecasts by itself: at one moment of each week, or of some."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

NextFire = Callable[[datetime], datetime | None]
WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastWeek:
    """An ISO week, the moment from which its forecasts are made, and its end."""

    name: str
    fire: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastSchedule:
    """`next_fire`: the first moment of the schedule that is not before the given one. `zone`: whose weeks count."""

    zone: ZoneInfo
    next_fire: NextFire

    def due_week(self, now: datetime) -> str | None:
        """This ISO week, if its moment has come. A week that was missed is over: nothing is made up for it."""
        week = self._week(now)
        return week.name if week is not None and week.fire <= now else None

    def past_weeks(self, since: datetime, until: datetime) -> list[ForecastWeek]:
        """Those whose moment and whose end lie between."""
        weeks, at = [], since
        while (monday := self._monday(at)) < until:
            week = self._week(at)
            if week is not None and since <= week.fire and week.end <= until:
                weeks.append(week)
            at = monday + WEEK
        return weeks

    def _week(self, at: datetime) -> ForecastWeek | None:
        """None: the schedule leaves it out."""
        monday = self._monday(at)
        fire, end = self.next_fire(monday), self._monday(monday + WEEK)
        if fire is None or fire >= end:
            return None
        return ForecastWeek(name=monday.strftime("%G-W%V"), fire=fire, end=end)

    def _monday(self, at: datetime) -> datetime:
        """Midnight of its week's first day."""
        local = at.astimezone(self.zone)
        return datetime.combine(local.date() - timedelta(days=local.weekday()), time(), self.zone)
