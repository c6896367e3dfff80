"""/profile: each part can be changed and cleared."""

import pytest

from sandbox.client.person import Person

OUTSIDE_RUSSIAN = [
    "anna",
    "anna@",
    "@example.com",
    "anna@localhost",
    "анна@пример.рф",
    "a" * 70 + "@example.com",
    "a b@c.de",
]


async def test_an_empty_profile(anna: Person, john: Person) -> None:
    await anna.says("/profile")
    screen = await anna.sees("👤 Профиль")
    assert "Имя: Анна\nПочта: не указано\nПол: не указано\nВозраст: не указано" in screen.text
    assert "Сообщения о бонусах: включены" in screen.text
    await john.says("/profile")
    assert "E-mail: not given" in (await john.sees("👤 Profile")).text


async def test_an_address(anna: Person) -> None:
    await anna.says("/profile")
    await anna.presses("✉️ Почта")
    question = await anna.sees("Отправьте свою почту")
    assert question.buttons == ["‹ Назад"]
    await anna.says("  anna@example.com ")
    saved = await anna.sees("✅ Сохранено.")
    assert "Почта: anna@example.com" in saved.text
    await anna.presses("✉️ Почта")
    assert "Сейчас: anna@example.com" in (await anna.sees("Отправьте свою почту")).text
    await anna.presses("🗑 Очистить")
    await anna.sees("Почта: не указано")


async def test_an_address_in_english(john: Person) -> None:
    await john.says("/profile")
    await john.presses("✉️ E-mail")
    await john.sees("Send your e-mail address")
    await john.says("nonsense")
    await john.sees("This does not look like an e-mail address. Example: anna@example.com")
    await john.says("john@example.com")
    await john.sees("E-mail: john@example.com")


@pytest.mark.parametrize("wrong", OUTSIDE_RUSSIAN)
async def test_what_is_no_address(anna: Person, wrong: str) -> None:
    await anna.says("/profile")
    await anna.presses("✉️ Почта")
    await anna.says(wrong)
    problem = await anna.sees("Не похоже на адрес почты. Пример: anna@example.com")
    assert "‹ Назад" in problem.buttons
    await anna.presses("‹ Назад")
    await anna.sees("Почта: не указано")


async def test_an_age(anna: Person) -> None:
    await anna.says("/profile")
    await anna.presses("🎂 Возраст")
    for wrong in ("сорок", "0", "121", "-5", "35.5", "1e2", "³⁵", "999999999999"):
        await anna.says(wrong)
        await anna.sees("Нужен возраст от 1 до 120, например 35.")
    await anna.says("３５")
    await anna.sees("Возраст: 35")
    await anna.presses("🎂 Возраст")
    await anna.presses("🗑 Очистить")
    await anna.sees("Возраст: не указано")


async def test_a_gender(anna: Person, john: Person) -> None:
    await anna.says("/profile")
    await anna.presses("👥 Пол")
    await anna.presses("Женский")
    await anna.sees("Пол: женский")
    await anna.presses("👥 Пол")
    assert "✓ Женский" in (await anna.sees("Выберите пол")).buttons
    await anna.presses("🗑 Очистить")
    await anna.sees("Пол: не указано")
    await john.says("/profile")
    await john.presses("👥 Gender")
    await john.presses("Male")
    await john.sees("Gender: male")


async def test_news_of_bonuses(anna: Person, john: Person) -> None:
    await anna.says("/profile")
    await anna.presses("🔕 Не сообщать о бонусах")
    await anna.sees("Сообщения о бонусах: выключены")
    await anna.presses("🔔 Сообщать о бонусах")
    await anna.sees("Сообщения о бонусах: включены")
    await john.says("/profile")
    await john.presses("🔕 Do not tell me of bonuses")
    await john.sees("News of bonuses: off")


async def test_a_sticker_is_no_address(anna: Person) -> None:
    await anna.says("/profile")
    await anna.presses("✉️ Почта")
    await anna.sends("sticker")
    await anna.sees("Не похоже на адрес почты")


async def test_a_command_leaves_the_question(anna: Person) -> None:
    await anna.says("/profile")
    await anna.presses("✉️ Почта")
    await anna.says("/balance")
    await anna.sees("Баланс")
    await anna.says("anna@example.com")
    await anna.sees("Не понимаю вас")
    await anna.says("/profile")
    await anna.sees("Почта: не указано")


async def test_cancel_leaves_the_question(anna: Person, john: Person) -> None:
    await anna.says("/profile")
    await anna.presses("🎂 Возраст")
    await anna.says("/cancel")
    await anna.sees("Вопрос отменён, профиль остался прежним.")
    await anna.says("/cancel")
    await anna.sees("Отменять нечего.")
    await john.says("/profile")
    await john.presses("🎂 Age")
    await john.says("/cancel")
    await john.sees("The question is left; the profile stays as it was.")


async def test_an_unknown_command_is_no_address(anna: Person) -> None:
    await anna.says("/profile")
    await anna.presses("✉️ Почта")
    await anna.says("/anna")
    await anna.sees("Команды /anna нет.")


@pytest.mark.parametrize(
    "data", ["profile:gender:other", "profile:age:35", "profile:email:x@y.zz", "profile:bonus:", "profile::"]
)
async def test_forged_buttons_change_nothing(anna: Person, data: str) -> None:
    await anna.says("/profile")
    await anna.sees("👤 Профиль")
    await anna.forges(data)
    await anna.looks()
    assert "Почта: не указано\nПол: не указано\nВозраст: не указано\nСообщения о бонусах: включены" in anna.last.text
