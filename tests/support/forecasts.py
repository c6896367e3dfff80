"""A market of made-up closes, and forecasts of them."""

import datetime as dt
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.forecasts.said import NewForecast, Paper, StatedOutcome, paper_of
from services.manifests.live import LivePrices
from services.market.adjustment import find_jumps
from services.market.errors import HistoryTooShort, NoPrices
from services.market.prices import ClosingPrices, HistoryEnd, Instrument, PaperHistory

MOEX = LivePrices(provider="moex")
FIRST_DAY = dt.date(2020, 1, 6)


def paper(symbol: str = "SBER") -> Paper:
    return paper_of(MOEX, symbol=symbol, name=f"Paper {symbol}", exchange="MOEX")


def weekdays(count: int, first: dt.date = FIRST_DAY) -> list[dt.date]:
    day = first
    days: list[dt.date] = []
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += dt.timedelta(days=1)
    return days


def evening(day: dt.date) -> dt.datetime:
    """When a forecast of that day's close may be made."""
    return dt.datetime.combine(day, dt.time(20), dt.UTC)


def walk(count: int, *, seed: int = 1) -> list[float]:
    """Closes that go up and down by some per cent."""
    chance, closes = random.Random(seed), [100.0]
    while len(closes) < count:
        closes.append(round(closes[-1] * (1 + chance.gauss(0.0002, 0.012)), 4))
    return closes


def closing_prices(symbol: str, days: Sequence[dt.date], closes: Sequence[float], at: dt.datetime) -> ClosingPrices:
    instrument = Instrument(provider="moex", symbol=symbol, name=f"Paper {symbol}", exchange="MOEX")
    jumps = find_jumps(list(zip(days, closes, strict=True)))
    return ClosingPrices(instrument=instrument, days=days, values=closes, jumps=jumps, fetched_at=at)


@dataclass
class PaperMarket:
    """Gives the closes up to the day before `today`, or raises what `trouble` says. `asked` counts."""

    today: dt.date
    days: dict[str, Sequence[dt.date]] = field(default_factory=dict)
    histories: dict[str, Sequence[float]] = field(default_factory=dict)
    trouble: dict[str, NoPrices] = field(default_factory=dict)
    ends: dict[str, HistoryEnd] = field(default_factory=dict)
    asked: int = 0

    def lists(self, symbol: str, days: Sequence[dt.date], closes: Sequence[float]) -> None:
        self.days[symbol], self.histories[symbol] = days, closes

    async def find(self, source: LivePrices, text: str) -> Sequence[Instrument]:
        return [
            Instrument(provider=source.provider, symbol=text.upper(), name=f"Paper {text.upper()}", exchange="MOEX")
        ]

    async def closes(self, source: LivePrices, symbol: str, *, least: int) -> ClosingPrices:
        self.asked += 1
        if (trouble := self.trouble.get(symbol)) is not None:
            raise trouble
        known = sum(day < self.today for day in self.days[symbol])
        at = dt.datetime.combine(self.today, dt.time(), dt.UTC)
        if known < least:
            raise HistoryTooShort(symbol=symbol, count=known, least=least)
        return closing_prices(symbol, self.days[symbol][:known], self.histories[symbol][:known], at)

    async def history(self, source: LivePrices, symbol: str, *, since: dt.date) -> PaperHistory:
        self.asked += 1
        if (trouble := self.trouble.get(symbol)) is not None:
            raise trouble
        known = sum(day < self.today for day in self.days[symbol])
        days, closes = self.days[symbol][:known], self.histories[symbol][:known]
        jumps = find_jumps(list(zip(days, closes, strict=True)))
        return PaperHistory(days=days, values=closes, jumps=jumps, end=self.ends.get(symbol))


def said(
    *, probability: float = 0.25, quantile: float = -6.0, close: float = 100.0, width: float = 0.08
) -> list[StatedOutcome]:
    return [
        StatedOutcome(name="drawdown", event="drawdown", output="p_drawdown", measure=0.05, stated=probability),
        StatedOutcome(name="bad_case", event="below", output="q05", measure=0.05, stated=quantile),
        StatedOutcome(
            name="band",
            event="inside",
            output="band",
            measure=0.9,
            low=close * (1 - width),
            high=close * (1 + width),
        ),
    ]


def forecast(
    *,
    last_day: dt.date,
    last_close: float,
    symbol: str = "SBER",
    outcomes: Sequence[StatedOutcome] | None = None,
    slug: str = "wine",
    horizon: int = 21,
    version: str = "1.0.0",
    sha256: str = "ab" * 32,
) -> NewForecast:
    return NewForecast(
        model_slug=slug,
        model_version=version,
        model_sha256=sha256,
        paper=paper(symbol),
        last_day=last_day,
        last_close=last_close,
        horizon=horizon,
        said=said(close=last_close) if outcomes is None else outcomes,
    )
