"""Whatever nobody expected gets a helpful answer."""

import pytest
import pytest_asyncio

from sandbox.client.person import Person
from tests.conversations.stage import Stage

KINDS = {
    "sticker": ("Хороший стикер!", "A nice sticker!"),
    "voice": ("Слушать я пока не умею", "I cannot listen yet"),
    "location": ("Мне не нужно знать, где вы", "I do not need to know where you are"),
    "contact": ("Контакт мне не нужен", "I do not need a contact"),
    "dice": ("На удачу не играю", "Chance is not my trade"),
}


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def _known(anna: Person, john: Person) -> None:
    for person, words in ((anna, "Здравствуйте"), (john, "Hello")):
        await person.says("/start")
        await person.sees(words)


async def test_unknown_words(anna: Person, john: Person) -> None:
    await anna.says("расскажи анекдот")
    menu = await anna.sees("Не понимаю вас: с кнопками у меня получается лучше.")
    assert "🔮 Модели" in menu.buttons
    await john.says("tell me a joke")
    await john.sees("I did not understand that")


@pytest.mark.parametrize("text", ["<b>", "&lt;", "{price}", "🦊" * 500, "x" * 4096, "%s %d", "'; DROP TABLE users; --"])
async def test_odd_words(anna: Person, text: str) -> None:
    await anna.says(text)
    await anna.sees("Что будем делать?")


async def test_words_of_a_model(anna: Person, john: Person) -> None:
    await anna.says("хочу предсказание про вино")
    found = await anna.sees("Может быть, вы об этом?")
    assert found.buttons[0] == "🍷 Сорт вина по анализу"
    await john.says("which wine is this?")
    assert (await john.sees("Is it one of these?")).buttons[0] == "🍷 Wine by its analysis"


async def test_numbers_without_a_model(anna: Person, john: Person) -> None:
    for text in ("14.23 1.71 2.43", "42", "1,5; 2,5\n3"):
        await anna.says(text)
        await anna.sees("Похоже на данные для модели. Сначала выберите модель")
    await john.says("14.23")
    await john.sees("These look like values for a model.")


async def test_unknown_commands(anna: Person, john: Person) -> None:
    await anna.says("/balanse")
    await anna.sees("Команды /balanse нет. Может быть, /balance?")
    await anna.says("/чтоугодно")
    await anna.sees("Не понимаю вас")
    await anna.says("/frobnicate now")
    await anna.sees("Команды /frobnicate нет. Все команды — в /help.")
    await john.says("/frobnicate")
    await john.sees("There is no command /frobnicate. All commands are in /help.")


@pytest.mark.parametrize("kind", KINDS)
async def test_kinds_of_messages(anna: Person, john: Person, kind: str) -> None:
    russian, english = KINDS[kind]
    await anna.sends(kind)
    assert "🔮 Модели" in (await anna.sees(russian)).buttons
    await john.sends(kind)
    assert "🔮 Models" in (await john.sees(english)).buttons


async def test_pictures_and_files_without_a_model(anna: Person, john: Person) -> None:
    await anna.sends_file("prices.txt", b"1\n2\n3\n")
    await anna.sees("Файлу нужна модель, которая о нём спросит.")
    await john.sends_file("prices.txt", b"1\n2\n3\n")
    await john.sees("A file needs a model that asks for one.")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"poll": {"id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": False,
                   "is_anonymous": True, "type": "regular", "allows_multiple_answers": False,
                   "allows_revoting": False, "members_only": False}}, "В опросах я не участвую"),
        ({"video_note": {"file_id": "v", "file_unique_id": "v", "length": 240, "duration": 1}}, "Смотреть видео"),
        ({"venue": {"location": {"latitude": 1.0, "longitude": 2.0}, "title": "t", "address": "a"},
          "location": {"latitude": 1.0, "longitude": 2.0}}, "Мне не нужно знать, где вы"),
        ({"game": {"title": "g", "description": "d", "photo": []}}, "Не знаю, что с этим делать"),
    ],
)  # fmt: skip
async def test_rarer_kinds(stage: Stage, anna: Person, content: dict[str, object], words: str) -> None:
    await stage.sandbox.update(_message(anna, content))
    await anna.sees(words)


async def test_telegrams_own_notes_are_not_answered(stage: Stage, anna: Person) -> None:
    await anna.says("/menu")
    await anna.sees("Что будем делать?")
    await stage.sandbox.update(_message(anna, {"message_auto_delete_timer_changed": {"message_auto_delete_time": 60}}))
    await anna.says("/help")
    await anna.sees("Как это работает")
    assert len([message for message in await anna.looks() if message.from_bot]) == 3


async def test_an_album_is_answered_once(stage: Stage, anna: Person) -> None:
    photo = [{"file_id": "p", "file_unique_id": "p", "width": 9, "height": 9}]
    for _ in range(5):
        await stage.sandbox.update(_message(anna, {"photo": photo, "media_group_id": "777"}))
    await anna.sees("Telegram не отдал файл")
    await anna.says("/help")
    await anna.sees("Как это работает")
    answers = [message for message in await anna.looks() if "Telegram не отдал файл" in message.text]
    assert len(answers) == 1


async def test_an_edited_message(anna: Person, john: Person) -> None:
    said = await anna.says("/balance")
    await anna.sees("Баланс")
    await anna.edits(said, "/history")
    await anna.sees("Исправленные сообщения я не перечитываю. Отправьте, пожалуйста, заново.")
    said = await john.says("/balance")
    await john.sees("Balance")
    await john.edits(said, "/history")
    await john.sees("I do not read edited messages again. Please send it anew.")


async def test_a_walking_location_is_left_alone(stage: Stage, anna: Person) -> None:
    place = {"latitude": 1.0, "longitude": 2.0, "live_period": 900}
    for _ in range(3):
        update = _message(anna, {"location": place, "edit_date": 1_790_000_000})
        await stage.sandbox.update({"edited_message": update["message"]})
    await anna.says("/help")
    await anna.sees("Как это работает")
    assert len([message for message in await anna.looks() if message.from_bot]) == 2


@pytest.mark.parametrize("data", ["x", "buy:wine:1", "🦊" * 16, "models2", "menu2:1", "f", ":", " "])
async def test_stale_and_forged_buttons(anna: Person, john: Person, data: str) -> None:
    answer = await anna.forges(data)
    assert answer.show_alert
    assert answer.text == "Эта кнопка устарела. Вот свежее меню."
    await anna.sees("Что будем делать?")
    answer = await john.forges(data)
    assert answer.text == "This button is out of date. Here is a fresh menu."


async def test_groups_are_left_alone(stage: Stage, anna: Person) -> None:
    before = len(await stage.sandbox.log("sendMessage"))
    message = _message(anna, {"text": "/start"})
    message["message"]["chat"] = {"id": -100, "type": "group", "title": "Friends"}
    await stage.sandbox.update(message)
    await anna.says("/help")
    await anna.sees("Как это работает")
    sent = (await stage.sandbox.log("sendMessage"))[before:]
    assert {str(call["params"]["chat_id"]) for call in sent} == {str(anna.id)}


def _message(person: Person, content: dict[str, object]) -> dict[str, dict[str, object]]:
    """An update as Telegram would make it."""
    return {
        "message": {
            "message_id": 5_000_000,
            "date": 1_790_000_000,
            "chat": {"id": person.id, "type": "private", "first_name": person.name},
            "from": {"id": person.id, "is_bot": False, "first_name": person.name, "language_code": "ru"},
            **content,
        }
    }
