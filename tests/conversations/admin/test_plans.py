"""Plans made, changed and switched in the chat."""

from sandbox.client.person import Person
from tests.conversations.stage import Stage

TEXT = "name: start\nru: Старт\nen: Start\nroubles: 199,90\ncredits: 20\nrequests: 5 wine"


async def test_a_plan_is_typed_in_one_message(stage: Stage, olga: Person) -> None:
    await olga.says("/admin")
    await olga.presses("🎟 Тарифы")
    await olga.presses("➕ Новый тариф")
    await olga.sees("requests: 50 wine, digit")
    await olga.says(TEXT.replace("credits: 20", "credits 20"))
    await olga.sees("⚠️ Не удалось прочитать строку тарифа: «credits 20»")
    await olga.says(TEXT)
    made = await olga.sees("✅ Сохранено.")
    assert made.holds("Старт · 199,90 ₽")
    assert "• 5 запросов" in made.text
    await olga.presses("✏️ Изменить")
    await olga.sees("roubles: 199.90")
    await olga.says(TEXT.replace("199,90", "250"))
    changed = await olga.sees("✅ Сохранено.")
    assert changed.holds("Старт · 250 ₽")
    await olga.presses("💬 Предложить эту цену подписчикам")
    await olga.sees("✅ Спросили 0 подписчиков.")
    await olga.presses("⚪ Снять с продажи")
    await olga.sees("⚪ Снят")
    await olga.presses("‹ Назад")
    await olga.sees("Старт: платят 0, пробуют 0, просрочено 0")
    await olga.presses("⚠️ Несостоявшиеся продления")
    await olga.sees("Несостоявшиеся продления")
    assert await stage.app.services.plans.on_sale() == []
