"""/balance and /history."""

from datetime import timedelta

import pytest

from db.tables.predictions import PredictionStatus
from sandbox.client.person import Person
from tests.conversations.shopping import fills_in_wine
from tests.conversations.stage import Stage
from tests.support.shop import add_prediction


async def test_a_fresh_balance(anna: Person) -> None:
    await anna.says("/balance")
    screen = await anna.sees("Баланс: 10,00 кредитов")
    assert "+10,00 · Приветственные кредиты" in screen.text
    assert "до" not in screen.text
    assert screen.buttons == ["🔮 Модели", "🧾 Все операции", "🏠 Меню"]


async def test_a_balance_in_english(john: Person) -> None:
    await john.says("/balance")
    screen = await john.sees("Balance: 10.00 credits")
    assert "+10.00 · Welcome credits" in screen.text


async def test_credits_that_end(stage: Stage, anna: Person) -> None:
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    soon = stage.app.clock() + timedelta(days=3)
    await stage.give(anna, 100, expires_at=soon)
    await stage.give(anna, 250, expires_at=soon + timedelta(days=30))
    await anna.says("/balance")
    screen = await anna.sees("Баланс: 13,50 кредита")
    lines = [line for line in screen.text.splitlines() if line.startswith("⏳")]
    assert [line.partition(": до ")[0] for line in lines] == ["⏳ 1,00 кредит", "⏳ 2,50 кредита"]


async def test_a_purchase_among_the_operations(anna: Person) -> None:
    await fills_in_wine(anna)
    await anna.presses("🔮 Предсказать за 1,00 кредит")
    await anna.sees_photo("Бароло")
    await anna.says("/balance")
    screen = await anna.sees("Баланс: 9,00 кредитов")
    assert "−1,00 · 🍷 Сорт вина по анализу\n" in screen.text
    assert "баланс 9,00\n+10,00 · Приветственные кредиты" in screen.text


async def test_many_lots_are_summed_up(stage: Stage, john: Person) -> None:
    await john.says("/start")
    await john.sees("Hello")
    for days in range(1, 7):
        await stage.give(john, 100, expires_at=stage.app.clock() + timedelta(days=days))
    await john.says("/balance")
    await john.sees("… and 3 more later, 3.00 credits")


async def test_operations_in_pages(stage: Stage, anna: Person) -> None:
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    for amount in range(101, 125):
        await stage.give(anna, amount)
    await anna.says("/balance")
    await anna.presses("🧾 Все операции")
    first = await anna.sees("История · операции")
    assert "+1,24 · Подарок магазина" in first.text
    assert first.buttons[2:5] == ["·", "1 из 3", "›"]
    await anna.presses("›")
    assert "+1,14" in (await anna.sees("История · операции")).text
    await anna.presses("›")
    last = await anna.sees("Приветственные кредиты")
    assert last.buttons[2:5] == ["‹", "3 из 3", "·"]
    await anna.presses("3 из 3")
    await anna.presses("‹")
    assert (await anna.sees("+1,14")).id == first.id


async def test_an_empty_history(anna: Person, john: Person) -> None:
    await anna.says("/history")
    empty = await anna.sees("Здесь пока пусто")
    assert empty.buttons == ["• Предсказания •", "Операции", "🔮 Модели", "🏠 Меню"]
    await john.says("/history")
    await john.sees("Nothing here yet")
    await john.presses("Operations")
    operations = await john.sees("History · operations")
    assert operations.buttons == ["Predictions", "• Operations •", "🏠 Menu"]
    await john.presses("Predictions")
    assert (await john.sees("Nothing here yet")).id == operations.id


async def test_predictions_in_pages(stage: Stage, anna: Person) -> None:
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    user_id = await stage.user_id(anna)
    for status in [PredictionStatus.SUCCEEDED] * 9 + [PredictionStatus.FAILED]:
        await stage.app.db.write(add_prediction, user_id=user_id, price=0, status=status)
    await anna.says("/history")
    first = await anna.sees("История · предсказания")
    assert first.buttons[10:13] == ["·", "1 из 2", "›"]
    await anna.presses("›")
    second = await anna.sees("История · предсказания")
    both = first.buttons[2:10] + second.buttons[2:4]
    assert all("· Сорт вина по анализу" in button for button in both)
    assert sorted(button[:2] for button in both).count("✅ ") == 9
    assert "не удалось, кредиты вернулись" in first.text + second.text


@pytest.mark.parametrize(
    "argument",
    [
        "predictions:-1",
        "predictions:999999",
        "operations:999999999999",
        "operations:٣",
        "x:y:z",
        ":",
        "operations:0x10",
    ],
)
async def test_pages_that_nobody_offered(stage: Stage, argument: str) -> None:
    anna = await stage.person("Анна", "ru")
    await anna.says("/history")
    await anna.sees("История")
    answer = await anna.forges(f"history:{argument}")
    assert answer.text is None
    await anna.looks()
    assert "История" in anna.last.text
