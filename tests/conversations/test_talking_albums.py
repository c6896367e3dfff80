"""An album is one message to an assistant, with all its pictures."""

import asyncio
import io
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from PIL import Image

from bot.app import App
from sandbox.client.openai import OpenAIProvider
from sandbox.client.person import Person
from sandbox.testing import new_token, new_world
from services.billing.audit import run_audit
from tests.conversations.shopping import balance
from tests.conversations.stage import Stage, shop_settings
from tests.conversations.test_talking import place_oracle
from tests.support.databases import SqliteServer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def gallery(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Stage, OpenAIProvider]]:
    """Its assistant looks at four pictures, at six credits an answer."""
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        provider, store = sandbox.openai(), tmp_path_factory.mktemp("gallery")
        eyes = "16384\npictures = true\npicture_tokens = 3200"
        place_oracle(store, provider.url, free_answers="0", price='"6.00"', input_price='"0"', context=eyes)
        settings = shop_settings(sandbox, sqlite_server.create(), models_dir=store)
        async with App(settings).running() as app:
            yield Stage(sandbox=sandbox, app=app), provider
            report = await run_audit(app.db)
            assert report.ok, str(report)


async def begins(gallery: tuple[Stage, OpenAIProvider], language: str) -> Person:
    person = await gallery[0].person("Анна" if language == "ru" else "John", language)
    await person.says("/chat")
    await person.presses("Оракул песочницы" if language == "ru" else "The sandbox's oracle")
    await person.sees("✍️")
    return person


def photo(shade: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (shade * 20, 0, 0)).save(file, "JPEG")
    return file.getvalue()


async def shows(person: Person, count: int, caption: str, *, album: str) -> None:
    for number in range(count):
        await person.sends_photo(photo(number), None if number else caption, album=album)


async def looked_at(provider: OpenAIProvider) -> list[tuple[int, str]]:
    """Pictures and words of each request."""
    contents = [each["messages"][-1]["content"] for each in await provider.log()]
    return [
        (len([part for part in content if part["type"] == "image_url"]), content[0].get("text", ""))
        for content in contents
        if isinstance(content, list)
    ]


async def test_an_album_is_answered_and_sold_once(gallery: tuple[Stage, OpenAIProvider]) -> None:
    stage, provider = gallery
    anna, asked = await begins(gallery, "ru"), len(await provider.log())
    await shows(anna, 3, "Что общего?", album="three")
    await anna.sees("приложено картинок: 3")
    assert await looked_at(provider) == [(3, "Что общего?")]
    assert len(await provider.log()) == asked + 1
    assert 300 < await balance(stage, anna) <= 400
    await anna.never_sees("предыдущего", during=2.5)
    assert len(await provider.log()) == asked + 1


async def test_what_is_more_than_the_assistant_looks_at_is_left_out_and_told_once(
    gallery: tuple[Stage, OpenAIProvider],
) -> None:
    john = await begins(gallery, "en")
    await shows(john, 7, "What is that?", album="seven")
    told = await john.sees("looks at some pictures of this album only: 4. The others are left out.")
    await john.sees("Pictures with it: 4.")
    assert sum(each.text == told.text for each in await john.looks()) == 1
    assert (await looked_at(gallery[1]))[-1] == (4, "What is that?")


async def test_a_picture_that_cannot_be_read_leaves_its_words_to_the_others(
    gallery: tuple[Stage, OpenAIProvider],
) -> None:
    anna = await begins(gallery, "ru")
    await anna.sends_file("a.jpg", b"no picture", "Что это?", album="broken")
    await anna.sends_file("b.jpg", photo(1), album="broken")
    await anna.sends_file("c.jpg", b"no picture", album="broken")
    await anna.sends_file("d.jpg", photo(2), album="broken")
    await anna.sees("приложено картинок: 2")
    assert (await looked_at(gallery[1]))[-1] == (2, "Что это?")
    assert sum("JPEG, PNG" in each.text for each in await anna.looks()) == 1


async def test_an_album_that_is_not_covered_is_kept_whole(gallery: tuple[Stage, OpenAIProvider]) -> None:
    stage, provider = gallery
    anna, asked = await begins(gallery, "ru"), len(await provider.log())
    await anna.says("Первое")
    await anna.sees("баланс")
    await shows(anna, 3, "Что общего?", album="kept")
    await anna.sees("Написанное сохранено.")
    await asyncio.sleep(0.5)
    assert sum("сохранено" in each.text for each in await anna.looks()) == 1
    await stage.give(anna, 1000)
    await anna.presses("Отправить")
    await anna.sees("приложено картинок: 3")
    assert len(await provider.log()) == asked + 2
    assert (await looked_at(provider))[-1] == (3, "Что общего?")
