"""An assistant whose provider lets the shop in no more, or wants to be paid first, rests until that is mended."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.app import App
from sandbox.client.openai import OpenAIProvider
from sandbox.testing import new_token, new_world
from services.models import server_watch
from tests.conversations.shopping import balance
from tests.conversations.stage import OWNER_ID, Stage, shop_settings
from tests.conversations.test_talking import place_oracle
from tests.support.databases import SqliteServer


@pytest_asyncio.fixture(loop_scope="session")
async def shop(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Stage, OpenAIProvider]]:
    for pause in ("EVERY", "SOON", "LONGEST"):  # the patience of a real shop is not waited for
        monkeypatch.setattr(server_watch, pause, 0.2)
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        provider = sandbox.openai()
        place_oracle(tmp_path, provider.url, free_answers="0")
        settings = shop_settings(sandbox, sqlite_server.create(), models_dir=tmp_path)
        async with App(settings).running() as app:
            yield Stage(sandbox=sandbox, app=app), provider


@pytest.mark.parametrize(
    ("fault", "told"), [("401", "Incorrect API key provided."), ("quota", "You exceeded your current quota")]
)
async def test_it_rests_until_that_is_mended(shop: tuple[Stage, OpenAIProvider], fault: str, told: str) -> None:
    stage, provider = shop
    olga = await stage.person("Ольга", "ru", id=OWNER_ID)
    anna, john = await stage.person("Анна", "ru"), await stage.person("John", "en")
    await olga.says("/start")
    await anna.says("/chat")
    await anna.presses("Оракул песочницы")
    await anna.sees("✍️")
    await provider.fault(fault, times=0)
    await anna.says("Вы здесь?")
    assert "Incorrect" not in (await anna.sees("Ничего не списано")).text
    assert await balance(stage, anna) == 1000
    assert told in (await olga.sees("💤")).text
    await john.says("/chat")
    assert "💤 is resting" in (await john.sees_button("💤 The sandbox's oracle")).text
    await anna.says("Когда вернётесь?")
    refused = await anna.sees("Этот ассистент отдыхает")
    assert refused.text.endswith("Ничего не списано. Написанное сохранено.")
    assert refused.buttons == ["📨 Отправить снова", "💬 Ассистенты", "🏠 Меню"]
    await provider.clear_faults()
    await olga.sees("снова в продаже")
    await anna.presses("Отправить снова")
    await anna.sees("«Когда вернётесь?»")
