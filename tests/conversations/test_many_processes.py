"""Dialogs in Redis and data in PostgreSQL: several processes share one shop."""

from collections.abc import Iterator

import pytest

from bot.app import App
from sandbox.testing import new_world
from tests.conversations.stage import shop_settings
from tests.support.databases import PostgresServer
from tests.support.redis import find_redis


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    url = postgres_server.create()
    yield url
    postgres_server.drop(url)


async def test_a_form_begun_in_one_process_ends_in_another(sandbox_url: str, postgres_url: str) -> None:
    async with new_world(sandbox_url) as sandbox:
        settings = shop_settings(sandbox, postgres_url, redis_url=find_redis())
        anna = await sandbox.person("Анна")
        async with App(settings, parts={"bot"}).running():
            await anna.says("/start model_wine")
            await anna.presses("Начать")
            await anna.sees("1/13")
            await anna.says("14.23")
            await anna.sees("2/13")
        async with App(settings, parts={"bot"}).running(), App(settings, parts={"worker"}).running():
            await anna.says("1.71 2.43 15.6 127 2.8 3.06 0.28 2.29 5.64 1.04 3.92 1065")
            await anna.presses("Предсказать")
            await anna.sees_photo("Бароло")


async def test_the_database_goes_away_and_comes_back(
    sandbox_url: str, postgres_url: str, postgres_server: PostgresServer
) -> None:
    """What was filled in is still there, nothing was charged, and the customer is told."""
    async with new_world(sandbox_url) as sandbox, App(shop_settings(sandbox, postgres_url)).running():
        anna = await sandbox.person("Анна")
        await anna.says("/start model_digit")
        await anna.sees("Рукописная цифра")
        postgres_server.unplug(postgres_url)
        await anna.says("/balance")
        await anna.sees("Магазин сейчас занят")
        postgres_server.plug_in(postgres_url)
        await anna.says("/balance")
        await anna.sees("Баланс: 10.00")
