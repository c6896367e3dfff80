"""Days of exchanges: which is over, and when the next will be."""

import datetime as dt
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from services.manifests.live import LivePrices

MOSCOW: Final = dt.timezone(dt.timedelta(hours=3))
"""It keeps one time all year."""
LATE: Final = dt.timedelta(hours=3)
"""Where the last day is missing (a holiday, or an exchange that is late), it is asked again after so long."""
_WHOLE_DAY: Final = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingHours:
    """`final_after`: so long after a day began in `zone` its close is final. `at_weekends`: it is asked again then,
    too."""

    zone: dt.tzinfo = MOSCOW
    final_after: dt.timedelta = dt.timedelta(hours=19)
    at_weekends: bool = False

    def today(self, now: dt.datetime) -> dt.date:
        return now.astimezone(self.zone).date()

    def last_finished(self, now: dt.datetime) -> dt.date:
        """The last weekday whose close is final."""
        day = self.today(now)
        if self._final_at(day) > now:
            day -= _WHOLE_DAY
        return day - dt.timedelta(days=max(0, day.weekday() - 4))

    def next_close(self, now: dt.datetime) -> dt.datetime:
        """When the next close will be final; at weekends, when the day is over."""
        day = self.today(now) - _WHOLE_DAY
        while self._final_at(day) <= now or (day.weekday() > 4 and not self.at_weekends):
            day += _WHOLE_DAY
        return self._final_at(day)

    def fresh_until(self, now: dt.datetime, last: dt.date | None) -> dt.datetime:
        """Until when nobody asks again for a series that ends on `last`."""
        close = self.next_close(now)
        return close if last is not None and last >= self.last_finished(now) else min(close, now + LATE)

    def _final_at(self, day: dt.date) -> dt.datetime:
        """By the clocks on the wall there, also on a day when they are changed."""
        whole, rest = divmod(self.final_after, _WHOLE_DAY)
        wall = dt.datetime.combine(day + whole * _WHOLE_DAY, dt.time()) + rest
        return wall.replace(tzinfo=self.zone).astimezone(dt.UTC)


EXCHANGE: Final = TradingHours()
FILE: Final = TradingHours(final_after=_WHOLE_DAY, at_weekends=True)
"""Of a file that does not say when its day ends."""


def hours_of(source: LivePrices) -> TradingHours:
    if source.provider != "csv":
        return EXCHANGE
    if source.zone is None or source.final_at is None:
        return FILE
    hour, minute = map(int, source.final_at.split(":"))
    after = dt.timedelta(hours=hour, minutes=minute)
    return TradingHours(zone=ZoneInfo(source.zone), final_after=after, at_weekends=True)


def today(now: dt.datetime) -> dt.date:
    """In Moscow."""
    return EXCHANGE.today(now)


def last_finished(now: dt.datetime) -> dt.date:
    """At the exchange in Moscow."""
    return EXCHANGE.last_finished(now)
