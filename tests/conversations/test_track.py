"""/track, /papers, and the message that tells what came of a forecast."""

import datetime as dt
from collections.abc import AsyncIterator
from uuid import UUID

import pytest_asyncio

from bot.app import App
from db.tables.predictions import PredictionStatus
from sandbox.testing import new_token, new_world
from services.coordination.base import Topic
from services.forecasts import publish
from services.forecasts.judgement import Judgement
from tests.conversations.stage import OWNER_ID, Stage, shop_settings
from tests.support.databases import SqliteServer
from tests.support.forecasts import PaperMarket, forecast, walk, weekdays
from tests.support.shop import add_prediction
from tests.support.stores import STORE
from tests.unit.handlers.predictions.bench import CATALOGUES

RISK = "investment-risk"
DAYS, CLOSES = weekdays(60, dt.date(2025, 1, 6)), walk(60)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(sandbox_url: str, sqlite_server: SqliteServer) -> AsyncIterator[Stage]:
    async with (
        new_world(sandbox_url, token=new_token()) as sandbox,
        App(shop_settings(sandbox, sqlite_server.create(), models_dir=STORE)).running() as app,
    ):
        yield Stage(sandbox=sandbox, app=app)


async def made_for(shop: Stage, user_id: int) -> UUID:
    """An answer of theirs that will be judged."""
    prediction_id: UUID = await shop.app.db.write(
        add_prediction, user_id=user_id, price=0, slug=RISK, status=PredictionStatus.SUCCEEDED
    )
    made = forecast(slug=RISK, last_day=DAYS[0], last_close=CLOSES[0])
    await shop.app.db.write(publish.keep, {prediction_id: made}, dt.datetime.combine(DAYS[0], dt.time(9), dt.UTC))
    return prediction_id


async def judge_for(shop: Stage, user_id: int) -> UUID:
    """A forecast of theirs whose month is over."""
    db, prediction_id = shop.app.db, await made_for(shop, user_id)
    market = PaperMarket(today=DAYS[-1])
    market.lists("SBER", DAYS, CLOSES)
    told = lambda: shop.app.services.coordination.tell(Topic.NEWS)  # noqa: E731 - as the shop's own job does
    assert await Judgement(db, market, shop.app.clock, told).run_due() == 1
    return prediction_id


async def test_nobody_has_forecast_anything_yet(shop: Stage) -> None:
    anna, john = await shop.person("Анна", "ru"), await shop.person("John", "en")
    await anna.says("/track")
    await anna.sees("По списку ещё не сделано ни одного прогноза.")
    await john.says("/track")
    await john.sees("Nothing has been forecast for the list yet.")


async def test_who_asked_is_told_what_came(shop: Stage) -> None:
    boris = await shop.person("Борис", "ru")
    await boris.says("/start")
    await boris.sees("Борис")
    user_id = await shop.user_id(boris)
    await judge_for(shop, user_id)
    told = await boris.sees("🗓 Чем закончился ваш прогноз")
    assert "Paper SBER (SBER)" in told.text
    assert f"Срок вышел {CATALOGUES['ru'].date(DAYS[21])}: цена закрытия " in told.text
    assert "за 21 торговый день цена упадёт на 5\u00a0% или больше с вероятностью 25\u00a0%" in told.text
    assert told.buttons == ["🔮 Ответ", "🔕 Не сообщать, что сбылось"]
    await boris.presses("🔕 Не сообщать, что сбылось")
    await boris.sees("Исходы прогнозов: выключены")
    assert any("🗓 Чем закончился ваш прогноз" in each.text for each in boris.messages), "the profile comes below it"
    assert (await shop.app.services.users.get(user_id)).outcomes_muted


async def test_an_old_answer_says_what_came(shop: Stage) -> None:
    """Opened from the history, and from the message, which stays."""
    vera = await shop.person("Вера", "ru")
    await vera.says("/start")
    await vera.sees("Вера")
    await judge_for(shop, await shop.user_id(vera))
    told = await vera.sees("🗓 Чем закончился ваш прогноз")
    await vera.presses("🔮 Ответ")
    kept = await vera.sees("🗓 Что вышло")
    assert kept.id != told.id
    assert "баланс" not in kept.text, "today's is not that of then"
    assert "🗓 Чем закончился ваш прогноз" in next(each.text for each in vera.messages if each.id == told.id)
    await vera.presses("‹ Назад")
    await vera.sees("🧾 История · предсказания")
    await vera.presses("Риск вложения")
    await vera.sees("🗓 Что вышло")


async def test_an_answer_that_waits_says_when_it_is_judged(shop: Stage) -> None:
    john = await shop.person("John", "en")
    await john.says("/start")
    await john.sees("John")
    await made_for(shop, await shop.user_id(john))
    await john.says("/history")
    await john.presses("Investment risk")
    await john.sees("🗓 To be judged about 5 February 2025; you will be told what came.")


async def test_an_owner_sets_the_list(shop: Stage) -> None:
    olga, anna = await shop.person("Ольга", "ru", id=OWNER_ID), await shop.person("Анна", "ru")
    await olga.says("/papers add GAZP")
    await olga.sees('✅ В списке: "Газпром" (ПАО) ао (GAZP).')
    await olga.says("/admin")
    await olga.presses("📈 Прогнозы")
    await olga.sees("(GAZP): ")
    await olga.says("/papers drop gazp")
    await olga.sees("✅ Убрано из списка")
    await olga.says("/papers drop gazp")
    await olga.sees("Этой бумаги в списке нет.")
    await olga.says("/papers add")
    await olga.sees("Так: /papers")
    await anna.says("/papers add GAZP")
    await anna.says("/track")
    await anna.sees("Как сбывались прогнозы")
    assert [each.until is None for each in await shop.app.services.instrument_list.all()] == [False]


async def test_the_page_of_a_model_leads_there(shop: Stage) -> None:
    john = await shop.person("John", "en")
    await john.says("/models")
    await john.presses("Investment risk")
    await john.presses("🎯 How often it came true")
    await john.sees("🎯 How often forecasts came true")
