"""The main menu: every screen opens in place and leads back."""

import asyncio

import pytest

from sandbox.client.person import Person
from tests.conversations.stage import Stage

RUSSIAN = {
    "💰 Баланс": "Последние операции",
    "🧾 История": "История · предсказания",
    "👤 Профиль": "Всё это необязательно",
    "🌐 Язык": "Язык / Language",
    "ℹ️ Помощь": "Как это работает",
}
ENGLISH = {
    "💰 Balance": "Last operations",
    "🧾 History": "History · predictions",
    "👤 Profile": "All of it is optional",
    "🌐 Language": "Язык / Language",
    "ℹ️ Help": "How it works",
}


@pytest.mark.parametrize(
    ("language", "question", "home", "screens"),
    [("ru", "Что будем делать?", "🏠 Меню", RUSSIAN), ("en", "What shall we do?", "🏠 Menu", ENGLISH)],
)
async def test_every_screen_opens_in_place_and_leads_home(
    stage: Stage, language: str, question: str, home: str, screens: dict[str, str]
) -> None:
    person = await stage.person("Саша", language)
    await person.says("/menu")
    menu = await person.sees(question)
    for button, words in screens.items():
        await person.presses(button)
        screen = await person.sees(words)
        assert screen.id == menu.id
        await person.presses(home)
        assert (await person.sees(question)).id == menu.id
    assert len([message for message in await person.looks() if message.from_bot]) == 1


async def test_models_are_a_press_away(anna: Person) -> None:
    await anna.says("/menu")
    await anna.presses("🔮 Модели")
    await anna.sees_button("Сорт вина по анализу")


async def test_two_taps_at_once(stage: Stage, anna: Person) -> None:
    """Both presses are answered, one screen is shown."""
    await anna.says("/menu")
    menu = await anna.sees("Что будем делать?")
    await asyncio.gather(anna.forges("balance", menu.id), anna.forges("balance", menu.id))
    messages = [message for message in await anna.looks() if message.from_bot]
    assert [message.id for message in messages] == [menu.id]
    assert "Последние операции" in messages[0].text


async def test_a_button_without_its_message(anna: Person) -> None:
    """The message was deleted, or is too old to be changed: the screen comes below."""
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    await anna.forges("balance", 999_999)
    await anna.sees("Последние операции")


async def test_the_commands_menu(anna: Person, john: Person) -> None:
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    first = ["menu", "models", "styles", "balance", "bonus", "track", "history"]
    expected = [*first, "profile", "language", "help", "terms", "privacy", "cancel"]
    assert await anna.commands() == expected
    assert await john.commands() == expected


@pytest.mark.parametrize(("language", "nothing"), [("ru", "Отменять нечего."), ("en", "There is nothing to cancel.")])
async def test_nothing_to_cancel(stage: Stage, language: str, nothing: str) -> None:
    person = await stage.person("Саша", language)
    await person.says("/cancel")
    menu = await person.sees(nothing)
    assert len(menu.buttons) == 7
