"""A copy of everything that is kept of somebody, and of nobody else."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.base import table_of
from db.engine import Database
from db.tables.identities import AccountMerge, SessionKind
from db.tables.predictions import PredictionStatus
from services.coordination.memory import MemoryCoordination
from services.forecasts import publish
from services.forecasts.judgement import Judgement
from services.identity.export import AT_ONCE, SECTIONS, AccountExport, TooManyExports
from services.identity.sessions import Device, ProveAgain
from services.market.errors import ExchangeSilent
from services.users.accounts import Visitor
from tests.integration.identity.test_deletion import ADDRESS, NAME, TELEGRAM, Shop
from tests.support.clock import FakeClock
from tests.support.forecasts import PaperMarket, forecast, walk, weekdays
from tests.support.shop import add_model, add_prediction, add_user


@pytest.fixture
def shop(database: Database, clock: FakeClock, tmp_path: Path) -> Shop:
    return Shop(database, clock, tmp_path)


@pytest.fixture
def export(database: Database, clock: FakeClock) -> AccountExport:
    began = clock()
    return AccountExport(database, clock, MemoryCoordination(lambda: (clock() - began) / timedelta(seconds=1)))


async def copy_of(shop: Shop, export: AccountExport, user_id: int) -> dict[str, Any]:
    pieces = await export.begin(await shop.signed_in(user_id))
    read: dict[str, Any] = json.loads(b"".join([piece async for piece in pieces]))
    return read


async def test_everything_is_there(shop: Shop, export: AccountExport) -> None:
    user_id = await shop.anna()
    copy = await copy_of(shop, export, user_id)
    profile = copy["profile"]
    assert (profile["first_name"], profile["email"], profile["telegram_id"]) == (NAME, ADDRESS, TELEGRAM)
    assert set(SECTIONS) <= set(copy)
    assert [line["kind"] for line in copy["operations"]] == ["welcome", "charge", "topup"]
    (bought,) = copy["predictions"]
    assert (bought["inputs"], bought["result"]) == ({"complaint": "сердце болит"}, {"x": "сердце болит"})
    assert [len(copy[name]) for name in ("payments", "sessions", "files", "webhooks")] == [1, 1, 1, 1]
    assert [paper["symbol"] for paper in copy["favourite_papers"]] == ["SBER"]


async def test_no_secret_is_there(shop: Shop, export: AccountExport) -> None:
    user_id = await shop.anna()
    token = await shop.sessions.begin(user_id, SessionKind.BROWSER, Device())
    text = json.dumps(await copy_of(shop, export, user_id))
    assert not any(word in text for word in ("hash", "secret", token, '"s"'))


async def test_nothing_of_anybody_else(shop: Shop, export: AccountExport) -> None:
    await shop.anna()
    visitor = Visitor(telegram_id=88, username=None, first_name="Борис", language="ru")
    boris = (await shop.users.enter(visitor)).id
    copy = await copy_of(shop, export, boris)
    assert {name: len(copy[name]) for name in SECTIONS if copy[name]} == {"operations": 1}
    assert NAME not in json.dumps(copy, ensure_ascii=False)


async def test_what_was_said_to_them_and_what_came(shop: Shop, export: AccountExport) -> None:
    """Also what was said to an account that became part of this one, and nothing that was said to others."""
    await shop.db.write(add_model)
    anna, boris = await shop.enter(), await shop.db.write(add_user)
    before = await shop.db.write(add_user)
    merge = {"from_user_id": before, "into_user_id": anna, "credits": 0, "created_at": shop.clock()}
    await shop.db.write(lambda session: session.execute(insert(table_of(AccountMerge)), merge) and None)
    days, closes = weekdays(40), walk(40)
    for user_id, symbol in ((anna, "SBER"), (before, "SBERP"), (boris, "GAZP")):
        bought: UUID = await shop.db.write(
            add_prediction, user_id=user_id, price=0, slug="wine", status=PredictionStatus.SUCCEEDED
        )
        made = forecast(last_day=days[0], last_close=closes[0], symbol=symbol)
        await shop.db.write(publish.keep, {bought: made}, shop.clock())
    listed = forecast(last_day=days[0], last_close=closes[0], symbol="LKOH")
    await shop.db.write(publish.publish, listed, week="2020-W02", now=shop.clock())
    market = PaperMarket(today=days[-1])
    for symbol in ("SBER", "GAZP", "LKOH"):
        market.lists(symbol, days, closes)
    market.trouble["SBERP"] = ExchangeSilent()
    assert await Judgement(shop.db, market, shop.clock, lambda: None).run_due() > 0
    copy = await copy_of(shop, export, anna)
    assert {said["symbol"] for said in copy["forecasts"]} == {"SBER", "SBERP"}
    mine = next(said for said in copy["forecasts"] if said["symbol"] == "SBER")
    assert (mine["last_day"], mine["last_close"], mine["horizon"]) == (days[0].isoformat(), closes[0], 21)
    assert [each["name"] for each in mine["said"]["outcomes"]] == ["drawdown", "bad_case", "band"]
    came = [each for each in copy["outcomes"] if each["forecast_id"] == mine["id"]]
    fell = min(closes[1:22]) <= closes[0] * 0.95
    assert {each["name"]: each["came"] for each in came}["drawdown"] == fell
    assert {each["until"] for each in came} == {days[21].isoformat()}
    assert {each["forecast_id"] for each in copy["outcomes"]} <= {each["id"] for each in copy["forecasts"]}


async def test_much_of_it_comes_in_pieces(shop: Shop, export: AccountExport) -> None:
    user_id = await shop.anna()
    for _ in range(AT_ONCE + 1):
        await shop.db.write(add, user_id)
    assert len((await copy_of(shop, export, user_id))["predictions"]) == AT_ONCE + 2


async def test_five_copies_an_hour(shop: Shop, export: AccountExport) -> None:
    user_id = await shop.enter()
    who = await shop.signed_in(user_id)
    for _ in range(5):
        await export.begin(who)
    with pytest.raises(TooManyExports):
        await export.begin(who)
    shop.clock.advance(hours=1, seconds=1)
    with pytest.raises(ProveAgain):
        await export.begin(who)
    await export.begin(await shop.signed_in(user_id))


def add(session: Session, user_id: int) -> None:
    add_prediction(session, user_id=user_id, price=0, status=PredictionStatus.CANCELED)
