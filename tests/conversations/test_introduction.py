"""What the shop tells Telegram of itself when it starts."""

from functools import partial

from bot.app import App
from sandbox.testing import new_world
from tests.conversations.stage import Stage, shop_settings
from tests.support.databases import SqliteServer
from tests.support.waiting import until


async def test_the_commands_menu_in_both_languages(stage: Stage) -> None:
    await until(partial(_told, stage))
    calls = [call["params"] for call in await stage.sandbox.log("setMyCommands")]
    private = {call.get("language_code"): call for call in calls if "all_private_chats" in str(call["scope"])}
    assert set(private) == {"ru", None}
    assert "Главное меню" in str(private["ru"]["commands"])
    assert "Main menu" in str(private[None]["commands"])


async def test_the_profile_in_both_languages(stage: Stage) -> None:
    await until(partial(_told, stage))
    for method, russian in (
        ("setMyDescription", "Кассандра продаёт предсказания."),
        ("setMyShortDescription", "Предсказания настоящих моделей"),
    ):
        calls = await stage.sandbox.log(method)
        assert all(call["ok"] for call in calls)
        assert russian in str(calls[0]["params"])
        assert len(calls) == 2


async def test_a_shop_that_cannot_introduce_itself_is_open(sandbox_url: str, sqlite_server: SqliteServer) -> None:
    async with new_world(sandbox_url) as sandbox:
        for method in ("setMyCommands", "setMyDescription", "setMyShortDescription"):
            await sandbox.fault(method, "400", times=0)
        async with App(shop_settings(sandbox, sqlite_server.create())).running():
            anna = await sandbox.person("Анна", language_code="ru")
            await anna.says("/language")
            await anna.presses("🇬🇧 English")
            await anna.sees("Язык / Language: 🇬🇧 English")


async def _told(stage: Stage) -> bool:
    """It happens beside the first conversations."""
    return len(await stage.sandbox.log("setMyDescription")) == 2
