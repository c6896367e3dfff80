"""The image studio: a gallery, photos before or after the choice, albums, and what follows a result."""

import asyncio
import io
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image
from sqlalchemy import select

from db.tables.outbox import OutboxMessage, OutboxStatus
from sandbox.client.person import Person
from sandbox.client.screen import Message
from services.billing import ledger
from services.billing.audit import run_audit
from services.notifications.message_ref import MessageRef
from services.predictions.submit import Order
from tests.conversations.shopping import balance, bought, kept_summary, opens_form
from tests.conversations.stage import Stage
from tests.conversations.studio import jpeg
from tests.support.waiting import until

PENDING = select(OutboxMessage.id).where(OutboxMessage.status == OutboxStatus.PENDING)


@pytest_asyncio.fixture(loop_scope="session")
async def anna(studio: Stage) -> AsyncIterator[Person]:
    yield await studio.person("Анна", "ru")
    report = await run_audit(studio.app.db)
    assert report.ok, str(report)


async def takes_style(anna: Person, number: int = 2) -> None:
    await anna.says("/styles")
    await anna.presses("Тёмные")
    await anna.presses(f"{number}. ")


async def test_the_gallery(anna: Person) -> None:
    """Styles are not among the models; pages have one picture of all their samples."""
    await anna.says("/models")
    models = await anna.sees("Что будем предсказывать?")
    assert not any("Стиль" in label for label in models.buttons)
    await anna.says("/styles")
    shown = await anna.sees("🎨 Стили")
    assert shown.buttons[:2] == ["Тёмные · 8", "Светлые · 1"]
    await anna.presses("Тёмные")
    page = await anna.sees_photo("🎨 Тёмные")
    assert page.photo is not None
    assert Image.open(io.BytesIO(page.photo)).size == (932, 474)
    assert [label for label in page.buttons if "Стиль" in label] == [f"{n}. 🖌 Стиль {n}" for n in range(1, 7)]
    await anna.presses("›")
    page = await anna.sees_photo("Стиль 7")
    assert page.buttons[:2] == ["1. 🖌 Стиль 7", "2. 🖌 Стиль 8"]
    await anna.presses("2. ")
    style = await anna.sees_photo("🖌 Стиль 8")
    assert style.holds("Цена: 1,00")
    await anna.presses("‹ Назад")
    await anna.sees_photo("Стиль 7")


async def test_in_english(studio: Stage) -> None:
    john = await studio.person("John", "en")
    await john.says("/styles")
    await john.presses("Light")
    await john.sees_photo("🎨 Light")
    await john.presses("1. ")
    style = await john.sees_photo("🖌 Style 9")
    assert style.holds("Price: 1.00 credit")
    assert "🖼 Send a photo for it" in style.buttons


async def test_a_style_and_then_a_photo(studio: Stage, anna: Person) -> None:
    await takes_style(anna)
    await anna.presses("Отправить фото")
    await anna.sees("Фото")
    await anna.sends_photo(jpeg("white"))
    await anna.sees("Сила")
    await anna.presses("50 %")
    await anna.sees("Баланс: 10,00 → 9,00")
    await anna.presses("Нарисовать")
    answer = await anna.sees_photo("🖌 Стиль 2", within=30.0)
    assert answer.photo is not None
    assert Image.open(io.BytesIO(answer.photo)).convert("L").getpixel((10, 10)) in range(120, 135)
    assert await balance(studio, anna) == 900
    await anna.says("/history")
    await anna.sees_button("Стиль 2")


async def test_a_photo_and_then_a_style(anna: Person) -> None:
    await anna.sends_photo(jpeg("white"))
    await anna.sees("1 фото ждёт стиля")
    await anna.presses("Светлые")
    await anna.presses("1. ")
    await anna.presses("Взять этот стиль")
    await anna.sees("Сила")  # the photo is not asked for


async def test_an_album_is_priced_before_and_painted_one_by_one(studio: Stage, anna: Person) -> None:
    for colour in ("white", "red", "blue"):
        await anna.sends_photo(jpeg(colour), album="trip")
    await anna.sees("3 фото ждут стиля")
    await anna.presses("Тёмные")
    await anna.presses("1. ")
    await anna.sees("3 картинки, каждая за")
    await anna.presses("Взять этот стиль")
    await anna.presses("50 %")
    summary = await anna.sees("3 картинки, каждая за 1,00")
    assert summary.holds("Баланс: 10,00 → 7,00")
    await anna.presses("Нарисовать")

    async def all_three() -> bool:
        answers = [each for each in await anna.looks() if each.from_bot and each.photo and each.holds("баланс")]
        return len(answers) == 3

    await until(all_three, seconds=30)
    assert await balance(studio, anna) == 700


async def test_what_a_crash_leaves_of_an_album_promises_nothing(studio: Stage, anna: Person) -> None:
    """The message of a picture is sent before its sale. Where the shop dies in between, it stays as it is."""
    await _summary_of_three(anna)
    await anna.presses("Нарисовать")
    await until(lambda: _painted(anna, 3), seconds=30)
    calls = [call["params"] for call in await studio.sandbox.log("sendMessage")]
    sent = [call["text"] for call in calls if str(call["chat_id"]) == str(anna.id)]
    assert [text for text in sent if "⏳" in text] == []
    assert [text.rpartition("\n")[2] for text in sent if "🖼 Картинка" in text] == [
        "🖼 Картинка 2 из 3",
        "🖼 Картинка 3 из 3",
    ]


async def test_an_album_into_the_form(studio: Stage, anna: Person) -> None:
    await takes_style(anna)
    await anna.presses("Отправить фото")
    await anna.sees("Фото")
    for colour in ("white", "red"):
        await anna.sends_photo(jpeg(colour), album="two")
    await anna.presses("100 %")
    await anna.sees("2 картинки, каждая за 1,00")
    await anna.says("/cancel")
    assert await balance(studio, anna) == 1000


async def test_an_album_that_answers_nothing_is_not_bought(studio: Stage, anna: Person) -> None:
    await takes_style(anna)
    await anna.presses("Отправить фото")
    await anna.sends_photo(jpeg("white"))
    await anna.sees("Сила")
    await anna.sends_photo(jpeg("red"), album="stray")
    await anna.sees("⚠️ Картинка здесь не подойдёт")
    for colour in ("blue", "green"):
        await anna.sends_photo(jpeg(colour), album="stray")
    await anna.presses("100 %")
    await anna.sees("Баланс: 10,00 → 9,00")
    await anna.says("/cancel")


async def test_a_price_that_an_album_has_outgrown_is_not_charged(studio: Stage, anna: Person) -> None:
    """The button is of the screen before: the tap crossed the rest of the album on its way."""
    await takes_style(anna)
    await anna.presses("Отправить фото")
    await anna.sends_photo(jpeg("white"), album="slow")
    await anna.presses("100 %")
    summary = await anna.sees("Баланс: 10,00 → 9,00")
    one = summary.button("Нарисовать")
    assert one is not None
    assert one.data is not None
    await anna.sends_photo(jpeg("red"), album="slow")
    await anna.sees("2 картинки, каждая за 1,00")
    await anna.forges(one.data, summary.id)
    await anna.sees("Число картинок изменилось")
    assert await balance(studio, anna) == 1000
    await anna.presses("Нарисовать")

    async def both() -> bool:
        return await bought(studio, anna) == 2

    await until(both)
    assert await balance(studio, anna) == 800


async def test_an_album_whose_first_picture_is_broken(studio: Stage, anna: Person) -> None:
    """The others are painted; each is paid for by itself."""
    await takes_style(anna)
    await anna.presses("Отправить фото")
    await anna.sees("Фото")
    await anna.sends_file("broken.png", b"\x89PNG no picture", album="broken")
    await anna.sees("🖌 Стиль 2")
    for colour in ("white", "red"):
        await anna.sends_photo(jpeg(colour), album="broken")
    await anna.presses("50 %")
    await anna.sees("2 картинки, каждая за 1,00")
    await anna.presses("Нарисовать")
    await until(lambda: _painted(anna, 2), seconds=30)
    assert await balance(studio, anna) == 800


async def _painted(anna: Person, count: int) -> bool:
    answers = [each for each in await anna.looks() if each.from_bot and each.photo and each.holds("баланс")]
    return len(answers) == count


async def _summary_of_three(anna: Person) -> Message:
    for colour in ("white", "red", "blue"):
        await anna.sends_photo(jpeg(colour), album="three")
    await anna.sees("3 фото ждут стиля")
    await anna.presses("Тёмные")
    await anna.presses("1. ")
    await anna.presses("Взять этот стиль")
    await anna.presses("50 %")
    return await anna.sees("3 картинки, каждая за 1,00")


async def test_a_process_that_died_between_the_pictures_of_an_album(studio: Stage, anna: Person) -> None:
    """Of three that take the last credits one was sold; the tap that comes again sells the other two."""
    await anna.says("/start")
    await anna.sees("Здравствуйте")
    user_id, now = await studio.user_id(anna), studio.app.clock()
    await studio.app.db.write(ledger.take_back, user_id=user_id, amount=700, key=f"test:{user_id}", now=now)
    summary = await _summary_of_three(anna)
    _, _, data = await kept_summary(studio, anna)
    preset = await studio.app.services.presets.get("style-1")
    first = Order(
        user_id=user_id,
        model_slug="dimmer",
        model_version=data["version"],
        inputs=data["answers"],
        price=100,
        request_key=data["nonce"],
        preset_id=preset.id,
        shown_in=MessageRef(chat_id=anna.id, message_id=summary.id),
    )
    await studio.app.services.predictions.submit(first)
    await until(lambda: _painted(anna, 1), seconds=30)
    pay = summary.button("Нарисовать")
    assert pay is not None
    assert pay.data is not None
    await asyncio.gather(*(anna.forges(pay.data, summary.id) for _ in range(2)))
    await until(lambda: _painted(anna, 3), seconds=30)
    assert await balance(studio, anna) == 0


async def buys(anna: Person, strength: str = "50 %") -> None:
    await takes_style(anna)
    await anna.presses("Отправить фото")
    await anna.sends_photo(jpeg("white"))
    await anna.presses(strength)
    await anna.presses("Нарисовать")
    await anna.sees_photo("Стиль 2", within=30.0)


async def test_stronger_and_no_further(anna: Person) -> None:
    await buys(anna)
    await anna.presses("➕ Сильнее")
    await anna.sees("Сила: 100 %")
    await anna.presses("Нарисовать")
    answer = await anna.sees_photo("🖌 Стиль 2", within=30.0)
    assert answer.buttons[0] == "➖ Слабее"


async def test_before_and_after(anna: Person) -> None:
    await buys(anna)
    await anna.presses("До и после")
    both = await anna.sees_photo("До и после")
    assert both.photo is not None
    assert Image.open(io.BytesIO(both.photo)).size == (248, 90)


async def test_as_a_file(anna: Person) -> None:
    await buys(anna)
    await anna.presses("Файлом")
    told = await anna.sees("")
    assert told.document is not None
    assert Image.open(io.BytesIO(told.document)).size == (120, 90)


async def test_another_style_of_the_same_photo(anna: Person) -> None:
    await buys(anna)
    await anna.presses("Другой стиль")
    await anna.sees("1 фото ждёт стиля")
    await anna.presses("Светлые")
    await anna.presses("1. ")
    await anna.presses("Взять этот стиль")
    await anna.presses("100 %")
    await anna.sees("Баланс: 9,00 → 8,00")


async def test_a_result_is_the_next_photo(anna: Person) -> None:
    await buys(anna, "50 %")
    await anna.presses("Рисовать поверх")
    await anna.presses("Тёмные")
    await anna.presses("3. ")
    await anna.presses("Взять этот стиль")
    await anna.presses("50 %")
    await anna.presses("Нарисовать")
    answer = await anna.sees_photo("Стиль 3", within=30.0)
    assert answer.photo is not None
    assert Image.open(io.BytesIO(answer.photo)).convert("L").getpixel((10, 10)) in range(55, 72)


async def test_what_the_style_answers_is_not_told_as_the_customers(anna: Person) -> None:
    await anna.says("/styles")
    await anna.presses("Готовые")
    await anna.presses("1. ")
    await anna.presses("Отправить фото")
    await anna.sends_photo(jpeg("white"))
    await anna.presses("Нарисовать за 1,00")
    answer = await anna.sees_photo("🖌 Стиль 10", within=30.0)
    assert not answer.holds("Сила")


async def test_what_the_customer_answered_is_told(anna: Person) -> None:
    await buys(anna, "100 %")
    assert (await anna.sees_photo("🖌 Стиль 2")).holds("Сила: 100 %")


async def paints_in_own_style(person: Person) -> Message:
    await opens_form(person, "own-style")
    await person.sends_photo(jpeg("white"))
    await person.sends_photo(jpeg("#808080", (40, 40)))
    await person.presses("🎨")
    return await person.sees_photo("баланс", within=30.0)


async def test_a_photo_in_the_style_of_another(anna: Person) -> None:
    """Before and after show the photo, not the picture of the style."""
    await paints_in_own_style(anna)
    await anna.presses("До и после")
    both = await anna.sees_photo("До и после")
    assert both.photo is not None
    shown = Image.open(io.BytesIO(both.photo)).convert("L")
    assert shown.size == (248, 90)
    assert shown.getpixel((10, 10)) in range(250, 256)
    assert shown.getpixel((240, 10)) in range(122, 134)


async def test_a_result_of_two_pictures_as_a_file(anna: Person) -> None:
    await paints_in_own_style(anna)
    await anna.presses("Файлом")
    told = await anna.sees("")
    assert told.document is not None
    assert Image.open(io.BytesIO(told.document)).size == (120, 90)


async def test_a_result_of_two_pictures_is_the_next_photo(anna: Person) -> None:
    """In the same style, at once."""
    await paints_in_own_style(anna)
    await anna.presses("Рисовать поверх")
    await anna.presses("🎨")
    answer = await anna.sees_photo("баланс", within=30.0)
    assert answer.photo is not None
    assert Image.open(io.BytesIO(answer.photo)).convert("L").getpixel((10, 10)) in range(56, 72)


@pytest.mark.parametrize("data", ["style:nothing:x:0", "styles:gone:9", "other-style:zz", "strength:00:+", "compare:"])
async def test_forged_and_old_buttons(anna: Person, data: str) -> None:
    await anna.says("/styles")
    await anna.sees("🎨 Стили")
    answer = await anna.forges(data)
    assert answer is not None


async def test_what_is_no_picture(anna: Person) -> None:
    await anna.sends_file("photo.png", b"PK\x03\x04 not a picture")
    await anna.sees("Эту картинку не получилось прочитать")
    await anna.sends("sticker")
    await anna.sees("стикер")


async def test_what_is_repeated_after_the_pictures_were_deleted(studio: Stage, anna: Person) -> None:
    """The photo is asked for anew; nothing is sold that cannot be made."""
    await buys(anna)
    answer = anna.last

    async def all_told() -> bool:
        return not await studio.app.db.read(lambda session: session.execute(PENDING).all())

    await until(all_told)
    await anna.says("/privacy")
    await anna.presses("Удалить мои файлы")
    await anna.presses("Да, удалить")
    await anna.sees("Удалены 2 файла.")
    for name in ("other-style", "use-result", "compare", "as-file"):
        button = next(each for row in answer.rows for each in row if (each.data or "").startswith(name))
        assert (await anna.forges(str(button.data), answer.id)).text == "Эти картинки уже не хранятся."
    await anna.forges(f"strength:{str(button.data).partition(':')[2]}:+", answer.id)
    await anna.sees("Фото")
    await anna.sends_photo(jpeg("red"))
    await anna.sees("Баланс: 9,00 → 8,00")
