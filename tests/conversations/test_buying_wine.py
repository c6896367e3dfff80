"""The wine model: thirteen numbers, one by one or at once."""

from sandbox.client.person import Person
from tests.conversations.shopping import WINE, balance, bought, fills_in_wine, opens_form
from tests.conversations.stage import Stage


async def test_from_the_list_to_the_answer(stage: Stage, anna: Person) -> None:
    await anna.says("/models")
    models = await anna.sees("Что будем предсказывать?")
    assert "Вино и вкус\n🍷 Сорт вина по анализу: 1,00 кредит" in models.text
    await anna.presses("🍷 Сорт вина по анализу · 1,00")
    page = await anna.sees("Модель задаст 13 вопросов.")
    assert "бароло, гриньолино или барбера" in page.text
    await anna.presses("▶️ Начать")
    question = await anna.sees("1/13")
    assert question.id == page.id == models.id, "buttons edit in place"
    await anna.says(WINE)
    summary = await anna.sees("Баланс: 10,00 → 9,00")
    assert "Пролин: 1065 мг/л" in summary.text
    await anna.presses("🔮 Предсказать за 1,00 кредит")
    answer = await anna.sees_photo("Вино: Бароло, >99")
    assert answer.id == summary.id, "the summary becomes the answer"
    assert answer.photo is not None
    assert "Гриньолино <1" in answer.text
    assert "💡 Похоже на бароло" in answer.text
    assert "1,00 кредит ·" in answer.text
    assert "баланс 9,00" in answer.text
    assert await balance(stage, anna) == 900


async def test_one_by_one_in_english(stage: Stage, john: Person) -> None:
    first = await opens_form(john, "wine")
    assert "Alcohol, %" in first.text
    assert "From 10 to 16. Example: 14.23" in first.text
    await john.presses("Default: 13.05 %")
    assert (await john.sees("2/13")).id == first.id, "a press edits in place"
    await john.says("1,87")
    third = await john.sees("3/13")
    assert third.id != first.id, "a typed answer has the next question below it"
    old = next(message for message in await john.looks() if message.id == first.id)
    assert not old.buttons
    await john.says("2.36 g/L")
    await john.sees("4/13")
    for number in range(4, 14):
        assert f"{number}/13" in (await john.sees(f"{number}/13")).text
        await john.presses("Default:")
    await john.sees("Ash: 2.36 g/L")
    await john.presses("🔮 Predict for 1.00 credit")
    answer = await john.sees_photo("Wine: ")
    assert "💡 " in answer.text
    assert answer.buttons == ["🔁 Again", "✏️ Change an answer", "🧾 History", "🏠 Menu"]
    assert await bought(stage, john) == 1


async def test_a_wrong_number_is_explained_and_asked_again(anna: Person) -> None:
    await opens_form(anna, "wine")
    await anna.says("крепкое")
    again = await anna.sees("⚠️ Нужно число от 10 до 16, например 14,23.")
    assert "1/13" in again.text
    await anna.says("1e999")
    await anna.sees("⚠️ Нужно число от 10 до 16")
    await anna.says("13,2 %")
    await anna.sees("2/13")
    await anna.says(WINE.rpartition(" ")[0])
    await anna.sees("⚠️ Значение 1, «Яблочная кислота»: Нужно число от 0,3 до 7")
    await anna.says(" ".join(WINE.split()[:7]))
    await anna.sees("⚠️ Нужно 13 значений, а получено 7.")


async def test_back_and_cancel(stage: Stage, anna: Person) -> None:
    await opens_form(anna, "wine")
    await anna.says("13,2")
    await anna.sees("2/13")
    await anna.presses("‹ Назад")
    await anna.sees("Сейчас выбрано: 13,2")
    await anna.presses("Оставить: 13,2 %")
    await anna.sees("2/13")
    await anna.presses("✖ Отмена")
    await anna.sees("Анкета")
    assert await balance(stage, anna) == 1000
    await opens_form(anna, "wine")
    await anna.presses("‹ Назад")
    await anna.sees_button("▶️ Начать")


async def test_again_and_with_another_answer(stage: Stage, anna: Person) -> None:
    await fills_in_wine(anna)
    await anna.presses("🔮")
    answer = await anna.sees_photo("Бароло")
    await anna.presses("🔁 Ещё раз")
    summary = await anna.sees("Баланс: 9,00 → 8,00")
    assert summary.id != answer.id, "the answer stays"
    await anna.presses("🔮")
    assert (await anna.sees_photo("Бароло")).id == summary.id
    await anna.presses("✏️ Изменить ответ")
    await anna.sees("Какой ответ изменить?")
    await anna.presses("›")
    await anna.presses("Пролин: 1065 мг/л")
    await anna.says("400")
    await anna.sees("Пролин: 400 мг/л")
    await anna.presses("🔮")
    await anna.sees_photo("Вино: ")
    assert (await balance(stage, anna), await bought(stage, anna)) == (700, 3)


async def test_a_prediction_in_the_history(anna: Person) -> None:
    await fills_in_wine(anna)
    await anna.presses("🔮")
    await anna.sees_photo("Бароло")
    await anna.says("/history")
    await anna.presses("Сорт вина по анализу")
    opened = await anna.sees_photo("Бароло")
    assert opened.buttons == ["🔁 Ещё раз", "✏️ Изменить ответ", "🔮 Модели", "‹ Назад"]
    await anna.presses("‹ Назад")
    await anna.sees("История · предсказания")
