"""A table that its customer cannot pay for yet."""

from sandbox.client.person import Person
from tests.conversations.scoring.tables import RUSSIAN, csv_table, wines
from tests.conversations.shopping import balance, opens_form
from tests.conversations.stage import Stage


async def test_a_table_waits_for_a_top_up(stage: Stage, anna: Person) -> None:
    await opens_form(anna, "wine")
    await anna.sends_file("t.csv", csv_table([RUSSIAN, *wines(15)]))
    draft = await anna.sees("не хватает ещё 5,00 кредитов")
    await anna.presses("💳 Пополнить")
    shop = await anna.sees("1 кредит стоит 10 ₽.")
    assert shop.id != draft.id, "the table stays where it is"
    await anna.presses("100 ₽ → 10,00")
    await anna.pays("💳 Оплатить")
    paid = await anna.sees("✅ Оплачено: 100 ₽")
    assert "📋 Продолжить с таблицей" in paid.buttons
    await anna.presses("📋 Продолжить с таблицей")
    again = await anna.sees("15 × 1,00 = 15,00 кредитов")
    assert "Баланс: 20,00 → 5,00" in again.text
    await anna.presses("✅ Ответить на 15 строк: 15,00 кредитов")
    await anna.sees("✅ Отвечено: 15 из 15 строк.")
    assert await balance(stage, anna) == 500
    await anna.says("/topup")
    await anna.presses("100 ₽ → 10,00")
    await anna.pays("💳 Оплатить")
    assert "📋 Продолжить с таблицей" not in (await anna.sees("✅ Оплачено: 100 ₽")).buttons
