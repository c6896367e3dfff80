"""Models, statistics and roles from the chat."""

import pytest

from db.tables.users import Role
from sandbox.client.person import Person
from tests.conversations.shopping import fills_in_wine
from tests.conversations.stage import Stage


async def opens_model(olga: Person) -> None:
    await olga.says("/admin")
    await olga.presses("🧠 Модели в продаже")
    await olga.presses("Сорт вина")
    await olga.sees("Цена автора")


async def test_a_price(stage: Stage, olga: Person, anna: Person) -> None:
    await opens_model(olga)
    await olga.presses("💲 Цена")
    await olga.sees("Сколько будет стоить «Сорт вина по анализу»?")
    for wrong in ("-1", "1e2", "дорого", "100000.01"):
        await olga.says(wrong)
        await olga.sees("⚠️ Сколько будет стоить «Сорт вина по анализу»?")
    await olga.says("3,50")
    assert "Цена: 3,50 кредита" in (await olga.sees("✅ Сохранено.")).text
    await anna.says("/models")
    await anna.sees("Сорт вина по анализу: 3,50 кредита")
    await olga.presses("💲 Цена")
    await olga.says("0")
    await olga.sees("Цена: бесплатно")
    await olga.presses("💲 Цена")
    await olga.presses("Как у автора")
    await olga.sees("✅ Снова цена автора.")


async def test_taken_off_and_put_back(olga: Person, anna: Person) -> None:
    await opens_model(olga)
    await olga.presses("⚪ Снять с продажи")
    await olga.sees("⚪ Снято с продажи")
    await anna.says("/models")
    menu = await anna.sees("Что будем предсказывать?")
    assert not any("вина" in button for button in menu.buttons)
    await anna.says("/start model_wine")
    await anna.sees("Эта ссылка больше никуда не ведёт")
    await olga.presses("🟢 Вернуть в продажу")
    await olga.sees("🟢 Продаётся")


async def test_a_price_that_changes_under_a_form(stage: Stage, olga: Person, anna: Person) -> None:
    await fills_in_wine(anna)
    await stage.app.services.model_management.set_price("wine", 700, actor=await stage.actor())
    try:
        await anna.presses("🔮")
        await anna.sees("7,00")
    finally:
        await stage.app.services.model_management.set_price("wine", None, actor=await stage.actor())


async def test_the_order(stage: Stage, olga: Person) -> None:
    await opens_model(olga)
    before = [each.slug for each in await stage.app.services.model_management.all()]
    up = before.index("wine") > 0
    await olga.presses("⬆️ Выше" if up else "⬇️ Ниже")
    await olga.sees("✅ Теперь место")
    assert [each.slug for each in await stage.app.services.model_management.all()] != before
    await olga.presses("⬇️ Ниже" if up else "⬆️ Выше")
    await olga.sees("✅ Теперь место")
    assert [each.slug for each in await stage.app.services.model_management.all()] == before


async def test_statistics(stage: Stage, olga: Person, kate: Person, anna: Person) -> None:
    await fills_in_wine(anna)
    await anna.presses("🔮")
    await anna.sees_photo()
    await olga.says("/admin")
    await olga.presses("📊 Статистика")
    week = await olga.sees_photo("📊 Последние 7 дней")
    assert "Покупателей: " in week.text
    assert "🍷 Сорт вина по анализу: " in week.text
    assert week.buttons == ["• 7 •", "30", "90", "🛠 Панель", "🏠 Меню"]
    await olga.presses("90")
    quarter = await olga.sees_photo("📊 Последние 90 дней")
    assert quarter.id == week.id
    assert quarter.photo != week.photo
    await kate.says("/stats 30")
    await kate.sees_photo("📊 Last 30 days")


async def test_a_role_given_and_taken(stage: Stage, olga: Person, john: Person) -> None:
    await olga.says("/admin")
    await olga.presses("🔑 Роли")
    await olga.presses("➕ Дать роль")
    await olga.sees("Кому дать роль?")
    await olga.says("#999999")
    await olga.sees("Никого не нашлось.")
    await olga.says(f"#{await stage.user_id(john)}")
    choice = await olga.sees("🔑 John")
    assert choice.buttons == ["Админ", "Модератор", "‹ Назад", "🛠 Панель"]
    await olga.presses("Модератор")
    listed = await olga.sees("✅ Теперь John")
    assert "роль от Ольга" in listed.text
    assert await stage.app.services.admins.role_by_telegram(john.id) is Role.MODERATOR
    await john.says("/admin")
    await john.sees("Your role: moderator")
    await olga.presses("✏️ John")
    await olga.presses("🗑 Снять роль")
    await olga.sees("✅ Роль снята: John")
    await john.says("/admin")
    await john.sees("There is no command /admin.")


async def test_more_roles_than_a_page_holds(stage: Stage, olga: Person) -> None:
    strangers = range(990_000_001, 990_000_012)  # listed after all others
    for telegram_id in strangers:
        await stage.app.services.admins.appoint(telegram_id, Role.MODERATOR, actor=await stage.actor())
    await olga.says("/admin")
    await olga.presses("🔑 Роли")
    first = await olga.sees("🔑 Роли")
    pages = int(next(each for each in first.buttons if " из " in each).split()[-1])
    assert len([each for each in first.buttons if each.startswith("✏️")]) == 9  # she is the tenth
    for _ in range(pages - 1):
        await olga.presses("›")
    last = await olga.sees(f"{strangers[-1]}")
    assert f"{pages} из {pages}" in last.buttons
    await olga.presses(f"✏️ {strangers[-1]}")
    await olga.presses("Админ")
    assert f"{strangers[-1]}" in (await olga.sees("✅ Теперь")).text.partition("Роли")[2]
    for telegram_id in strangers:
        await stage.app.services.admins.appoint(telegram_id, None, actor=await stage.actor())


async def test_a_role_by_command(stage: Stage, olga: Person, kate: Person, anna: Person) -> None:
    await olga.says(f"/role #{await stage.user_id(anna)} admin")
    await olga.sees("✅ Теперь Анна")
    await olga.says("/language")  # it waits its turn behind the menu of commands
    await olga.sees("Язык / Language")
    assert {"admin", "grant"} <= set(await anna.commands())
    await olga.says(f"/role {anna.id} none")
    await olga.sees("✅ Роль снята: Анна")
    await olga.says("/role 555000111 moderator")
    await olga.sees("✅ Теперь Telegram 555000111")
    assert "grant" not in await anna.commands()
    await olga.says("/role 555000111 none")
    await olga.sees("✅ Роль снята")
    await kate.says(f"/role #{await stage.user_id(anna)} moderator")
    await kate.sees("Your role does not allow this.")


async def test_a_role_for_oneself(stage: Stage, olga: Person, kate: Person) -> None:
    await olga.says(f"/role {olga.id} admin")
    await olga.sees("Свою роль никто не меняет сам.")
    answer = await olga.forges(f"adm-role:{olga.id}:none")
    assert answer.text == "Свою роль никто не меняет сам."
    await kate.says(f"/role {kate.id} none")
    await kate.sees("Your role does not allow this.")
    assert await stage.app.services.admins.role_by_telegram(kate.id) is Role.ADMIN


@pytest.mark.parametrize("data", ["adm-model:none", "adm-model:none:off", "adm-model:wine:none", "adm-stats:14"])
async def test_forged_buttons(olga: Person, data: str) -> None:
    await olga.says("/admin")
    await olga.sees("Панель")
    answer = await olga.forges(data)
    assert "сломалось" not in (answer.text or "")
