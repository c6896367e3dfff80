"""Dialogs in Redis and data in PostgreSQL: several processes share one shop."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest
from aiogram import F
from aiogram.types import Message

from bot.app import App
from handlers.kit.context import Context
from sandbox.testing import new_world
from tests.conversations.stage import shop_settings, webhook_settings
from tests.support.databases import PostgresServer
from tests.support.redis import find_redis
from tests.support.waiting import until

MODELS = Path(__file__).parents[2] / "models_store"


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


async def test_only_who_loads_models_says_which_can_be_served(
    sandbox_url: str, postgres_url: str, tmp_path: Path
) -> None:
    """The graph of one is broken, which its manifest does not tell."""
    for slug in ("wine", "digit"):
        copytree(MODELS / slug, tmp_path / slug)
    manifest, graph = tmp_path / "digit" / "manifest.toml", tmp_path / "digit" / "model.onnx"
    graph.write_bytes(b"not a graph")
    sha256 = hashlib.sha256(b"not a graph").hexdigest()
    manifest.write_text(re.sub('sha256 = ".*"', f'sha256 = "{sha256}"', manifest.read_text()))
    async with new_world(sandbox_url) as sandbox:
        settings = shop_settings(sandbox, postgres_url, models_dir=tmp_path)
        for parts in ({"web"}, {"worker"}, {"web"}):
            async with App(settings, parts=parts).running() as app:
                sold = [offer.slug for offer in await app.services.models.offers()]
    assert sold == ["wine"]


@pytest.mark.parametrize("mode", [pytest.param("polling", marks=pytest.mark.slow), "webhook"])
async def test_news_of_money_wait_for_the_database(
    sandbox_url: str, postgres_url: str, postgres_server: PostgresServer, mode: str
) -> None:
    """They come again until they were handled; the others are answered meanwhile."""
    heard: list[str] = []

    async def take(message: Message, *, ctx: Context) -> None:
        assert message.successful_payment is not None
        heard.append(f"{ctx.user.first_name} paid {message.successful_payment.total_amount}")

    async with new_world(sandbox_url) as sandbox:
        app = App(shop_settings(sandbox, postgres_url, **webhook_settings(mode)))
        app.chat.dispatcher.message.register(take, F.successful_payment)
        async with app.running():
            anna = await sandbox.person("Анна")
            await anna.says("/start")
            await anna.sees("Здравствуйте")
            postgres_server.unplug(postgres_url)
            sender = {"id": anna.id, "is_bot": False, "first_name": "Анна", "language_code": "ru"}
            ids = {"telegram_payment_charge_id": "t", "provider_payment_charge_id": "q"}
            paid = {"currency": "XTR", "total_amount": 100, "invoice_payload": "p", **ids}
            chat = {"id": anna.id, "type": "private"}
            note = {"message_id": 5, "date": 1, "chat": chat, "from": sender, "successful_payment": paid}
            await sandbox.update({"message": note})
            await anna.says("/balance")
            await anna.sees("Магазин сейчас занят")
            assert heard == []
            postgres_server.plug_in(postgres_url)
            await until(lambda: _are(heard == ["Анна paid 100"]))
            await anna.says("/balance")
            await anna.sees("Баланс: 10,00")
    assert heard == ["Анна paid 100"]


async def test_the_database_goes_away_and_comes_back(
    sandbox_url: str, postgres_url: str, postgres_server: PostgresServer
) -> None:
    """What was filled in is still there, nothing was charged, and the customer is told."""
    async with new_world(sandbox_url) as sandbox, App(shop_settings(sandbox, postgres_url)).running():
        anna = await sandbox.person("Анна")
        await anna.says("/start model_wine")
        await anna.sees("Сорт вина")
        postgres_server.unplug(postgres_url)
        await anna.says("/balance")
        await anna.sees("Магазин сейчас занят")
        postgres_server.plug_in(postgres_url)
        await anna.says("/balance")
        await anna.sees("Баланс: 10,00")


async def _are(fact: bool) -> bool:
    return fact
