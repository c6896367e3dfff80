"""An owner makes a style in the chat, from the answers of a prediction, and changes its parts."""

import pytest_asyncio

from sandbox.client.person import Person
from services.users.actor import Actor
from tests.conversations.stage import OWNER_ID, Stage
from tests.conversations.studio import jpeg


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def olga(studio: Stage) -> Person:
    return await studio.person("Ольга", "ru", id=OWNER_ID)


async def test_a_style_from_the_latest_prediction(studio: Stage, olga: Person) -> None:
    await olga.says("/start model_dimmer")
    await olga.presses("Начать")
    await olga.sends_photo(jpeg("white"))
    await olga.presses("100 %")
    await olga.presses("Нарисовать")
    await olga.sees_photo("баланс", within=30.0)
    await olga.says("/admin")
    await olga.sees("Панель магазина")
    await olga.presses("🎨 Стили")
    await olga.presses("➕ Новый стиль")
    await olga.presses("Tiny")
    for answer in ("Ночь", "Night", "Тёмные", "Dark"):
        await olga.says(answer)
    asked = await olga.sees("Выставить этот стиль на продажу?")
    assert asked.holds("strength = 100")
    await olga.presses("Выставить")
    await olga.sees("✅ Выставлено на продажу.")
    await olga.presses("Эмодзи")
    await olga.says("луна")
    await olga.sees("⚠️")
    await olga.says("🌙")
    assert (await olga.sees("✅ Сохранено.")).holds("🌙 Ночь / Night")
    await olga.presses("Цена")
    await olga.says("2,50")
    assert (await olga.sees("✅ Сохранено.")).holds("Цена: 2,50")
    await olga.presses("Образец")
    await olga.sends_photo(jpeg("navy"))
    assert (await olga.sees("✅ Сохранено.")).holds("Образец: прислан владельцем")
    anna = await studio.person("Анна", "ru")
    await anna.says("/styles")
    await anna.presses("Тёмные · 9")
    await anna.presses("›")
    await anna.presses("Ночь")
    shown = await anna.sees_photo("🌙 Ночь")
    assert shown.holds("Цена: 2,50")
    await anna.presses("Отправить фото")
    await anna.sends_photo(jpeg("white"))
    await anna.sees("Баланс: 10,00 → 7,50")  # the strength is not asked


async def test_what_is_refused_is_asked_again(olga: Person) -> None:
    await olga.says("/admin")
    await olga.sees("Панель магазина")
    await olga.presses("🎨 Стили")
    await olga.presses("Стиль 1")
    await olga.presses("Цена")
    await olga.says("много")
    assert (await olga.sees("⚠️")).holds("Сколько он стоит")
    await olga.says("-")
    await olga.sees("✅ Сохранено.")
    await olga.presses("Образец")
    await olga.says("нет картинки")
    await olga.sees("⚠️")
    await olga.says("/cancel")


async def test_a_part_of_a_new_style_that_cannot_be_is_asked_again_at_once(olga: Person) -> None:
    await olga.says("/admin")
    await olga.sees("Панель магазина")
    await olga.presses("🎨 Стили")
    await olga.presses("➕ Новый стиль")
    await olga.presses("Tiny")
    await olga.says("я" * 61)
    assert (await olga.sees("⚠️")).holds("по-русски")
    await olga.says("Утро")
    assert (await olga.sees("по-английски")).holds("Watercolour")
    await olga.says("/cancel")


async def test_somebody_else_changed_it_meanwhile(studio: Stage, olga: Person) -> None:
    await olga.says("/admin")
    await olga.sees("Панель магазина")
    await olga.presses("🎨 Стили")
    await olga.presses("Стиль 3")
    await olga.presses("Цена")
    await olga.sees("Сколько он стоит")
    await studio.app.services.preset_management.set_price("style-3", 700, actor=Actor.system())
    await olga.says("5")
    told = await olga.sees("Тем временем")
    assert told.holds("7,00")
    await olga.says("5")
    assert (await olga.sees("✅ Сохранено.")).holds("Цена: 5,00")


async def test_off_and_order_and_delete(studio: Stage, olga: Person) -> None:
    await olga.says("/admin")
    await olga.sees("Панель магазина")
    await olga.presses("🎨 Стили")
    await olga.presses("Стиль 9")
    await olga.presses("Снять с продажи")
    await olga.sees("⚪")
    john = await studio.person("John", "en")
    await john.says("/styles")
    assert all("Light" not in label for label in (await john.sees("🎨 Styles")).buttons)
    await olga.presses("Вернуть в продажу")
    await olga.sees("🟢")
    await olga.presses("Ниже")
    await olga.sees("✅")


async def test_nobody_else_sees_it(studio: Stage) -> None:
    boris = await studio.person("Борис", "ru")
    await boris.says("/start")
    await boris.sees("Здравствуйте")
    answer = await boris.forges("adm-style:style-1:off")
    assert answer is not None
    await boris.says("/styles")
    await boris.sees_button("Светлые")
