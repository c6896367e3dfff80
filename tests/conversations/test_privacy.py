"""What is kept, and pictures deleted at once."""

import io

from PIL import Image

from sandbox.client.person import Person
from services.files.files import Files
from tests.conversations.shopping import opens_form
from tests.conversations.stage import Stage


def drawing() -> bytes:
    stream = io.BytesIO()
    picture = Image.new("L", (90, 90), 255)
    picture.paste(0, (40, 15, 50, 75))
    picture.save(stream, "PNG")
    return stream.getvalue()


async def kept(stage: Stage) -> int:
    return len([file for page in [each async for each in _store(stage.app.services.files).list()] for file in page])


def _store(files: Files):  # type: ignore[no-untyped-def]
    return files._store


async def test_what_is_kept_and_for_how_long(anna: Person) -> None:
    await anna.says("/privacy")
    told = await anna.sees("🔒 Что хранит магазин")
    assert told.holds("Картинки, записи и таблицы, которые вы прислали: хранятся 30 дней")
    assert told.holds("Картинки, звуки и таблицы, которые сделали модели: хранятся 365 дней")
    assert told.holds("Таблица, которую вы не заказали, удаляется через день")


async def test_in_english(stage: Stage) -> None:
    john = await stage.person("John", "en")
    await john.says("/help")
    await john.presses("Privacy")
    assert (await john.sees("What the shop keeps")).holds("Pictures, recordings and tables that you sent: for 30 days")


async def test_pictures_are_deleted_at_once(stage: Stage, anna: Person) -> None:
    before = await kept(stage)
    await opens_form(anna, "digit")
    await anna.sends_photo(drawing())
    await anna.sees_button("🔮")
    assert await kept(stage) == before + 1
    await anna.says("/privacy")
    await anna.presses("Удалить мои файлы")
    await anna.sees("Вернуть их будет нельзя")
    await anna.presses("Да, удалить")
    await anna.sees("Удалён 1 файл.")
    assert await kept(stage) == before
    await anna.says("/privacy")
    await anna.presses("Удалить мои файлы")
    await anna.presses("Да, удалить")
    await anna.sees("Ваших файлов здесь нет.")


async def test_an_account_is_deleted_in_the_chat(stage: Stage) -> None:
    vera = await stage.person("Vera", "ru")
    await vera.says("/privacy")
    await vera.presses("Удалить аккаунт")
    told = await vera.sees("Удалить аккаунт?")
    assert told.holds("Вы теряете")
    await vera.presses("Да, удалить аккаунт")
    await vera.sees("Аккаунт удалён.")
    await vera.says("/balance")
    assert (await vera.sees("0,00")).holds("0,00")
