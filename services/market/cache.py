"""Series that are kept: transactions, each a function of a session. One process asks for a paper, the others wait."""

import datetime as dt
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.market import MarketSeries
from db.upsert import insert_into
from services.market.days import EXCHANGE, TradingHours, today
from services.market.told import ToldSeries

LEASE: Final = dt.timedelta(seconds=15)
"""Longer than asking takes."""
REST: Final = dt.timedelta(seconds=30)
KEPT: Final = dt.timedelta(days=30)
SPLITS_AGAIN: Final = dt.timedelta(minutes=15)
"""After so long a series whose splits could not be had is asked for again."""
_series = table_of(MarketSeries)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesKey:
    """Of a series: `provider` with its address, where it has one of its own; `name`, as instruments call it; `hours`
    of who tells it."""

    provider: str
    symbol: str
    name: str
    hours: TradingHours = EXCHANGE


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSeries:
    """`told` is None until something good was told, and where nobody asked yet."""

    told: ToldSeries | None = None
    fetched_at: dt.datetime | None = None
    since: dt.date | None = None
    fresh: bool = False
    asked_now: bool = False
    rests: bool = False

    def reaches(self, since: dt.date) -> bool:
        return self.told is not None and self.since is not None and self.since <= since

    def to_ask(self, since: dt.date, now: dt.datetime) -> dt.date:
        """Since when: as far back as before, at least. Who needs more than this caller would have nothing on the day
        that the provider is away."""
        if self.since is None or self.fetched_at is None:
            return since
        return min(since, today(now) - (today(self.fetched_at) - self.since))


def look(session: Session, place: SeriesKey, now: dt.datetime) -> KeptSeries:
    row = session.execute(select(_series).where(_at(place))).first()
    return KeptSeries() if row is None else _kept(row, place, now)


def claim(session: Session, place: SeriesKey, since: dt.date, now: dt.datetime) -> bool:
    """Whether the caller is who asks the provider now."""
    key = {"provider": place.provider, "symbol": place.symbol}
    row = insert_into(session, _series).values(key | {"asked_at": now, "leased_until": now + LEASE})
    if session.execute(row.on_conflict_do_nothing().returning(_series.c.symbol)).first() is not None:
        return True
    due = or_(
        _series.c.fresh_until.is_(None),
        _series.c.fresh_until <= now,
        _series.c.since.is_(None),
        _series.c.since > since,
    )
    free = or_(_series.c.leased_until.is_(None), _series.c.leased_until <= now)
    rested = or_(_series.c.rests_until.is_(None), _series.c.rests_until <= now)
    claimed = update(_series).where(_at(place), due, free, rested).values(asked_at=now, leased_until=now + LEASE)
    return session.execute(claimed.returning(_series.c.symbol)).first() is not None


def keep(session: Session, place: SeriesKey, told: ToldSeries, since: dt.date, now: dt.datetime) -> None:
    fresh = place.hours.fresh_until(now, told.last if told.is_traded else dt.date.max)
    values = {
        "series": told.dump(),
        "isin": told.isin,
        "since": since,
        "last": told.last,
        "fetched_at": now,
        "fresh_until": fresh if told.splits_known else min(fresh, now + SPLITS_AGAIN),
        "leased_until": None,
        "rests_until": None,
    }
    session.execute(update(_series).where(_at(place)).values(values))


def give_up(session: Session, place: SeriesKey, now: dt.datetime) -> None:
    """What was told before stays; for a while nobody asks again."""
    session.execute(update(_series).where(_at(place)).values(leased_until=None, rests_until=now + REST))


def forget(session: Session, place: SeriesKey) -> None:
    """A paper that is not there leaves no row."""
    session.execute(delete(_series).where(_at(place), _series.c.series.is_(None)))
    session.execute(update(_series).where(_at(place)).values(leased_until=None))


def find_kept(session: Session, provider: str, code: str, name: str, since: dt.date) -> ToldSeries | None:
    """By ticker or ISIN, of those that have closes since that day."""
    found = select(_series).where(
        _series.c.provider == provider,
        or_(_series.c.symbol == code, _series.c.isin == code),
        _series.c.last >= since,
        _series.c.series.is_not(None),
    )
    row = session.execute(found.limit(1)).first()
    return None if row is None else _told(row, name)


def forget_old(session: Session, now: dt.datetime) -> int:
    """Papers that nobody asked for."""
    return len(
        session.execute(delete(_series).where(_series.c.asked_at < now - KEPT).returning(_series.c.symbol)).all()
    )


def _at(place: SeriesKey) -> ColumnElement[bool]:
    return (_series.c.provider == place.provider) & (_series.c.symbol == place.symbol)


def _kept(row: AnyRow, place: SeriesKey, now: dt.datetime) -> KeptSeries:
    return KeptSeries(
        told=None if row.series is None else _told(row, place.name),
        fetched_at=row.fetched_at,
        since=row.since,
        fresh=row.fresh_until is not None and row.fresh_until > now,
        asked_now=row.leased_until is not None and row.leased_until > now,
        rests=row.rests_until is not None and row.rests_until > now,
    )


def _told(row: AnyRow, name: str) -> ToldSeries:
    return ToldSeries.load(row.series, provider=name, symbol=row.symbol, isin=row.isin)
