"""/language changes everything at once, and what Telegram shows of the bot."""

import pytest

from sandbox.client.person import Person
from tests.conversations.stage import Stage


async def test_a_russian_chooses_english_and_comes_back(anna: Person) -> None:
    await anna.says("/language")
    screen = await anna.sees("Язык / Language: 🇷🇺 Русский")
    assert screen.buttons[:2] == ["✓ 🇷🇺 Русский", "🇬🇧 English"]
    await anna.presses("🇬🇧 English")
    english = await anna.sees("Язык / Language: 🇬🇧 English")
    assert english.id == screen.id
    assert english.buttons == ["🇷🇺 Русский", "✓ 🇬🇧 English", "🏠 Menu"]
    await anna.says("/balance")
    await anna.sees("Balance: 10.00 credits")
    await anna.says("/language")
    await anna.presses("🇷🇺 Русский")
    await anna.sees("Язык / Language: 🇷🇺 Русский")
    await anna.says("/balance")
    await anna.sees("Баланс: 10,00 кредитов")


async def test_the_commands_menu_follows(stage: Stage, john: Person) -> None:
    await john.says("/language")
    await john.presses("🇷🇺 Русский")
    await john.says("/help")  # answered when the menu is set
    await john.sees("Как это работает")
    call = (await stage.sandbox.log("setMyCommands"))[-1]
    assert str(john.id) in str(call["params"]["scope"])
    assert "Главное меню" in str(call["params"]["commands"])


async def test_a_choice_outlives_telegrams_language(stage: Stage, anna: Person) -> None:
    await anna.says("/language")
    await anna.presses("🇬🇧 English")
    await stage.sandbox.call("PATCH", f"/people/{anna.id}", body={"language_code": "ru", "first_name": "Anna"})
    await anna.says("/help")
    await anna.sees("How it works")


async def test_an_app_that_tells_no_language_changes_none(stage: Stage, john: Person) -> None:
    await john.says("/help")
    await john.sees("How it works")
    await stage.sandbox.call("PATCH", f"/people/{john.id}", body={"language_code": None, "first_name": "Johnny"})
    await john.says("/balance")
    await john.sees("Balance: 10.00 credits")
    await stage.sandbox.call("PATCH", f"/people/{john.id}", body={"language_code": "ru"})
    await john.says("/balance")
    await john.sees("Баланс: 10,00 кредитов")


async def test_the_same_language_again(anna: Person) -> None:
    await anna.says("/language")
    answer = await anna.presses("✓ 🇷🇺 Русский")
    assert answer.text is None


@pytest.mark.parametrize("data", ["language:de", "language:", "language:ru:en"])
async def test_languages_that_nobody_offered(anna: Person, data: str) -> None:
    await anna.says("/language")
    await anna.sees("Язык / Language")
    await anna.forges(data)
    await anna.looks()
    assert "Язык / Language: 🇷🇺 Русский" in anna.last.text
