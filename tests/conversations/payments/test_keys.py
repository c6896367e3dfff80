"""What makes two acts one is unique for ever: neither another bot nor a crash in between confuses them."""

import pytest

from sandbox.client.person import Person
from sandbox.testing import new_world
from tests.conversations.payments.conftest import open_till
from tests.conversations.payments.tills import payments
from tests.conversations.stage import Stage
from tests.support.databases import SqliteServer


async def _types(person: Person, amount: str) -> None:
    await person.says("/topup")
    await person.presses("✏️ Другая сумма")
    await person.sees("Отправьте сумму")
    await person.says(amount)
    await person.sees_button(f"💳 Оплатить {amount} ₽")


@pytest.mark.slow
async def test_another_bot_on_the_old_database(sandbox_url: str, sqlite_server: SqliteServer) -> None:
    """Its messages are numbered from the beginning: what is typed in one is no older payment."""
    url, who = sqlite_server.create(), 920_000_001
    for amount in ("250", "700"):
        async with new_world(sandbox_url) as sandbox, open_till(sandbox, url) as stage:
            anna = await sandbox.person("Анна", id=who)
            await _types(anna, amount)
            await anna.pays("💳 Оплатить")
            await anna.sees(f"✅ Оплачено: {amount} ₽")
            found = [payment.amount.minor for payment in await payments(stage, anna)]
    assert sorted(found) == [25_000, 70_000]


async def test_an_amount_that_comes_again(stage: Stage, anna: Person) -> None:
    """The payment was begun, its link was never shown: the same update finds it, and so do the same words."""
    await anna.says("/topup")
    await anna.presses("✏️ Другая сумма")
    await anna.sees("Отправьте сумму")
    refusal = "Bad Request: BUTTON_URL_INVALID"
    await stage.sandbox.fault("editMessageText", "400", chat_id=anna.id, description=refusal)
    await anna.says("700")
    await anna.sees("Telegram не принял")
    await stage.sandbox.repeat()
    await anna.sees_button("💳 Оплатить 700 ₽")
    assert len(await payments(stage, anna)) == 1
    await _types(anna, "700")
    assert len(await payments(stage, anna)) == 2
