"""A model of the images API: bought, and refused by the server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from bot.app import App
from sandbox.client.images import Images
from sandbox.testing import new_token, new_world
from tests.conversations.shopping import balance, orders
from tests.conversations.stage import Stage, shop_settings
from tests.integration.images.test_runtime import placed
from tests.support.databases import SqliteServer


@pytest_asyncio.fixture(loop_scope="session")
async def shop(sandbox_url: str, sqlite_server: SqliteServer, tmp_path: Path) -> AsyncIterator[tuple[Stage, Images]]:
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        server = sandbox.images()
        placed(tmp_path, server.url)
        settings = shop_settings(sandbox, sqlite_server.create(), models_dir=tmp_path)
        async with App(settings).running() as app:
            yield Stage(sandbox=sandbox, app=app), server


async def test_words_become_a_picture(shop: tuple[Stage, Images]) -> None:
    stage, server = shop
    anna = await stage.person("Анна", "ru")
    await orders(anna, "poster", "a blue mountain and a yellow sun")
    await anna.sees_photo("баланс 8,00")
    assert [call["prompt"] for call in await server.log()] == ["a blue mountain and a yellow sun"]


async def test_a_refusal_is_told_as_one_and_paid_back(shop: tuple[Stage, Images]) -> None:
    stage, server = shop
    anna, john = await stage.person("Анна", "ru"), await stage.person("John", "en")
    await orders(anna, "poster", "что-то запрещённое")
    await anna.sees("Модель отказалась")
    await orders(john, "poster", "something forbidden")
    await john.sees("The model refused: what you asked for is against its rules.")
    assert (await balance(stage, anna), await balance(stage, john)) == (1000, 1000)
    assert len(await server.log()) == 2, "a refusal is final"
