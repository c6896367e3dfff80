"""Pages and the API of a running shop: who is let in, and how they are refused."""

from collections.abc import AsyncIterator
from itertools import count

import httpx
import pytest
import pytest_asyncio
from fastapi.routing import APIRoute
from structlog.testing import capture_logs

from bot.app import App
from sandbox.client.sandbox import Sandbox
from services.users.accounts import UserView, Visitor
from tests.conversations.stage import shop_settings
from tests.support.databases import SqliteServer
from tests.support.web import browser
from web import cabinet
from web.kit.routers import routers_of

_people = count(940_000_001)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(world: Sandbox, sqlite_server: SqliteServer) -> AsyncIterator[App]:
    async with App(shop_settings(world, sqlite_server.create())).running() as app:
        yield app


async def anna(app: App) -> UserView:
    return await app.services.users.enter(
        Visitor(telegram_id=next(_people), username=None, first_name="Анна", language="ru")
    )


async def test_a_stranger_sees_what_is_sold(app: App) -> None:
    async with browser(app) as someone:
        page = await someone.get("/")
        assert page.status_code == 200
        assert "Что предсказать?" in page.text
        assert "frame-ancestors 'self' https://web.telegram.org" in page.headers["content-security-policy"]


async def test_words_are_those_of_the_browser(app: App) -> None:
    async with browser(app) as someone:
        assert "What shall I predict?" in (await someone.get("/", headers={"accept-language": "en-GB,ru;q=0.5"})).text


async def test_a_customer_sees_their_balance(app: App) -> None:
    user = await anna(app)
    async with browser(app, user.id) as anna_there:
        assert "На балансе 10,00 кредитов" in (await anna_there.get("/")).text
        assert (await anna_there.get("/api/v1/me")).json()["balance"] == 1000


async def test_a_stranger_is_told_to_sign_in(app: App) -> None:
    async with browser(app) as someone:
        refused = await someone.get("/api/v1/me")
        assert refused.status_code == 401
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["code"] == "not_signed_in"


async def test_a_session_that_was_ended_is_worth_nothing(app: App) -> None:
    user = await anna(app)
    async with browser(app, user.id) as anna_there:
        assert (await anna_there.get("/api/v1/me")).status_code == 200
        await app.services.web_sessions.end_others(user.id)
        assert (await anna_there.get("/api/v1/me")).status_code == 401


async def test_a_page_of_another_site_acts_in_nobodys_name(app: App) -> None:
    user = await anna(app)
    async with browser(app, user.id) as anna_there:
        for stranger in ({"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "", "origin": "https://evil.example"}):
            for language, said in (("ru", "Это прислала страница"), ("en", "This was sent by a page")):
                refused = await anna_there.post("/sign-out", headers={**stranger, "accept-language": language})
                assert (refused.status_code, refused.text.startswith(said)) == (403, True)


async def test_an_older_browser_is_known_by_its_origin(app: App) -> None:
    here = f"http://127.0.0.1:{app.web_port}"
    async with httpx.AsyncClient(base_url=here) as older:
        for foreign in ("https://evil.example", "null", "http://[", ""):
            assert (await older.post("/sign-out", headers={"origin": foreign})).status_code == 403
        assert (await older.post("/sign-out", headers={"origin": here})).status_code == 303


async def test_a_form_that_breaks_off_is_no_failure_of_ours(app: App) -> None:
    user = await anna(app)
    async with browser(app, user.id) as anna_there:

        async def breaks_off() -> AsyncIterator[bytes]:
            yield b"alcohol=1"
            raise httpx.ReadError("out of reach")

        form = {"content-type": "application/x-www-form-urlencoded"}
        with capture_logs() as told, pytest.raises(httpx.ReadError):
            await anna_there.post("/models/wine", content=breaks_off(), headers=form)
        with capture_logs() as later:
            assert (await anna_there.get("/")).status_code == 200
        assert "page_failed" not in {each["event"] for each in (*told, *later)}


async def test_what_is_not_there_is_told_in_words(app: App) -> None:
    async with browser(app) as someone:
        missing = await someone.get("/nothing-here")
        assert missing.status_code == 404
        assert "Такой страницы нет." in missing.text
        assert (await someone.get("/api/v1/nothing-here")).json()["code"] == "not_found"


async def test_a_stranger_chooses_a_language_in_the_browser(app: App) -> None:
    async with browser(app) as someone:
        led = await someone.post("/language", data={"language": "en", "next": "/models/wine"})
        assert (led.status_code, led.headers["location"]) == (303, "/models/wine")
        assert "What shall I predict?" in (await someone.get("/", headers={"accept-language": "ru"})).text
        away = await someone.post("/language", data={"language": "xx", "next": "//evil.example"})
        assert away.headers["location"] == "/"


async def test_a_customer_chooses_it_for_the_chat_too(app: App) -> None:
    user = await anna(app)
    async with browser(app, user.id) as anna_there:
        await anna_there.post("/language", data={"language": "en"})
        assert (await app.services.users.get(user.id)).language == "en"


def _public_pages() -> list[str]:
    """Of the cabinet, without an id in the address."""
    routes = [route for router in routers_of(cabinet) for route in router.routes if isinstance(route, APIRoute)]
    return sorted({route.path for route in routes if "GET" in (route.methods or ()) and "{" not in route.path})


@pytest.mark.parametrize("path", [*_public_pages(), "/api/docs", "/models/wine", "/nosuch"])
async def test_head_is_answered_as_get_without_a_body(app: App, path: str) -> None:
    """So messengers ask before they show a link."""
    async with browser(app) as web:
        told, asked = await web.get(path), await web.head(path)
    assert (asked.status_code, asked.content) == (told.status_code, b"")
    assert asked.headers.get("content-type") == told.headers.get("content-type")
    assert asked.headers.get("location") == told.headers.get("location")
