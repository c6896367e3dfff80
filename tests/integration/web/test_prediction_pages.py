"""What was bought: its page, its progress, its place in the history; nobody else's."""

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from itertools import count
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.app import App
from bot.http.server import GRACE_SECONDS
from db.base import table_of
from db.tables.predictions import Prediction
from sandbox.client.sandbox import Sandbox
from services.forecasts import publish
from services.forecasts.judgement import Judgement
from services.models.offers import Offer
from services.predictions.submit import Order
from services.users.accounts import UserView, Visitor
from services.values.samples import sample_value
from tests.conversations.stage import shop_settings
from tests.support.databases import SqliteServer
from tests.support.forecasts import PaperMarket, forecast, walk, weekdays
from tests.support.web import browser

FILES = ("", "/events", "/table.csv", "/pictures/painting", "/texts/said.txt")

_people = count(940_000_001)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(world: Sandbox, sqlite_server: SqliteServer) -> AsyncIterator[App]:
    async with App(shop_settings(world, sqlite_server.create())).running() as app:
        yield app


async def person(app: App, language: str = "ru") -> UserView:
    visitor = Visitor(telegram_id=next(_people), username=None, first_name="Анна", language=language)
    return await app.services.users.enter(visitor)


def order(offer: Offer, user: UserView) -> Order:
    return Order(
        user_id=user.id,
        model_slug=offer.slug,
        model_version=offer.manifest.version,
        inputs={field.name: sample_value(field) for field in offer.manifest.inputs},
        price=offer.price,
        request_key=uuid4().hex,
    )


async def buys(app: App, user: UserView, slug: str = "wine") -> str:
    """The page of what was bought."""
    sold = await app.services.predictions.submit(order(await app.services.models.offer(slug), user))
    return f"/predictions/{sold.prediction_id}"


async def followed(client: httpx.AsyncClient, place: str) -> list[str]:
    """The names of the events, until the last one."""
    async with asyncio.timeout(30), client.stream("GET", f"{place}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        return [line.removeprefix("event: ") async for line in stream.aiter_lines() if line.startswith("event: ")]


async def test_an_answer_is_followed_and_shown(app: App) -> None:
    user = await person(app)
    async with browser(app, user.id) as anna:
        place = await buys(app, user)
        assert (await followed(anna, place))[-1] == "done"
        page = (await anna.get(place)).text
        assert "Бароло" in page
        assert '<ul class="bars">' in page
        assert "Похоже на бароло" in page
        assert "1,00 кредит" in page
        form = (await anna.get(f"/models/wine?fill-in={place.rpartition('/')[2].replace('-', '')}")).text
        assert 'value="14,23"' in form


async def test_a_forecast_says_when_it_is_judged_and_what_came(app: App) -> None:
    user = await person(app)
    days, closes = weekdays(60, dt.date(2025, 1, 6)), walk(60)
    async with browser(app, user.id) as anna:
        place = await buys(app, user, "investment-risk")
        await followed(anna, place)
        made = forecast(slug="investment-risk", last_day=days[0], last_close=closes[0])
        await app.db.write(publish.keep, {UUID(place.rpartition("/")[2]): made}, app.clock())
        assert "Проверим около 5 февраля 2025 и сообщим, что вышло." in (await anna.get(place)).text
        await app.services.users.mute_outcomes(user.id, muted=True)
        assert "Проверим около 5 февраля 2025; что вышло, будет видно здесь." in (await anna.get(place)).text
        market = PaperMarket(today=days[-1])
        market.lists("SBER", days, closes)
        assert await Judgement(app.db, market, app.clock, lambda: None).run_due() == 1
        page = (await anna.get(place)).text
        assert "<h2>Что вышло</h2>" in page
        assert f"Срок вышел 4 февраля 2025: цена закрытия {closes[21]:.2f} ".replace(".", ",") in page
        assert "Проверим около" not in page


async def test_another_customers_are_not_there(app: App) -> None:
    user, john = await person(app), await person(app)
    place = await buys(app, user)
    async with browser(app, john.id) as other, browser(app) as someone:
        for each in FILES:
            assert (await other.get(place + each)).status_code == 404
            assert (await someone.get(place + each)).status_code == 303
        assert (await other.post(f"{place}/cancel")).status_code == 404
        assert (await other.get(f"/models/wine?fill-in={place.rpartition('/')[2]}")).status_code == 404
        assert (await other.get("/predictions/rubbish")).status_code == 404
        assert "Сорт вина" not in (await other.get("/history")).text


async def test_the_history_is_filtered(app: App) -> None:
    user = await person(app, language="en")
    async with browser(app, user.id) as anna:
        assert "Nothing here yet." in (await anna.get("/history")).text
        for slug in ("wine", "investment-risk"):
            await followed(anna, await buys(app, user, slug))
        every = (await anna.get("/history")).text
        assert every.count('class="line"') == 2
        wine = (await anna.get("/history?model=wine&state=ready")).text
        assert wine.count('class="line"') == 1
        assert "Nothing like that was found." in (await anna.get("/history?state=returned")).text
        assert (await anna.get("/history?page=-1")).status_code == 422
        assert (await anna.get("/history?page=999")).status_code == 200


async def test_pictures_are_deleted_after_a_question(app: App) -> None:
    user = await person(app)
    file_id = await app.services.files.put(user.id, b"\x89PNG", "image/png")
    async with browser(app, user.id) as anna:
        assert "Вернуть их будет нельзя" in (await anna.get("/history/pictures")).text
        assert (await anna.get(f"/files/{file_id}")).status_code == 200
        assert "Удалён 1 файл." in (await anna.post("/history/pictures")).text
        assert (await anna.get(f"/files/{file_id}")).status_code == 404


async def test_a_file_that_is_no_picture_is_only_saved(app: App) -> None:
    user = await person(app)
    file_id = await app.services.files.put(user.id, b"<script>alert(1)</script>", "text/csv")
    async with browser(app, user.id) as anna:
        shown = await anna.get(f"/files/{file_id.hex}")
        assert shown.headers["content-disposition"].startswith("attachment")
        assert shown.headers["content-type"] == "application/octet-stream"
        assert shown.headers["x-content-type-options"] == "nosniff"


async def test_whoever_follows_does_not_hold_up_a_server_that_stops(sandbox: Sandbox, sqlite_url: str) -> None:
    async with AsyncExitStack() as shop:
        app = await shop.enter_async_context(App(shop_settings(sandbox, sqlite_url)).running())
        user = await person(app)
        place = await buys(app, user)
        async with browser(app, user.id) as anna:
            await followed(anna, place)
            await app.db.write(_wait_for_long, app.clock() + timedelta(hours=1))
            async with anna.stream("GET", f"{place}/events") as stream:
                lines = stream.aiter_lines()
                assert await anext(lines) == "event: progress"
                began = time.monotonic()
                await shop.aclose()
                assert time.monotonic() - began < GRACE_SECONDS - 1
                with pytest.raises(httpx.RemoteProtocolError):
                    [line async for line in lines]


def _wait_for_long(session: Session, until: datetime) -> None:
    rows = table_of(Prediction)
    session.execute(update(rows).values(status="queued", finished_at=None, available_at=until))
