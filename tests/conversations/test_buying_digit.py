"""The digit model: a photo in, a digit out."""

import asyncio
import io
from contextlib import AsyncExitStack

import pytest
from PIL import Image

from sandbox.client.person import Person
from services.values.intake import PLACES, QUEUE
from tests.conversations.shopping import DATA, STORE, balance, opens_form
from tests.conversations.stage import Stage


async def test_a_photo(stage: Stage, anna: Person) -> None:
    question = await opens_form(anna, "digit")
    assert "Пришлите фото или картинку файлом." in question.text
    await anna.sends_photo(DATA / "digit-3-portrait.jpg")
    summary = await anna.sees("Фото цифры: картинка")
    assert "Баланс: 10,00 → 9,50" in summary.text
    await anna.presses("🔮 Предсказать за 0,50 кредита")
    answer = await anna.sees_photo("Цифра: 3")
    assert answer.photo is not None
    assert await balance(stage, anna) == 950


async def test_a_picture_sent_as_a_file_in_english(john: Person) -> None:
    await opens_form(john, "digit")
    await john.sends_file("digit.png", STORE / "digit" / "example.png")
    await john.sees("Photo of a digit: a picture")
    await john.presses("🔮 Predict for 0.50 credits")
    await john.sees_photo("Digit: ")


async def test_another_photo_instead(anna: Person) -> None:
    await opens_form(anna, "digit")
    await anna.sends_photo(DATA / "digit-3-portrait.jpg")
    await anna.sees_button("🔮")
    await anna.sends_photo(DATA / "digit-8-thin.jpg")
    await anna.sees_button("🔮")
    await anna.presses("🔮")
    await anna.sees_photo("Цифра: 8")
    await anna.presses("✏️ Изменить ответ")
    await anna.sees("меняем ответ")
    await anna.sends_photo(DATA / "digit-5-corner.jpg")
    await anna.sees_button("🔮")


def _png(width: int, height: int) -> bytes:
    stream = io.BytesIO()
    Image.new("1", (width, height), 1).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("digit.png", b"not a picture at all", "Эту картинку не получилось прочитать"),
        ("digit.png", (100, 100), "На картинке ничего не нарисовано"),
        ("digit.png", (20_000, 20_000), "Картинка слишком большая"),
        ("digit.png", bytes(21_000_000), "Файл слишком большой: можно не больше 20 МБ."),
        ("digit.pdf", b"%PDF-1.7", "Здесь нужна картинка"),
    ],
    ids=["no picture", "blank", "huge", "heavy", "a PDF"],
)
async def test_a_file_that_is_no_digit(
    stage: Stage, anna: Person, name: str, data: bytes | tuple[int, int], problem: str
) -> None:
    """`data`: what is in the file, or the size of an empty picture."""
    await opens_form(anna, "digit")
    await anna.sends_file(name, data if isinstance(data, bytes) else _png(*data))
    told = await anna.sees(f"⚠️ {problem}")
    assert "1/1" in told.text, "the question is asked again"
    assert await balance(stage, anna) == 1000


async def test_when_many_files_wait_the_form_does(stage: Stage, anna: Person) -> None:
    await opens_form(anna, "digit")
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as crowd:
        for number in range(PLACES):
            await crowd.enter_async_context(stage.app.services.intake.upload(-number))
        for number in range(PLACES, QUEUE):
            crowd.push_async_callback(_leaves, loop.create_task(_waits(stage, -number)))
        await asyncio.sleep(0)
        await anna.sends_photo(DATA / "digit-3-portrait.jpg")
        told = await anna.sees("⚠️ Сейчас обрабатывается много файлов. Пришлите, пожалуйста, свой ещё раз через минуту.")
        assert "1/1" in told.text, "the question is asked again"
    await anna.sends_photo(DATA / "digit-3-portrait.jpg")
    await anna.sees("Фото цифры: картинка")


async def _waits(stage: Stage, person: int) -> None:
    async with stage.app.services.intake.upload(person):
        pass


async def _leaves(waiting: asyncio.Future[None]) -> None:
    waiting.cancel()
    await asyncio.wait({waiting})


async def test_words_instead_of_a_photo(anna: Person) -> None:
    await opens_form(anna, "digit")
    await anna.says("это пятёрка")
    await anna.sees("⚠️ Здесь нужна картинка. Пришлите фото.")
    await anna.sends("sticker")
    await anna.presses("▶️ Продолжить")
    await anna.sees("1/1")


async def test_a_photo_where_a_number_is_asked(anna: Person) -> None:
    await opens_form(anna, "wine")
    await anna.sends_photo(DATA / "digit-3-portrait.jpg")
    told = await anna.sees("⚠️ Картинка здесь не подойдёт.")
    assert "1/13" in told.text
    await anna.sends_file("wine.csv", b"1;2;3")  # many rows at once
    await anna.sees("Какой столбец — «Алкоголь, %»?")


async def test_an_album_gives_its_first_photo(stage: Stage, anna: Person) -> None:
    await opens_form(anna, "digit")
    photo = (await anna.sends_photo(DATA / "digit-3-portrait.jpg")).raw["photo"]
    await anna.sees_button("🔮")
    before = len(await anna.looks())
    who = {"id": anna.id, "is_bot": False, "first_name": anna.name, "language_code": "ru"}
    chat = {"id": anna.id, "type": "private", "first_name": anna.name}
    for number in (1, 2, 3):
        album = {"message_id": 90_000 + number, "date": 1, "photo": photo, "media_group_id": "album-1"}
        await stage.sandbox.update({"message": album | {"chat": chat, "from": who}})
    await anna.says("всё")
    await anna.sees("ℹ️ Нажмите, пожалуйста, одну из кнопок ниже.")
    assert len(await anna.looks()) == before + 3, "one answer to the album, the words and one answer to them"
