"""Accounts by e-mail, as somebody with a browser makes and uses them."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest_asyncio

from bot.app import App
from sandbox.client.sandbox import Sandbox
from tests.conversations.stage import shop_settings
from tests.support.letters import LETTERS_ON, last_link
from tests.support.web import browser

VERA = "vera@example.com"
PASSWORD = "fourteen green boats"


@pytest_asyncio.fixture
async def app(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[App]:
    async with App(shop_settings(sandbox, sqlite_url, **LETTERS_ON)).running() as app:
        yield app


async def follows(page: httpx.AsyncClient, link: str, **typed: str) -> httpx.Response:
    """Opens a letter's link and posts the form that is there."""
    assert (await page.get(link)).status_code == 200
    parts = urlsplit(link)
    return await page.post(parts.path, data={"token": parse_qs(parts.query)["token"][0]} | typed)


async def signs_up(app: App, page: httpx.AsyncClient, address: str = VERA) -> None:
    asked = await page.post("/sign-up", data={"email": address})
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-up/sent")
    confirmed = await follows(page, await last_link(app, address), name="Вера", password=PASSWORD)
    assert (confirmed.status_code, confirmed.headers["location"]) == (303, "/")


async def signs_in(page: httpx.AsyncClient, password: str = PASSWORD, **more: str) -> httpx.Response:
    return await page.post("/sign-in", data={"email": VERA, "password": password} | more)


async def test_sign_up_sign_out_sign_in(app: App) -> None:
    async with browser(app) as vera:
        await signs_up(app, vera)
        me = (await vera.get("/api/v1/me")).json()
        assert (me["name"], me["email"], me["telegram"], me["balance"]) == ("Вера", VERA, False, 1000)
        assert (await vera.post("/sign-out")).headers["location"] == "/sign-in"
        assert (await vera.get("/api/v1/me")).status_code == 401
        assert (await signs_in(vera)).headers["location"] == "/"
        assert (await vera.get("/api/v1/me")).json() == me
