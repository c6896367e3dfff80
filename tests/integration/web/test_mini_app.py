"""The cabinet within Telegram: launch data become a session, once they are Telegram's own and of today."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bot.app import App
from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox
from services.identity.second_factor import code_at
from tests.conversations.stage import Stage, shop_settings
from tests.support.clock import FakeClock
from tests.support.waiting import until
from tests.support.web import browser

ENTRY = "/mini-app/session"
PUBLIC = "http://localhost:8080"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime.now(UTC))


@pytest_asyncio.fixture(loop_scope="module")
async def app(sandbox: Sandbox, sqlite_url: str, clock: FakeClock) -> AsyncIterator[App]:
    async with App(shop_settings(sandbox, sqlite_url, public_url=PUBLIC), clock=clock).running() as app:
        yield app


@pytest_asyncio.fixture(loop_scope="module")
async def anna(app: App, sandbox: Sandbox) -> Person:
    anna = await sandbox.person("Анна", language_code="ru", id=920_000_001)
    await anna.says("/start")
    await anna.sees("Здравствуйте, Анна!")
    return anna


async def opens(page: httpx.AsyncClient, init_data: str, **more: Any) -> httpx.Response:  # Any: httpx's own
    return await page.post(ENTRY, data={"init_data": init_data}, **more)


async def who(page: httpx.AsyncClient) -> str | None:
    me = await page.get("/api/v1/me")
    return me.json()["name"] if me.status_code == 200 else None


async def test_the_menu_button_opens_the_cabinet(app: App, anna: Person) -> None:
    launch = await anna.opens_menu()
    assert launch.url.startswith(f"{PUBLIC}/mini-app#tgWebAppData=")
    async with browser(app) as page:
        assert (await page.get("/mini-app")).status_code == 200
        assert (await page.get(ENTRY)).json() == {"signed_in": False}
        entered = await opens(page, launch.init_data)
        assert entered.json() == {"next": "/"}
        cookie = next(
            each for each in entered.headers.get_list("set-cookie") if "mini-app=" in each and "=;" not in each
        )
        assert cookie.startswith("__Host-mini-app=")
        assert cookie.endswith("Path=/; Secure; HttpOnly; SameSite=None; Partitioned; Max-Age=86400")
        assert (await page.get(ENTRY)).json() == {"signed_in": True}
        assert await who(page) == "Анна"
        assert "Анна" not in (await page.get("/mini-app")).text


async def test_without_an_address_that_telegram_opens_the_button_goes(sandbox: Sandbox, sqlite_url: str) -> None:
    for address, wanted in (
        (PUBLIC, "web_app"),
        (None, "default"),
        (PUBLIC, "web_app"),
        ("http://a.example", "default"),
    ):
        async with App(shop_settings(sandbox, sqlite_url, public_url=address)).running():
            await until(partial(_button_is, sandbox, wanted))


async def _button_is(sandbox: Sandbox, kind: str) -> bool:
    told = await sandbox.log("setChatMenuButton")
    return bool(told) and f'"{kind}"' in json.dumps(told[-1]["params"]).replace("\\", "")


async def test_who_is_new_is_welcomed(app: App, anna: Person, sandbox: Sandbox) -> None:
    """By a link, without a word to the bot."""
    john = await sandbox.person("John", language_code="en", id=920_000_002)
    await sandbox.call("PATCH", "/webapp", body={"main_url": f"{PUBLIC}/mini-app"})
    launch = await john.opens_link("https://t.me/bot?startapp=balance")
    async with browser(app) as page:
        assert (await opens(page, launch.init_data)).json() == {"next": "/balance"}
        me = (await page.get("/api/v1/me")).json()
        assert (me["name"], me["language"], me["balance"]) == ("John", "en", 1000)


async def test_the_same_frame_need_not_show_its_second_factor_at_each_opening(
    app: App, anna: Person, clock: FakeClock
) -> None:
    """Another device does, and whoever shows a session that is over."""

    async def where(page: httpx.AsyncClient) -> str:
        opened = await opens(page, (await anna.opens_menu()).init_data)
        return str(opened.json()["next"])

    async with browser(app) as phone, browser(app) as tablet:
        assert await where(phone) == "/"
        factors, session = app.services.second_factor, phone.cookies["__Host-mini-app"]
        anna_there = await app.services.web_sessions.find(session)
        assert anna_there is not None
        await factors.begin(anna_there)
        secret = (await factors.view(anna_there.user.id)).secret or ""
        await factors.confirm(anna_there, code_at(secret, clock().timestamp()))
        await anna.sees("Второй фактор вашего аккаунта включён")
        assert await where(phone) == "/"
        assert await who(phone) == "Анна"
        assert (await where(tablet)).startswith("/second-factor/step")
        tablet.headers["cookie"] = f"__Host-mini-app={session}"  # it ended when the next began
        assert (await where(tablet)).startswith("/second-factor/step")


async def test_another_account_on_the_device_takes_the_place_of_the_first(
    app: App, anna: Person, sandbox: Sandbox
) -> None:
    john = await sandbox.person("John", language_code="en", id=920_000_003)
    await john.says("/start")
    async with browser(app) as page:
        await opens(page, (await anna.opens_menu()).init_data)
        kept = page.cookies["__Host-mini-app"]
        await opens(page, (await john.opens_menu()).init_data)
        assert await who(page) == "John"
        page.headers["cookie"] = f"__Host-mini-app={kept}"
        assert await who(page) is None


async def test_the_same_data_open_it_again(app: App, anna: Person, clock: FakeClock) -> None:
    """Clients hand out old ones for up to a day."""
    launch = await anna.opens_menu()
    async with browser(app) as page:
        await opens(page, launch.init_data)
        clock.advance(hours=23)
        assert (await opens(page, launch.init_data)).status_code == 200
        clock.advance(hours=2)
        refused = await opens(page, launch.init_data)
        assert refused.status_code == 401
        assert "слишком давно" in refused.json()["said"]


async def test_what_telegram_did_not_sign_lets_nobody_in(app: App, anna: Person) -> None:
    good = (await anna.opens_menu()).init_data
    forged = [
        "",
        good.replace("920000001", "920000009"),
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        good + "&user=%7B%22id%22%3A1%7D",
        "x" * 100_000,
        "hash=é",
    ]
    async with browser(app) as page:
        for each in forged:
            refused = await opens(page, each)
            assert refused.status_code == 401, each[:80]
            assert "set-cookie" not in refused.headers
        assert await who(page) is None


async def test_a_page_of_another_site_signs_nobody_in(app: App, anna: Person) -> None:
    """Else Anna would use a stranger's account and not know it."""
    launch = await anna.opens_menu()
    async with browser(app) as page:
        assert (await opens(page, launch.init_data, headers={"sec-fetch-site": "cross-site"})).status_code == 403


async def test_who_is_closed_out_stays_out(app: App, sandbox: Sandbox, anna: Person) -> None:
    launch = await anna.opens_menu()
    async with browser(app) as page:
        await opens(page, launch.init_data)
        await Stage(sandbox=sandbox, app=app).disable(anna, at=app.clock())
        assert (await opens(page, launch.init_data)).status_code == 403
        assert await who(page) is None


async def test_the_menu_button_speaks_the_chats_language(app: App, anna: Person, sandbox: Sandbox) -> None:
    """The button of all chats is in none."""

    async def buttons() -> list[tuple[int | None, str]]:
        told = await sandbox.log("setChatMenuButton")
        return [(each["params"].get("chat_id"), json.dumps(each["params"], ensure_ascii=False)) for each in told]

    async def is_named(chat_id: int, name: str) -> bool:
        mine = [said for chat, said in await buttons() if str(chat) == str(chat_id)]
        return bool(mine) and name in mine[-1]

    (everybodys,) = [said for chat, said in await buttons() if chat is None]
    assert "Kassandra" in everybodys
    await until(partial(is_named, anna.id, "Кабинет"))
    john = await sandbox.person("John", language_code="en", id=920_000_003)
    await john.says("/start")
    await until(partial(is_named, john.id, "Cabinet"))
    await anna.says("/language")
    await anna.presses("English")
    await until(partial(is_named, anna.id, "Cabinet"))
    await anna.presses("Русский")
    await until(partial(is_named, anna.id, "Кабинет"))
