"""Judging 100,000 forecasts of the public list on SQLite: what came, its scores, and the entries of the chain."""

import asyncio
import datetime as dt
import logging
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks.finding import Finding
from db.base import table_of
from db.engine import Database
from db.migrate import upgrade
from db.tables.forecasts import ChainEntry, ChainHead, EntryKind, Forecast, ForecastOrigin, OpenForecast
from db.tables.models import Model
from services.forecasts.judgement import Judgement
from services.forecasts.said import StatedOutcome, paper_of
from services.manifests.live import LivePrices
from services.market.prices import ClosingPrices, Instrument, PaperHistory

PAPERS, WEEKS, HORIZON = 100, 1_000, 21
MOEX: Final = LivePrices(provider="moex")
FIRST: Final = dt.date(2000, 1, 3)
DAYS: Final = [day for day in (FIRST + dt.timedelta(days=n) for n in range(WEEKS * 7 + 60)) if day.weekday() < 5]
NOW: Final = dt.datetime.combine(DAYS[-1], dt.time(12), dt.UTC)
SECONDS: Final = 60


class _Market:
    """The closes of each paper, at hand."""

    def __init__(self) -> None:
        chance = random.Random(0)
        self.closes_of = {f"P{number}": [100 * (1 + chance.gauss(0, 0.05)) for _ in DAYS] for number in range(PAPERS)}

    async def find(self, source: LivePrices, text: str) -> Sequence[Instrument]:
        return ()

    async def closes(self, source: LivePrices, symbol: str, *, least: int) -> ClosingPrices:
        paper = Instrument(provider="moex", symbol=symbol, name=symbol, exchange="MOEX")
        return ClosingPrices(instrument=paper, days=DAYS, values=self.closes_of[symbol], fetched_at=NOW)

    async def history(self, source: LivePrices, symbol: str, *, since: dt.date) -> PaperHistory:
        return PaperHistory(days=DAYS, values=self.closes_of[symbol])


def measure() -> list[Finding]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "forecasts.db"
        upgrade(f"sqlite:///{file}")
        count, seconds = asyncio.run(_judge(f"sqlite+aiosqlite:///{file}"))
    name = f"Judging {count:,} forecasts of {PAPERS} papers, three outcomes each, published in the chain (SQLite)"
    result = f"{seconds:.1f} s"
    return [Finding(name=name, ours=result, limit="—", result=result, target=f"< {SECONDS} s", met=seconds < SECONDS)]


async def _judge(url: str) -> tuple[int, float]:
    db, market = Database(url), _Market()
    try:
        await db.write(_publish, market)
        began = time.perf_counter()
        count = await Judgement(db, market, lambda: NOW, lambda: None).run_due()
        return count, time.perf_counter() - began
    finally:
        await db.close()


def _publish(session: Session, market: _Market) -> None:
    """As the shop would have, week by week; nobody looks at the hashes here."""
    model = {"slug": "risk", "version": "1", "manifest": {}, "manifest_price": 0, "manifest_position": 1}
    session.execute(insert(table_of(Model)), model | {"sha256": "", "created_at": NOW, "updated_at": NOW})
    forecasts: list[dict[str, object]] = []
    waiting: list[dict[str, object]] = []
    entries: list[dict[str, object]] = []
    for paper in range(PAPERS):
        told = paper_of(MOEX, symbol=f"P{paper}", name=f"P{paper}", exchange="MOEX").columns
        for week in range(WEEKS):
            number, at = len(forecasts) + 1, week * 5
            row = {"id": number, "origin": ForecastOrigin.LIST, "week": f"{week:04}", "model_slug": "risk"}
            close = market.closes_of[f"P{paper}"][at]
            row |= {
                "model_version": "1",
                "model_sha256": "0" * 64,
                "last_day": DAYS[at],
                "last_close": close,
                "horizon": HORIZON,
            }
            forecasts.append(row | told | {"said": {"outcomes": _said(close)}, "made_at": NOW})
            waiting.append({"forecast_id": number, "due_on": DAYS[at], "next_look_at": NOW})
            entries.append({"number": number, "kind": EntryKind.FORECAST, "forecast_id": number, "hash": "0" * 64})
    for table, rows in ((Forecast, forecasts), (OpenForecast, waiting), (ChainEntry, entries)):
        session.execute(insert(table_of(table)), rows)
    session.execute(insert(table_of(ChainHead)), {"id": 1, "length": len(entries), "hash": "0" * 64})


def _said(close: float) -> list[dict[str, object]]:
    return [
        StatedOutcome(name="a", event="drawdown", output="p", measure=0.05, stated=0.3).dump(),
        StatedOutcome(name="b", event="below", output="q", measure=0.05, stated=-6.0).dump(),
        StatedOutcome(name="c", event="inside", output="band", measure=0.9, low=close * 0.9, high=close * 1.1).dump(),
    ]
