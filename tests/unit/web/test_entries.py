"""What a form brings back of prices that were looked at."""

import datetime as dt

from services.market.origin import PriceOrigin
from services.market.prices import Instrument, PriceJump
from web.cabinet.entries import seen_key

DAY = dt.date(2026, 11, 13)


def key(*closes: float, change: float | None = None) -> str:
    origin = PriceOrigin(
        instrument=Instrument(provider="moex", symbol="SBER", name="Сбербанк", exchange="MOEX"),
        first=DAY - dt.timedelta(days=1),
        last=DAY,
        jumps=() if change is None else (PriceJump(day=DAY, change=change),),
        fetched_at=dt.datetime(2026, 11, 16, 9, tzinfo=dt.UTC),
    )
    return seen_key(origin, list(closes))


def test_other_closes_or_jumps_of_the_same_days_have_not_been_seen() -> None:
    assert key(100.0, 101.0) == key(100, 101)
    assert len({key(100.0, 101.0), key(100.0, 101.5), key(100.0, 40.0), key(100.0, 40.0, change=-0.6)}) == 4
