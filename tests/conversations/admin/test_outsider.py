"""Admins look after somebody whom Telegram does not know as after anybody else."""

from sandbox.client.person import Person
from tests.conversations.stage import Stage
from tests.support.shop import add_outsider


async def test_they_are_found_looked_at_and_given_credits(stage: Stage, olga: Person) -> None:
    number = await stage.app.db.write(add_outsider)
    await olga.says(f"/user #{number}")
    card = await olga.sees(f"#{number} · без Telegram · ru")
    assert not {"🔑 Роль", "✉️ Написать"} & set(card.buttons)
    await olga.says(f"/grant #{number} 2 за терпение")
    shown = await olga.sees("Начислить 2,00 кредита?")
    assert f"#{number} · без Telegram" in shown.text
    await olga.presses("✅ Начислить")
    await olga.sees("✅ Начислено: 2,00 кредита.")
    await olga.says(f"/user #{number}")
    await olga.presses("📜 Что сделано")
    assert f"Anna #{number}" in (await olga.sees("📜 Что сделано")).text
    await olga.says("/stats")
    await olga.sees_photo("Покупателей: ")


async def test_a_role_is_given_in_telegram_alone(stage: Stage, olga: Person) -> None:
    number = await stage.app.db.write(add_outsider)
    await olga.says(f"/role #{number} admin")
    await olga.sees("Этот человек пользуется магазином без Telegram.")
