"""Mini Apps: what they are told of who opened them, and what they do through the client."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    KeyboardButton,
    MenuButtonDefault,
    MenuButtonWebApp,
    ReplyKeyboardMarkup,
    WebAppInfo,
)
from aiogram.utils.web_app import check_webapp_signature, safe_parse_webapp_init_data
from aiogram.utils.web_app_signature import check_webapp_signature as check_signature_of_telegram

from sandbox.client.sandbox import Person, Sandbox, SandboxError
from sandbox.client.screen import Launch
from tests.integration.sandbox.conftest import Api
from tests.integration.servers import START

APP = "http://localhost:8000/app?tab=1"
FROM_MENU = MenuButtonWebApp(text="Кабинет", web_app=WebAppInfo(url=APP))


def fragment(launch: Launch) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(launch.url).fragment))


async def test_the_menu_button_opens_the_app_for_who_pressed_it(bot: Bot, sandbox: Sandbox, anna: Person) -> None:
    await anna.says("/start")
    await bot.set_chat_menu_button(anna.id, FROM_MENU)
    launch = await anna.opens_menu()
    assert launch.url.startswith(f"{APP}#tgWebAppData=")
    told = fragment(launch)
    assert told["tgWebAppData"] == launch.init_data
    assert (told["tgWebAppVersion"], told["tgWebAppPlatform"]) == ("9.6", "weba")
    assert '"bg_color":"#ffffff"' in told["tgWebAppThemeParams"]
    data = safe_parse_webapp_init_data(bot.token, launch.init_data)
    assert data.user is not None
    assert (data.user.id, data.user.first_name, data.user.language_code) == (anna.id, "Анна", "ru")
    assert data.user.allows_write_to_pm
    assert data.query_id
    assert data.auth_date == datetime.fromtimestamp(START, UTC)


async def test_others_check_the_launch_data_by_the_key_of_the_sandbox(bot: Bot, sandbox: Sandbox, anna: Person) -> None:
    await bot.set_chat_menu_button(menu_button=FROM_MENU)
    launch = await anna.opens_menu()
    key = bytes.fromhex((await sandbox.webapp())["public_key"])
    assert check_signature_of_telegram(bot.id, launch.init_data, key)
    assert not check_signature_of_telegram(bot.id, launch.init_data)


async def test_a_chat_has_its_own_menu_button_or_everybodys(bot: Bot, sandbox: Sandbox, anna: Person) -> None:
    with pytest.raises(SandboxError, match="no Mini App"):
        await anna.opens_menu()
    await anna.says("/start")
    await bot.set_chat_menu_button(menu_button=FROM_MENU)
    own = MenuButtonWebApp(text="Своё", web_app=WebAppInfo(url="https://example.com/own"))
    await bot.set_chat_menu_button(anna.id, own)
    assert (await anna.opens_menu()).url.startswith("https://example.com/own#")
    await bot.set_chat_menu_button(anna.id, MenuButtonDefault())
    assert (await anna.opens_menu()).url.startswith(APP)


@pytest.mark.parametrize("url", ["http://example.com/", "ftp://localhost/", "localhost:8000", "https://"])
async def test_an_app_is_https_or_on_this_machine(url: str, bot: Bot, anna: Person) -> None:
    await anna.says("/start")
    app = WebAppInfo(url=url)
    with pytest.raises(TelegramBadRequest, match="Only HTTPS links are allowed"):
        await bot.set_chat_menu_button(menu_button=MenuButtonWebApp(text="x", web_app=app))
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="x", web_app=app)]])
    with pytest.raises(TelegramBadRequest, match="Only HTTPS links are allowed"):
        await bot.send_message(anna.id, "x", reply_markup=keyboard)
    reply = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="x", web_app=app)]])
    with pytest.raises(TelegramBadRequest, match="Only HTTPS links are allowed"):
        await bot.send_message(anna.id, "x", reply_markup=reply)


async def test_an_inline_button_opens_an_app_that_answers_by_its_query(
    bot: Bot, sandbox: Sandbox, anna: Person
) -> None:
    await anna.says("/start")
    keyboard = InlineKeyboardMarkup(
        inline_keyboard=[[InlineKeyboardButton(text="Открыть", web_app=WebAppInfo(url=APP))]]
    )
    await bot.send_message(anna.id, "Кабинет", reply_markup=keyboard)
    launch = await anna.opens("Открыть")
    query_id = parse_qs(launch.init_data)["query_id"][0]
    result = InlineQueryResultArticle(
        id="1", title="x", input_message_content=InputTextMessageContent(message_text="Готово")
    )
    await bot.answer_web_app_query(query_id, result)
    said = (await sandbox.last_update())["message"]
    assert (said["text"], said["from"]["id"], said["via_bot"]["id"]) == ("Готово", anna.id, bot.id)
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await bot.answer_web_app_query(query_id, result)


async def test_a_link_opens_the_main_app_with_what_it_says(bot: Bot, sandbox: Sandbox, anna: Person) -> None:
    with pytest.raises(SandboxError, match="no Mini App"):
        await anna.opens_link("https://t.me/x?startapp=wine")
    assert not (await bot.get_me()).has_main_web_app
    await sandbox.webapp(main_url="http://localhost:8000/")
    assert (await bot.get_me()).has_main_web_app
    launch = await anna.opens_link("https://t.me/x?startapp=model_wine&mode=compact")
    assert launch.url.startswith("http://localhost:8000/?tgWebAppStartParam=model_wine#")
    data = safe_parse_webapp_init_data(bot.token, launch.init_data)
    assert (data.start_param, data.chat_type, data.query_id) == ("model_wine", "sender", None)
    assert data.user is not None
    assert not data.user.allows_write_to_pm  # she never spoke to the bot
    with pytest.raises(SandboxError):
        await anna.opens_link("https://t.me/x?startapp=a%20b")
    with pytest.raises(SandboxError, match="https"):
        await sandbox.webapp(main_url="http://example.com/")


async def test_a_link_to_the_bot_leads_to_its_chat_on_the_page(bot: Bot, sandbox: Sandbox) -> None:
    me = await bot.get_me()
    path = f"{sandbox.base_url}/t.me/{me.username}"
    for query, there in (
        ("?start=login_a-b", "&start=login_a-b"),
        ("?startapp=&mode=compact&x=1", "&startapp=&mode=compact"),
    ):
        async with sandbox.http.get(path + query, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, f"/?bot={bot.id}{there}")
    async with sandbox.http.get(f"{sandbox.base_url}/t.me/somebody_bot") as answer:
        assert answer.status == 404


async def test_an_app_of_a_reply_keyboard_is_told_of_nobody_and_sends_data(sandbox: Sandbox, anna: Person) -> None:
    opening = {"way": "keyboard", "url": APP}
    opened = await sandbox.call("POST", f"/people/{anna.id}/webapp", body=opening)
    assert opened["init_data"] == ""
    assert "tgWebAppData" not in opened["url"]
    data = {"data": '{"a": 1}', "button_text": "Заполнить"}
    await sandbox.call("POST", f"/people/{anna.id}/webapp/data", body=data)
    assert (await sandbox.last_update())["message"]["web_app_data"] == data
    with pytest.raises(SandboxError, match="4096 bytes"):
        await sandbox.call("POST", f"/people/{anna.id}/webapp/data", body={"data": "я" * 2049, "button_text": "x"})


async def test_launch_data_can_be_wrong_in_four_ways(bot: Bot, sandbox: Sandbox, anna: Person) -> None:
    await sandbox.person("Борис")
    await bot.set_chat_menu_button(menu_button=FROM_MENU)

    async def opened(spoiling: str | None, **more: float) -> dict[str, str]:
        await sandbox.webapp(spoiling=spoiling, **more)
        init_data = (await anna.opens_menu()).init_data
        return dict(parse_qsl(init_data)) | {"right": str(check_webapp_signature(bot.token, init_data))}

    assert (await opened("old", hours=25))["auth_date"] == str(int(START) - 25 * 3600)
    assert (await opened("future", hours=1))["auth_date"] == str(int(START) + 3600)
    assert (await opened("forged"))["right"] == "False"
    another = await opened("another")
    assert another["right"] == "True"
    assert '"first_name":"Борис"' in another["user"]
    well = await opened(None)
    assert (well["auth_date"], well["right"]) == (str(int(START)), "True")


async def test_what_an_app_keeps_is_the_persons_own(sandbox: Sandbox, anna: Person) -> None:
    boris = await sandbox.person("Борис")

    async def method(person: Person, name: str, **params: object) -> dict[str, object]:
        body = {"method": name, "params": params}
        answer: dict[str, object] = await sandbox.call("POST", f"/people/{person.id}/webapp/method", body=body)
        return answer

    assert await method(anna, "saveStorageValue", key="a", value="1") == {"result": True}
    assert await method(anna, "getStorageValues", keys=["a", "b"]) == {"result": {"a": "1", "b": ""}}
    assert await method(boris, "getStorageKeys") == {"result": []}
    assert await method(anna, "deleteStorageValues", keys=["a"]) == {"result": True}
    assert await method(anna, "getStorageKeys") == {"result": []}
    assert await method(anna, "saveStorageValue", key="", value="1") == {"error": "KEY_INVALID"}
    assert await method(anna, "shutDown") == {"error": "METHOD_INVALID"}


async def test_a_phone_and_the_right_to_write_reach_the_bot(api: Api, bot: Bot, sandbox: Sandbox, anna: Person) -> None:
    status, _ = await api("sendMessage", chat_id=anna.id, text="x")
    assert status == 400
    await sandbox.call("POST", f"/people/{anna.id}/webapp/write-access")
    assert (await sandbox.last_update())["message"]["write_access_allowed"] == {"from_request": True}
    status, _ = await api("sendMessage", chat_id=anna.id, text="x")
    assert status == 200
    await sandbox.call("POST", f"/people/{anna.id}/webapp/phone")
    assert (await sandbox.last_update())["message"]["contact"]["user_id"] == anna.id
    asked = {"method": "getRequestedContact"}
    contact = (await sandbox.call("POST", f"/people/{anna.id}/webapp/method", body=asked))["result"]
    assert check_webapp_signature(bot.token, contact)
