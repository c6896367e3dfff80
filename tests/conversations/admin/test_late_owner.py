"""An owner of the settings who opens the bot after it was started: what only they can mend, they hear then."""

from pathlib import Path

import pytest

from bot.app import App
from sandbox.testing import new_token, new_world
from tests.conversations.payments.conftest import open_till
from tests.conversations.stage import OWNER_ID, shop_settings
from tests.support.databases import SqliteServer

LANGUAGES = {
    "ru": ("приём платежей не настроен. Впишите YOOKASSA_SHOP_ID, YOOKASSA_SECRET_KEY", "Модель «torn» не продаётся"),
    "en": ("there is no payment provider. Set YOOKASSA_SHOP_ID, YOOKASSA_SECRET_KEY", "“torn” is not on sale"),
}


@pytest.mark.parametrize("language", LANGUAGES)
async def test_payments_are_off(sandbox_url: str, sqlite_server: SqliteServer, tmp_path: Path, language: str) -> None:
    closed, torn = LANGUAGES[language]
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "manifest.toml").write_text("= nothing", encoding="utf-8")
    async with new_world(sandbox_url, token=new_token()) as sandbox:
        settings = shop_settings(sandbox, sqlite_server.create(), models_dir=tmp_path)
        async with App(settings).running():
            anna = await sandbox.person("Анна", language_code=language)
            olga = await sandbox.person("Ольга", language_code=language, id=OWNER_ID)
            await anna.says("/start")
            await anna.sees("Анна")
            await olga.says("/admin")
            await olga.sees("🛠")
            await olga.sees(closed)
            await olga.sees(torn)
            await olga.says("/start")
            await olga.sees("Ольга")
            await olga.never_sees("YOOKASSA_SHOP_ID")
            await anna.never_sees("YOOKASSA_SHOP_ID")
        async with App(settings).running():  # each is told once, whatever comes first
            await olga.says("/start")
            await olga.sees("Ольга")
            await olga.never_sees("YOOKASSA_SHOP_ID")


async def test_all_is_well(sandbox_url: str, sqlite_server: SqliteServer) -> None:
    async with new_world(sandbox_url, token=new_token()) as sandbox, open_till(sandbox, sqlite_server.create()):
        olga = await sandbox.person("Ольга", language_code="ru", id=OWNER_ID)
        await olga.says("/start")
        await olga.sees("Здравствуйте, Ольга!")
        await olga.never_sees("⚠️")
