"""A payment that was begun in a topic is told there."""

from sandbox.client.person import Person
from sandbox.client.shop import Shop
from tests.conversations.stage import Stage


async def test_paid_is_told_in_the_topic(stage: Stage, anna: Person, yookassa: Shop) -> None:
    await anna.says("/topup", topic=7)
    await anna.presses("100 ₽")
    message = await anna.sees("Пополнение на 100 ₽")
    assert message.topic == 7
    await stage.sandbox.fault("editMessageText", "400", description="Bad Request: message to edit not found")
    await yookassa.pays()
    paid = await anna.sees("✅ Оплачено: 100 ₽")
    assert (paid.topic, paid.id > message.id) == (7, True)
