"""A counter that sells the model of risk, whose papers have closes up to yesterday."""

import datetime as dt
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.cron import next_fire
from db.base import JsonObject
from db.engine import Database
from services.forecasts.listing import InstrumentList
from services.forecasts.schedule import ForecastSchedule
from services.forecasts.sources import PriceSource
from services.forecasts.weekly import WeeklyForecasts
from services.users.actor import Actor
from services.users.roles import Staff
from tests.support.clock import START, FakeClock
from tests.support.counter import STORE, Counter, open_counter
from tests.support.forecasts import PaperMarket, walk, weekdays
from tests.support.shop import add_user

RISK = "investment-risk"
LIST_OWNER = 77
LIVE = '[[inputs.live]]\nprovider = "moex"\n\n'
DAYS = weekdays(420, dt.date(2025, 10, 1))
YESTERDAY = START.date() - dt.timedelta(days=3)
"""The last trading day before the shop's Monday."""
KNOWN = DAYS.index(YESTERDAY) + 1
ZONE = ZoneInfo("Europe/Moscow")


async def open_risk_shop(database: Database, clock: FakeClock, folder: Path) -> Counter:
    shutil.copytree(STORE / RISK, folder / RISK)
    manifest = folder / RISK / "manifest.toml"
    text = manifest.read_text("utf-8")
    if "[[inputs.live]]" not in text:
        place = text.index("[[inputs]]", text.index('name = "prices"'))
        manifest.write_text(text[:place] + LIVE + text[place:], "utf-8")
    return await open_counter(database, clock, folder)


def risk_market(*symbols: str) -> PaperMarket:
    market = PaperMarket(today=START.date())
    for number, symbol in enumerate(symbols):
        market.lists(symbol, DAYS, walk(420, seed=number + 1))
    return market


def live_inputs(symbol: str = "SBER", *, seed: int = 1) -> JsonObject:
    """What a customer's form keeps of a paper."""
    live = {
        "provider": "moex",
        "symbol": symbol,
        "name": f"Paper {symbol}",
        "exchange": "MOEX",
        "first": DAYS[KNOWN - 253].isoformat(),
        "last": YESTERDAY.isoformat(),
        "splits": [],
        "jumps": [],
        "stale": False,
        "fetched_at": START.isoformat(),
    }
    return {
        "prices": {"values": walk(420, seed=seed)[KNOWN - 253 : KNOWN], "live": live},
        "amount": 100_000.0,
        "limit": 10.0,
    }


async def list_owner(counter: Counter) -> Actor:
    """Once a shop."""
    return Actor(await counter.db.write(add_user, telegram_id=LIST_OWNER), None)


def list_of(counter: Counter, market: PriceSource) -> InstrumentList:
    staff = Staff([LIST_OWNER])
    return InstrumentList(counter.db, market, counter.clock, staff, counter.models, schedule=mondays())


def weekly_of(counter: Counter, market: PriceSource, *, doubted: bool = False) -> WeeklyForecasts:
    return WeeklyForecasts(counter.db, counter.engine, market, counter.clock, mondays(), doubted=lambda: doubted)


def mondays(cron: str = "0 9 * * mon") -> ForecastSchedule:
    return ForecastSchedule(zone=ZONE, next_fire=next_fire(cron, ZONE))
