"""A form meets everything else: it waits where it can, and is told of where it cannot."""

import pytest

from bot.app import App
from sandbox.client.person import Person
from sandbox.testing import new_world
from tests.conversations.stage import shop_settings
from tests.support.databases import SqliteServer

FIRST = "Алкоголь"
SECOND = "Яблочная кислота"


async def _second_question(person: Person) -> None:
    """Anna is asked the second of thirteen questions about a wine."""
    await person.says("/start")
    await person.says("/models")
    await person.presses("Сорт вина")
    await person.presses("Начать")
    await person.sees(FIRST)
    await person.says("14.23")
    await person.sees(SECOND)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("/balance", "Баланс: 10,00 кредитов"),
        ("/history", "История · предсказания"),
        ("/profile", "Всё это необязательно"),
        ("/language", "Язык / Language"),
        ("/help", "Как это работает"),
        ("/terms", "Это не совет."),
        ("/models", "Что будем предсказывать?"),
        ("/nosuch", "Команды /nosuch нет."),
    ],
)
async def test_a_command_keeps_the_form(anna: Person, command: str, words: str) -> None:
    """The answer may be typed at once, or the question shown again."""
    await _second_question(anna)
    await anna.says(command)
    screen = await anna.sees(words)
    assert screen.buttons[0] == "▶️ Продолжить анкету"
    await anna.presses("▶️ Продолжить анкету")
    question = await anna.sees(SECOND)
    assert "2/13" in question.text
    await anna.says("1.71")
    await anna.sees("3/13")


async def test_an_answer_right_after_a_command(anna: Person) -> None:
    await _second_question(anna)
    await anna.says("/balance")
    await anna.sees("Баланс: 10,00 кредитов")
    await anna.says("1.71")
    await anna.sees("3/13")


async def test_the_menu_pauses_the_form(anna: Person) -> None:
    await _second_question(anna)
    await anna.says("/menu")
    menu = await anna.sees("Анкета «Сорт вина по анализу» ждёт вас.")
    assert menu.buttons[0] == "▶️ Продолжить анкету"
    await anna.says("1.71")
    await anna.sees("Похоже на данные для модели.")
    await anna.presses("▶️ Продолжить анкету")
    assert "2/13" in (await anna.sees(SECOND)).text
    await anna.says("1.71")
    await anna.sees("3/13")


async def test_start_leaves_the_form(anna: Person) -> None:
    await _second_question(anna)
    await anna.says("/start")
    await anna.sees("Анкета «Сорт вина по анализу» отменена. Ничего не списано.")
    await anna.says("1.71")
    await anna.sees("Похоже на данные для модели.")
    await anna.says("/cancel")
    await anna.sees("Отменять нечего.")


async def test_cancel_leaves_the_form(anna: Person) -> None:
    await _second_question(anna)
    await anna.says("/cancel")
    menu = await anna.sees("Анкета «Сорт вина по анализу» отменена. Ничего не списано.")
    assert "▶️ Продолжить анкету" not in menu.buttons


async def test_an_english_form_is_left(john: Person) -> None:
    await john.says("/start model_wine")
    await john.presses("Start")
    await john.sees("Alcohol")
    await john.says("/help")
    screen = await john.sees("How it works")
    assert screen.buttons[0] == "▶️ Continue the form"
    await john.says("/menu")
    await john.sees("The form “Wine by its analysis” waits for you.")
    await john.says("/cancel")
    await john.sees("The form “Wine by its analysis” is left. Nothing was charged.")


async def test_a_profile_question_in_between(anna: Person) -> None:
    await _second_question(anna)
    await anna.says("/profile")
    await anna.presses("✉️ Почта")
    await anna.sees("Отправьте свою почту")
    await anna.says("anna@example.com")
    saved = await anna.sees("✅ Сохранено.")
    assert saved.buttons[0] == "▶️ Продолжить анкету"
    await anna.presses("▶️ Продолжить анкету")
    await anna.says("1.71")
    await anna.sees("3/13")


async def test_cancelling_the_profile_question_keeps_the_form(anna: Person) -> None:
    await _second_question(anna)
    await anna.says("/profile")
    await anna.presses("🎂 Возраст")
    await anna.says("/cancel")
    menu = await anna.sees("Вопрос отменён, профиль остался прежним.")
    assert menu.buttons[0] == "▶️ Продолжить анкету"


async def test_a_sticker_is_no_answer(anna: Person) -> None:
    await _second_question(anna)
    for kind in ("sticker", "dice", "location", "contact"):
        await anna.sends(kind)
        await anna.sees("Это не подходит для ответа.")
    await anna.sends("voice")
    await anna.sees("Звуком на это не ответить.")
    await anna.says("1.71")
    await anna.sees("3/13")


async def test_an_edited_answer(anna: Person) -> None:
    await _second_question(anna)
    answer = next(message for message in await anna.looks() if message.text == "14.23")
    await anna.edits(answer, "13.5")
    told = await anna.sees("Чтобы изменить ответ, нажмите «Продолжить анкету»")
    assert told.buttons[0] == "▶️ Продолжить анкету"
    await anna.says("1.71")
    await anna.sees("3/13")


async def test_another_language_in_between(anna: Person) -> None:
    await _second_question(anna)
    await anna.says("/language")
    await anna.presses("🇬🇧 English")
    await anna.presses("▶️ Continue the form")
    await anna.sees("Malic acid")


async def test_a_link_in_between(anna: Person) -> None:
    await _second_question(anna)
    await anna.says("/start model_investment-risk")
    await anna.sees("Анкета «Сорт вина по анализу» отменена.")
    await anna.sees("Риск вложения на месяц")


async def test_a_stale_button_in_between(anna: Person) -> None:
    await _second_question(anna)
    answer = await anna.forges("no-such-button")
    assert answer.show_alert
    menu = await anna.sees("Анкета «Сорт вина по анализу» ждёт вас.")
    assert menu.buttons[0] == "▶️ Продолжить анкету"


async def test_nothing_to_continue(anna: Person) -> None:
    """A button of a month ago."""
    await anna.says("/menu")
    await anna.sees("Что будем делать?")
    await anna.forges("continue")
    await anna.sees("Продолжать нечего.")


async def test_a_form_survives_a_restart(sandbox_url: str, sqlite_server: SqliteServer) -> None:
    url = sqlite_server.create()
    async with new_world(sandbox_url) as sandbox:
        anna = await sandbox.person("Анна", language_code="ru")
        async with App(shop_settings(sandbox, url)).running():
            await _second_question(anna)
        await anna.says("1.71")
        async with App(shop_settings(sandbox, url)).running():
            await anna.sees("3/13")
