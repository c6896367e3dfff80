"""Private chats with topics: what is said in one is answered there."""

from sandbox.client.person import Person
from tests.conversations.shopping import WINE
from tests.conversations.stage import Stage


async def test_an_answer_stands_in_the_topic_of_the_question(stage: Stage, anna: Person) -> None:
    await anna.says("/start", topic=7)
    assert (await anna.sees("Здравствуйте, Анна!")).topic == 7
    await anna.says("/balance", topic=77)
    assert (await anna.sees("Баланс: 10,00 кредитов")).topic == 77
    await anna.says("что?", topic=77)
    assert (await anna.sees_button("🔮")).topic == 77
    await anna.says("/help")
    assert (await anna.sees("Как это работает")).topic is None


async def test_a_prediction_stays_in_its_topic(stage: Stage, anna: Person) -> None:
    """Also where its message can become no answer: the new one comes into the topic."""
    await anna.says("/start model_wine", topic=7)
    await anna.presses("▶️")
    await anna.sees("1/13")
    await anna.says(WINE, topic=7)
    assert (await anna.sees_button("🔮")).topic == 7
    await stage.sandbox.fault("editMessageMedia", "400", description="Bad Request: message to edit not found")
    await anna.presses("🔮")
    assert (await anna.sees_photo("Бароло")).topic == 7


async def test_a_topic_that_is_deleted(stage: Stage, anna: Person) -> None:
    """The answer comes into the chat itself."""
    await anna.says("/menu", topic=7)
    menu = await anna.sees("Что будем делать?")
    await anna.deletes_topic(7)
    await stage.sandbox.fault("editMessageText", "400", description="Bad Request: message to edit not found")
    await anna.presses("💰 Баланс")
    below = await anna.sees("Последние операции")
    assert (below.topic, below.id > menu.id) == (None, True)
