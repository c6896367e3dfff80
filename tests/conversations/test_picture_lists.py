"""A model that asks for a list of pictures: an album, one after another, too many, too few, changed, bought again."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from sandbox.client.person import Person
from tests.conversations.shopping import opens_form
from tests.conversations.stage import Stage, open_stage
from tests.support.databases import SqliteServer
from tests.unit.inference.models import write_model
from tests.unit.inference.test_picture_lists import GREEN, RED, WHITE, colours

TABLES = """
[[inputs]]
name = "photos"
type = "images"
label = {{ ru = "Фото", en = "Photos" }}
{counts}
prepare = {{ size = [8, 8] }}
tensor = {{ name = "X" }}

[[outputs]]
name = "near"
type = "number"
label = {{ ru = "Сходство", en = "Likeness" }}
tensor = "Y"
over = "cosine"
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    store = tmp_path_factory.mktemp("store")
    write_model(store, colours(["N", "n", 3, 8, 8]), TABLES.format(counts="max_count = 4"), slug="several")
    pair = TABLES.format(counts="min_count = 2\nmax_count = 2")
    write_model(store, colours(["N", 2, 3, 8, 8]), pair, slug="pair")
    async with open_stage(sandbox_url, sqlite_server, store) as stage:
        yield stage


async def test_one_after_another_until_done(shopper: Person) -> None:
    await opens_form(shopper, "several")
    await shopper.sees("От 2 до 4 картинок.")
    await shopper.sends_file("1.png", RED)
    await shopper.sees("Получено: 1 из 4. Нужна ещё 1.")
    await shopper.says("да")
    await shopper.sees("Здесь нужна картинка")
    await shopper.sends_file("2.png", GREEN)
    await shopper.sees("Получено: 2 из 4.")
    await shopper.presses("Другие картинки")
    await shopper.sees("1/1")
    for number, picture in enumerate((RED, RED, GREEN)):
        await shopper.sends_file(f"{number}.png", picture)
    await shopper.sees("Получено: 3 из 4.")
    await shopper.presses("Готово: 3 картинки")
    await shopper.sees("Фото: 3 картинки")
    await shopper.presses("🔮 Предсказать")
    await shopper.sees("Сходство: 0,33", within=30.0)


async def test_an_album_answers_at_once_and_its_rest_is_told(shopper: Person) -> None:
    await opens_form(shopper, "pair")
    await shopper.sees("2 картинки.")
    for number, picture in enumerate((RED, RED, GREEN)):
        await shopper.sends_file(f"{number}.png", picture, album="9")
    await shopper.sees("Берётся не больше 2 картинок.")
    await shopper.sees("Фото: 2 картинки")
    await shopper.presses("🔮 Предсказать")
    await shopper.sees("Сходство: 1,00", within=30.0)


async def test_changed_and_bought_again(shopper: Person) -> None:
    """At the summary pictures begin the list anew; a prediction is repeated with all of its pictures."""
    await opens_form(shopper, "pair")
    for picture in (RED, RED):
        await shopper.sends_file("1.png", picture)
    await shopper.sees("Фото: 2 картинки")
    await shopper.sends_file("2.png", WHITE)
    await shopper.sees("Получено: 1 из 2.")
    await shopper.sends_file("3.png", GREEN)
    await shopper.sees("Фото: 2 картинки")
    await shopper.presses("🔮 Предсказать")
    await shopper.sees("Сходство: 0,58", within=30.0)
    await shopper.presses("🔁")
    await shopper.sees("Фото: 2 картинки")
    await shopper.presses("🔮 Предсказать")
    await shopper.sees("Сходство: 0,58", within=30.0)


async def test_a_form_that_is_left_keeps_what_came(shopper: Person) -> None:
    await opens_form(shopper, "several")
    await shopper.sends_file("1.png", RED)
    await shopper.sees("Получено: 1 из 4.")
    await shopper.says("/menu")
    await shopper.presses("Продолжить")
    await shopper.sees("Получено: 1 из 4.")
    await shopper.sends_file("2.png", WHITE)
    await shopper.presses("Готово: 2 картинки")
    await shopper.presses("🔮 Предсказать")
    await shopper.sees("Сходство: 0,58", within=30.0)
